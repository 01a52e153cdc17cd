// Reweighting from one well to another, and what counts twice: against quadrature.
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "exact_field.hpp"
#include "quartic/core/error.hpp"
#include "quartic/field/stored_fields.hpp"
#include "quartic/stats/mbar.hpp"
#include "quartic/stats/shared_samples.hpp"
#include "statistical/coverage.hpp"
#include "statistical/reweighting_fixtures.hpp"

namespace quartic::reweighting_test {
namespace {

std::shared_ptr<const Graph> ring(int sites) {
  return std::make_shared<Graph>(make_lattice({"chain", {sites}, {true}}));
}

/// Terms in which actions on a graph are written here.
const std::vector<TermSpec> all_terms{{"edges", 1.0, {}, {}, {}},
                                      {"phi", 1.0, {}, {}, {}},
                                      {"phi2", 1.0, {}, {}, {}},
                                      {"phi4", 1.0, {}, {}, {}}};
std::vector<Complex> couplings_of(double w, double r, double a, double b) {
  return {-w, r, a, b};
}

/// Everything that `quartic reweight` takes of a uniform action's fields.
ReweightingSample both_signs(const Action& action, const Fields& fields) {
  const Graph& graph = *action.graph;
  ReweightingSample sample;
  sample.sets = {fields.set};
  sample.terms = evaluate_terms(Target(all_terms, graph), fields.stored(), 1);
  sample.odd_terms = {{}, sample.terms[1], {}, {}};
  sample.observables = evaluate_observables({"m", "m2"}, graph, fields.stored(), 1);
  sample.odd_observables = {sample.observables[0], {}};
  auto odd = sample.terms[1];
  for (double& x : odd) x *= action.r[0];
  sample.action = symmetric_action(evaluate_action(action, fields.stored(), 1), odd);
  return sample;
}

double exact_m(const Action& action) {
  constexpr double h = 1e-4;
  double log_z[2];
  for (const int k : {0, 1}) {
    Action moved = action;
    for (double& r : moved.r) r += k == 0 ? -h : h;
    log_z[k] = testing::exact_log_z(moved, 120, 4);
  }
  return (log_z[0] - log_z[1]) / (2 * h * action.graph->sites());
}

struct WellCase {
  int sites;
  double w, r, a, b;           // S, whose field holds one side
  std::vector<double> fields;  // r of B
};
const std::vector<WellCase> well_cases{{3, 1.6, 0.6, -4, 1, {0, 0.1, -0.05, -0.6, 0.4}},
                                       {4, 1.5, -0.5, -4, 1, {0, 0.2, -0.02, 0.5}},
                                       {3, 2, 0.8, -3, 0.8, {0, 0.3, -0.8}},
                                       {2, 1.5, 1.0, -4, 0.8, {0, 0.05, -1.2}}};

Action ring_action(const WellCase& c, double r) {
  return Action::uniform(ring(c.sites), c.w, r, c.a, c.b);
}

// The field of S holds one sign; a B with less of it, none, or the opposite has the other one too.
TEST(ReweightingAcrossWells, MeetsQuadratureForBothSigns) {
  constexpr int seeds = 60;
  int ok = 0, all = 0;
  for (const auto& c : well_cases) {
    const Action from = ring_action(c, c.r);
    const double log_z = testing::exact_log_z(from, 120, 4);
    std::vector<double> ratio(c.fields.size()), m(c.fields.size());
    for (std::size_t k = 0; k < c.fields.size(); ++k) {
      const Action to = ring_action(c, c.fields[k]);
      ratio[k] = testing::exact_log_z(to, 120, 4) - log_z, m[k] = exact_m(to);
    }
    ScoreVariance scores_of_log_z, scores_of_m;
    for (int seed = 0; seed < seeds; ++seed) {
      const Reweighting r(both_signs(from, draw(from, {.chains = 128, .draws = 24}, seed)), 1);
      std::vector<double> of_log_z, of_m;
      for (std::size_t k = 0; k < c.fields.size(); ++k) {
        const auto point = r.at(couplings_of(c.w, c.fields[k], c.a, c.b));
        const double off = point.log_ratio.value.real() - ratio[k];
        const auto& mean = point.observables[0];
        ok += point.ok, ++all;
        if (c.fields[k] == -c.r)  // the mirror image of S itself
          EXPECT_NEAR(off, 0, 1e-9);
        else
          of_log_z.push_back(off / point.log_ratio.real_error);
        if (c.fields[k] == 0)
          EXPECT_EQ(mean.value.real(), 0);
        else
          of_m.push_back((mean.value.real() - m[k]) / mean.real_error);
      }
      scores_of_log_z.add(of_log_z), scores_of_m.add(of_m);
    }
    for (const auto* scores : {&scores_of_log_z, &scores_of_m})
      for (const double variance : scores->variance())
        testing::expect_unit_variance(variance, seeds, std::to_string(c.sites) + " sites");
  }
  EXPECT_GT(ok, 0.97 * all);
}

// A mirrored sample is as good as one that was drawn: complex odd couplings too.
TEST(ReweightingAcrossWells, MirrorImagesServeComplexFields) {
  const WellCase c{3, 2, 0.6, -4, 1, {}};
  const Action from = ring_action(c, c.r), even = ring_action(c, 0);
  const auto held = Reweighting(both_signs(from, draw(from, {.chains = 512}, 1)), 1);
  const auto free = Reweighting(both_signs(even, draw(even, {.chains = 512}, 2)), 1);
  for (const Complex r : {Complex(0, 0.1), Complex(0.05, 0.08), Complex(-0.02, -0.05)}) {
    auto g = couplings_of(c.w, 0, c.a, c.b);
    g[1] = r;
    const auto x = held.at(g), y = free.at(g);
    EXPECT_TRUE(x.ok && y.ok) << x.reason << y.reason;
    for (int k : {0, 1}) {
      EXPECT_LT(std::abs(x.observables[k].value.real() - y.observables[k].value.real()),
                4.5 * std::hypot(x.observables[k].real_error, y.observables[k].real_error));
      EXPECT_LT(std::abs(x.observables[k].value.imag() - y.observables[k].value.imag()),
                4.5 * std::hypot(x.observables[k].imag_error, y.observables[k].imag_error) + 1e-12);
    }
    EXPECT_NEAR(x.phase.value, y.phase.value, 4.5 * std::hypot(x.phase.error, y.phase.error));
  }
}

/// Runs of several actions with one seed: r = 1 and so on, MBAR's F of the last, and <phi2>
/// between.
struct Joined {
  std::vector<Action> actions;
  ReweightingSample sample;
  Mbar mbar;
};
Joined join(const std::vector<Action>& actions, const std::vector<std::uint64_t>& seeds,
            const Amount& amount, int family) {
  Joined out{actions, {}, {}};
  Fields all;
  all.sites = actions[0].graph->sites();
  std::vector<ChainSet> sets;
  for (std::size_t k = 0; k < actions.size(); ++k) {
    const auto fields = draw(actions[k], amount, seeds[k]);
    all.phi.insert(all.phi.end(), fields.phi.begin(), fields.phi.end());
    sets.push_back(fields.set), sets.back().family = family;
  }
  std::vector<std::vector<double>> values;
  for (const auto& action : actions) values.push_back(evaluate_action(action, all.stored(), 1));
  out.sample = both_signs(actions[0], all);
  out.sample.sets = sets;
  out.mbar = solve_mbar(values, sets);
  out.sample.log_weight = out.mbar.log_weight;
  return out;
}

// Runs of one seed share their random numbers: their fields are alike, chain by chain, and errors
// that take them as independent are too small.
TEST(MbarOfOneSeed, ErrorsKnowThatTheRunsAreAlike) {
  constexpr int seeds = 120;
  const auto graph = ring(4);
  std::vector<Action> actions;
  for (const double w : {0.1, 0.2, 0.3}) actions.push_back(Action::uniform(graph, w, 0, 1, 0.1));
  const Action between = Action::uniform(graph, 0.25, 0, 1, 0.1);
  const double exact =
      testing::exact_log_z(actions[0], 100, 5) - testing::exact_log_z(between, 100, 5);
  for (const Amount amount :
       {Amount{.chains = 64, .draws = 12}, Amount{.chains = 16, .draws = 60}}) {
    double joint = 0, apart = 0;
    for (int seed = 0; seed < seeds; ++seed)
      for (const int family : {1, 0}) {
        const std::uint64_t s = 100 + seed;
        const auto joined = join(actions, {s, s, s}, amount, family);
        const auto point = Reweighting(joined.sample, 1).at(couplings_of(0.25, 0, 1, 0.1));
        const double z = (-point.log_ratio.value.real() - exact) / point.log_ratio.real_error;
        (family == 1 ? joint : apart) += z * z / seeds;
      }
    testing::expect_unit_variance(joint, seeds, "of one family");
    EXPECT_GT(apart, 1.6);  // what taking them as independent would do
  }
}

TEST(MbarOfOneSeed, RefusesRunsWhoseErrorsCannotBeJoined) {
  EXPECT_NO_THROW(jackknife_groups(std::vector<ChainSet>{{64, 10, 1}, {128, 20, 1}}));
  EXPECT_NO_THROW(jackknife_groups(std::vector<ChainSet>{{512, 10, 1}, {512, 20, 1}}));
  EXPECT_NO_THROW(jackknife_groups(std::vector<ChainSet>{{16, 100, 1}, {16, 200, 2}}));
  EXPECT_NO_THROW(jackknife_groups(std::vector<ChainSet>{{16, 100, 0}, {32, 200, 0}}));
  EXPECT_THROW(jackknife_groups(std::vector<ChainSet>{{512, 10, 1}, {256, 10, 1}}), BadInput);
  EXPECT_THROW(jackknife_groups(std::vector<ChainSet>{{16, 100, 1}, {16, 200, 1}}), BadInput);
  EXPECT_THROW(jackknife_groups(std::vector<ChainSet>{{16, 100, 1}, {32, 100, 1}}), BadInput);
}

TEST(SharedSamples, AreFoundInAnyOrderAndAreNoneByChance) {
  const Action action = bal(2);
  const auto one = draw(action, {.chains = 64, .draws = 20}, 1);
  const auto other = draw(action, {.chains = 64, .draws = 20}, 2);
  const auto longer = draw(action, {.chains = 64, .draws = 30}, 1);
  const auto pool = [](const std::vector<Fields>& parts) {
    std::vector<float> phi;
    for (const auto& part : parts) phi.insert(phi.end(), part.phi.begin(), part.phi.end());
    return phi;
  };
  const auto find = [&](const std::vector<Fields>& parts) {
    std::vector<ChainSet> sets;
    for (const auto& part : parts) sets.push_back(part.set);
    const auto phi = pool(parts);
    return shared_samples(StoredFields{phi, parts[0].sites}, sets);
  };
  EXPECT_FALSE(find({one, other}));
  const auto copy = find({one, other, one});
  ASSERT_TRUE(copy);
  EXPECT_EQ(copy->first, 0);
  EXPECT_EQ(copy->second, 2);
  EXPECT_EQ(copy->count, one.set.samples());
  const auto part = find({other, one, longer});
  ASSERT_TRUE(part);
  EXPECT_EQ(part->first, 1);
  EXPECT_EQ(part->count, one.set.samples());
  auto permuted = one;  // rows in another order, and a tenth of them alone
  for (std::size_t n = 0; n < one.set.samples(); ++n)
    std::copy_n(one.phi.begin() + n * one.sites, one.sites,
                permuted.phi.begin() + n * 7 % one.set.samples() * one.sites);
  EXPECT_TRUE(find({one, permuted}));
  auto few = other;
  std::copy_n(one.phi.begin(), one.phi.size() / 10, few.phi.begin());
  EXPECT_TRUE(find({one, few}));
  // One site whose fields have few values: equal ones come by chance.
  const Action site =
      Action::uniform(std::make_shared<Graph>(1, std::vector<Edge>{}), 0, 0, 1, 0.2);
  auto coarse = draw(site, {.chains = 64, .draws = 50}, 3);
  auto coarser = draw(site, {.chains = 64, .draws = 50}, 4);
  for (auto* fields : {&coarse, &coarser})
    for (float& x : fields->phi) x = std::round(x * 64) / 64;
  EXPECT_FALSE(find({coarse, coarser}));
  EXPECT_THROW(join({action, action}, {5, 5}, {.chains = 64, .draws = 4}, 1), BadInput);
}

// Bins of draws that are nearly independent need not be long: right errors are not refused.
TEST(ReweightingOfFewChains, ShortBinsOfNearlyIndependentDrawsAreOk) {
  constexpr int seeds = 600;
  const Action from = uniform(4, 0.8, 1.5, 0.175);
  int ok = 0;
  double square = 0;
  const Amount plenty{.chains = 2048, .draws = 40};
  const auto exact = reweighting(from, 4, plenty, 999).at({-0.8, 1.48, 0.175, 0.0});
  for (int seed = 0; seed < seeds; ++seed) {
    const auto point = reweighting(from, 4, {.chains = 16, .draws = 48, .sweeps = 6}, seed)
                           .at({-0.8, 1.48, 0.175, 0.0});
    ok += point.ok;
    const auto& o = point.observables[0];
    square += std::pow((o.value - exact.observables[0].value).real(), 2) /
              (std::pow(o.real_error, 2) + std::pow(exact.observables[0].real_error, 2));
  }
  EXPECT_GE(ok, 0.95 * seeds);  // .975 of 2400
  testing::expect_unit_variance(square / seeds, seeds, "phi2");
}

}  // namespace
}  // namespace quartic::reweighting_test
