// Free energies by both routes, and annealed samples, against exact values.
#include "quartic/stats/free_energy.hpp"

#include <gtest/gtest.h>

#include <Eigen/Dense>
#include <cmath>
#include <memory>
#include <numbers>
#include <string>
#include <utility>
#include <vector>

#include "critical_point.hpp"
#include "exact_reference.hpp"
#include "quartic/core/error.hpp"
#include "quartic/field/features.hpp"
#include "quartic/field/mean_field.hpp"
#include "quartic/field/projection.hpp"
#include "statistical/coverage.hpp"

namespace quartic {
namespace {

using testing::lattice;
using testing::listed_action;
using testing::reference;
using testing::z;

/// A field whose F is known.
struct Case {
  std::string name;
  Action action;
  double exact;
};

Action target_action(const nlohmann::json& entry) {
  const std::vector<TermSpec> terms{{"nn", -entry["w"].get<double>(), {}, {}, {}},
                                    {"phi2", entry["a"].get<double>(), {}, {}, {}},
                                    {"phi4", entry["b"].get<double>(), {}, {}, {}},
                                    {"nnn", -entry["g_nnn"].get<double>(), {}, {}, {}}};
  return target_as_action(terms, lattice("square", entry["extent"][0])).value();
}

/// A network of quartic or Gaussian units is a field on a bipartite graph.
Action network_action(const nlohmann::json& params) {
  const auto w = params["w"].get<std::vector<std::vector<double>>>();
  const int visible = static_cast<int>(w.size()), hidden = static_cast<int>(w[0].size());
  std::vector<Edge> edges;
  std::vector<double> weights;
  for (int i = 0; i < visible; ++i)
    for (int j = 0; j < hidden; ++j) {
      edges.push_back({i, visible + j});
      weights.push_back(w[i][j]);
    }
  Action action(std::make_shared<Graph>(visible + hidden, edges));
  action.w = weights;
  const auto join = [&](const char* of_visible, const char* of_hidden) {
    auto all = params[of_visible].get<std::vector<double>>();
    const auto more = params[of_hidden].get<std::vector<double>>();
    all.insert(all.end(), more.begin(), more.end());
    return all;
  };
  action.r = join("r", "s"), action.a = join("a", "m"), action.b = join("b", "n");
  return action;
}

std::vector<Case> exact_cases() {
  std::vector<Case> cases;
  for (const auto& e : reference()["square"])
    cases.push_back(
        {"square " + e["extent"].dump() + " nnn " + e["g_nnn"].dump(), target_action(e), e["F"]});
  for (const auto& e : reference()["triangular_3x3_periodic"])
    cases.push_back({"triangular w " + e["w"].dump(),
                     Action::uniform(lattice("triangular", 3), e["w"], 0, e["a"], e["b"]), e["F"]});
  for (const auto& [name, e] : reference()["graphs"].items())
    cases.push_back({name, listed_action(e), e["F"]});
  for (const auto& e : reference()["networks"]["cases"])
    if (e["kind"] != "gauss-bern")
      cases.push_back({e["kind"], network_action(e["params"]), e["F"]});
  return cases;
}

TEST(FreeEnergy, BothRoutesMeetEveryExactValue) {
  double chi2 = 0;
  const auto cases = exact_cases();
  for (const auto& c : cases) {
    const auto plan = plan_from_uncoupled<float>(c.action, {}, 3);
    FreeEnergyOptions options;
    options.error = 0.008;
    const auto work = free_energy_by_work<float>(plan, options, 3);
    const auto integration = free_energy_by_integration<float>(plan, options, 3);
    EXPECT_TRUE(work.ok) << c.name << ": " << work.reason;
    EXPECT_TRUE(integration.ok) << c.name << ": " << integration.reason;
    EXPECT_LT(work.work.difference.error, 0.01) << c.name;
    EXPECT_LT(integration.difference.error, 0.01) << c.name;
    EXPECT_LT(std::abs(z(work.work.difference, c.exact)), 4) << c.name;
    EXPECT_LT(std::abs(z(integration.difference, c.exact)), 4) << c.name;
    EXPECT_LT(work.work.lower.value, work.work.upper.value) << c.name;
    EXPECT_LT(z(work.work.lower, c.exact), 4) << c.name;
    EXPECT_GT(z(work.work.upper, c.exact), -4) << c.name;
    EXPECT_TRUE(combine(work, integration).ok) << c.name;
    chi2 += std::pow(z(work.work.difference, c.exact), 2) +
            std::pow(z(integration.difference, c.exact), 2);
  }
  const double n = 2.0 * static_cast<double>(cases.size());
  EXPECT_NEAR(chi2 / n, 1, 4 * std::sqrt(2 / n));
}

/// Mean of z^2 over seeds for both routes must be 1 within 4 standard errors.
void expect_honest(const Action& action, double exact, bool from_mean_field, int seeds) {
  double work = 0, integration = 0;
  for (int seed = 0; seed < seeds; ++seed) {
    FreeEnergyOptions options;
    options.sampler.chains = 256, options.error = 0.03;
    const Action start = from_mean_field ? mean_field(action) : uncoupled(action);
    const auto plan = plan_annealing<float>({start, action}, options.sampler, seed);
    work += std::pow(z(free_energy_by_work<float>(plan, options, seed).work.difference, exact), 2);
    integration +=
        std::pow(z(free_energy_by_integration<float>(plan, options, seed).difference, exact), 2);
  }
  EXPECT_NEAR(work / seeds, 1, 4 * std::sqrt(2.0 / seeds)) << from_mean_field;
  EXPECT_NEAR(integration / seeds, 1, 4 * std::sqrt(2.0 / seeds)) << from_mean_field;
}

TEST(FreeEnergy, ErrorsAreHonestOverSeeds) {
  const auto& entry = reference()["graphs"]["open_3x3_random"];
  expect_honest(listed_action(entry), entry["F"], false, 80);
}

// Deep in the broken phase: the last hundredth of the path from the mean field holds both wells.
TEST(FreeEnergy, ErrorsAreHonestFromTheMeanField) {
  const auto& entry = reference()["square"][5];
  ASSERT_EQ(entry["g_nnn"], 1);
  expect_honest(target_action(entry), entry["F"], true, 40);
}

// F = 1/2 ln det(M / 2 pi) with S = phi M phi / 2.
TEST(FreeEnergy, MeetsTheDeterminantOfAGaussianField) {
  const auto graph = lattice("square", 8);
  Action action = Action::uniform(graph, 1, 0, 2.2, 0);
  for (int e = 0; e < graph->edge_count(); e += 3) action.w[e] = -0.7;
  Eigen::MatrixXd m = Eigen::MatrixXd::Zero(64, 64);
  for (int i = 0; i < 64; ++i) m(i, i) = 2 * action.a[i];
  for (int e = 0; e < graph->edge_count(); ++e) {
    const auto [i, j] = graph->edges()[e];
    m(i, j) -= action.w[e], m(j, i) -= action.w[e];
  }
  const Eigen::LDLT<Eigen::MatrixXd> cholesky(m / (2 * std::numbers::pi));
  const double exact = cholesky.vectorD().array().log().sum() / 2;
  FreeEnergyOptions options;
  options.error = 0.02;
  const auto plan = plan_from_uncoupled<float>(action, {}, 1);
  EXPECT_LT(std::abs(z(free_energy_by_work<float>(plan, options, 1).work.difference, exact)), 4);
  EXPECT_LT(std::abs(z(free_energy_by_integration<float>(plan, options, 1).difference, exact)), 4);
}

TEST(FreeEnergy, TheMeanFieldIsTheShortWayIntoABrokenPhase) {
  const Action action = critical_action(lattice("king", 6));
  const ActionPath straight{uncoupled(action), action};
  const auto best = plan_from_uncoupled<float>(action, {}, 1);
  EXPECT_NE(best.path.from.r, action.r);
  EXPECT_LT(best.friction_length(), plan_annealing<float>(straight, {}, 1).friction_length() / 3);
  // No order, no mean field.
  const Action loose = Action::uniform(lattice("square", 4), 0.2, 0, 1.5, 0.2);
  EXPECT_EQ(mean_field(loose).r, loose.r);
  // Staggered order, which no uniform field would find.
  const Action staggered = Action::uniform(lattice("square", 4), -1, 0, 0.5, 0.2);
  const auto field = mean_field(staggered).r;
  EXPECT_LT(field[0] * field[1], 0);
  EXPECT_GT(field[0] * field[5], 0);
}

TEST(FreeEnergy, FixedStepsTooFewAreSaidToBe) {
  const Action action = critical_action(lattice("king", 6));
  FreeEnergyOptions options;
  options.steps = 20;
  const auto plan = plan_annealing<float>({uncoupled(action), action}, {}, 1);
  const auto work = free_energy_by_work<float>(plan, options, 1);
  EXPECT_FALSE(work.ok);
  EXPECT_NE(work.reason.find("overlap"), std::string::npos) << work.reason;
  options.steps = 0, options.error = 1e-4, options.max_steps = 40;
  const auto short_of = free_energy_by_integration<float>(plan, options, 1);
  EXPECT_FALSE(short_of.ok);
  EXPECT_NE(short_of.reason.find("wanted 0.0001"), std::string::npos) << short_of.reason;
}

TEST(FreeEnergy, SameBitsForAnyNumberOfThreads) {
  const Action action = listed_action(reference()["graphs"]["open_4x4_BAL"]);
  double value[2][2];
  for (int threads = 1; threads <= 2; ++threads) {
    FreeEnergyOptions options;
    options.sampler.threads = threads, options.sampler.chains = 8192, options.error = 0.01;
    const auto plan = plan_from_uncoupled<float>(action, options.sampler, 7);
    value[threads - 1][0] = free_energy_by_work<float>(plan, options, 7).work.difference.value;
    value[threads - 1][1] = free_energy_by_integration<float>(plan, options, 7).difference.value;
  }
  EXPECT_EQ(value[0][0], value[1][0]);
  EXPECT_EQ(value[0][1], value[1][1]);
}

// A sampler with several rungs or Hamiltonian trajectories, whose fields the reverse work begins
// with.
TEST(FreeEnergy, TakesFieldsFromAnySampler) {
  const auto& entry = reference()["graphs"]["open_3x3_random"];
  const Action action = listed_action(entry);
  FreeEnergyOptions options;
  options.sampler.rungs = 2, options.sampler.hmc_steps = 4;
  Sampler<float> sampler(action, options.sampler, 3);
  sampler.warm_up(50);
  const auto plan = plan_from_uncoupled<float>(action, options.sampler, 3);
  const auto work = free_energy_by_work(plan, options, 3, &sampler);
  EXPECT_TRUE(work.ok) << work.reason;
  EXPECT_LT(std::abs(z(work.work.difference, entry["F"])), 4);
}

TEST(FreeEnergy, RefusesWhatCannotBe) {
  const Action action = Action::uniform(lattice("square", 3), 1, 0, 1.5, 0.2);
  EXPECT_THROW(plan_annealing<float>({action, action}, {}, 1), BadInput);  // coupled, no fields
  EXPECT_THROW(uncoupled_free_energy(action), BadInput);
  Action unbounded = action;
  unbounded.b[4] = -1;
  EXPECT_THROW(plan_from_uncoupled<float>(unbounded, {}, 1), BadInput);
  const Action other = Action::uniform(lattice("square", 4), 1, 0, 1.5, 0.2);
  EXPECT_THROW((ActionPath{action, other}.at(0.5)), BadInput);
  FreeEnergyOptions options;
  options.error = 0;
  const auto plan = plan_from_uncoupled<float>(action, {}, 1);
  EXPECT_THROW(free_energy_by_work<float>(plan, options, 1), BadInput);
  EXPECT_THROW(free_energy_by_integration<float>(plan, options, 1), BadInput);
}

/// Works of normal distribution that obey Crooks' theorem: W_F ~ N(dF + v/2, v), W_R ~ N(-dF + v/2,
/// v).
std::vector<double> normal_works(double mean, double variance, int count, std::uint64_t seed,
                                 std::uint64_t chain) {
  RandomStream random(seed, Stream::check, chain);
  std::vector<double> work(count);
  for (double& w : work) w = mean + std::sqrt(variance) * random.normal();
  return work;
}

/// Works of variance 3 are worth 30 and 12 for the exponential averages. These are compared where
/// they look like 50 or more, which is where their rare works are missing: one result of 240 is
/// doubted although nothing is wrong with it; more than 8 of 250 have p = 2e-6.
TEST(AcceptanceRatio, IsHonestForNormalWorkAndUnequalNumbers) {
  constexpr double exact = -7.3;
  constexpr int seeds = 250;
  for (const double variance : {0.3, 3.0}) {
    double chi2 = 0, forward = 0;
    int doubted = 0;
    for (int seed = 0; seed < seeds; ++seed) {
      const auto f = normal_works(exact + variance / 2, variance, 600, seed, 0),
                 r = normal_works(-exact + variance / 2, variance, 250, seed, 1);
      const auto result = acceptance_ratio(f, r);
      doubted += result.ok ? 0 : 1;
      chi2 += std::pow(z(result.difference, exact), 2);
      forward += std::pow(z(result.upper, exact + variance / 2), 2);
      EXPECT_LE(result.difference.error,
                1.1 * std::min(result.forward.error, result.reverse.error));
    }
    EXPECT_LE(doubted, variance < 1 ? 2 : 8);
    testing::expect_unit_variance(chi2 / seeds, seeds, "acceptance ratio");
    testing::expect_unit_variance(forward / seeds, seeds, "mean work");
  }
}

TEST(AcceptanceRatio, SaysWhereItIsNotToBeTrusted) {
  const auto far =
      acceptance_ratio(normal_works(20, 40, 500, 1, 0), normal_works(20, 40, 500, 1, 1));
  EXPECT_FALSE(far.ok);
  EXPECT_NE(far.reason.find("overlap"), std::string::npos);
  // As if the reverse trajectories began out of equilibrium: dF = 0 forward, 0.5 backward.
  const auto wrong =
      acceptance_ratio(normal_works(0.5, 1, 2000, 1, 0), normal_works(0, 1, 2000, 1, 1));
  EXPECT_FALSE(wrong.ok);
  EXPECT_NE(wrong.reason.find("disagree"), std::string::npos);
  const std::vector<double> one{1.0}, two{1.0, 2.0}, bad{1.0, NAN};
  EXPECT_THROW(acceptance_ratio(one, two), BadInput);
  EXPECT_THROW(acceptance_ratio(two, bad), BadInput);
}

/// Normal ensembles of growing width, S_k = x^2 / (2 s_k^2), F_k = -ln s_k, whose draws are the
/// same slow Gaussian process in units of s_k: errors that take draws, or pairs, as independent
/// would be far too small.
TEST(AcceptanceRatio, OfALadderIsHonestForCorrelatedDrawsAndEnsembles) {
  constexpr int seeds = 100, chains = 20, draws = 400, pairs = 4;
  constexpr double memory = 0.9, ratio = 1.5;
  double chi2 = 0, bias = 0;
  for (int seed = 0; seed < seeds; ++seed) {
    std::vector<std::vector<double>> forward(pairs), reverse(pairs);
    for (int c = 0; c < chains; ++c) {
      RandomStream random(seed, Stream::check, c);
      double g = random.normal();
      for (int t = 0; t < draws; ++t) {
        g = memory * g + std::sqrt(1 - memory * memory) * random.normal();
        for (int k = 0; k < pairs; ++k) {
          forward[k].push_back(g * g / 2 * (1 / (ratio * ratio) - 1));
          reverse[k].push_back(g * g / 2 * (ratio * ratio - 1));
        }
      }
    }
    const auto result = ladder_ratio(forward, reverse, chains);
    const double pull =
        (result.difference.mean + pairs * std::log(ratio)) / result.difference.error;
    chi2 += pull * pull / seeds, bias += pull / seeds;
    EXPECT_GT(result.difference.tau, 3);
    EXPECT_NEAR(result.step[0], result.step[3], 1e-12);
    EXPECT_GT(result.overlap[1], 0.8);
  }
  EXPECT_NEAR(chi2, 1, 4 * std::sqrt(2.0 / seeds));
  EXPECT_NEAR(bias, 0, 4 / std::sqrt(seeds));
  const std::vector<std::vector<double>> one{{1.0, 2.0}}, ragged{{1.0, 2.0, 3.0}};
  EXPECT_THROW(ladder_ratio({}, {}, 1), BadInput);
  EXPECT_THROW(ladder_ratio(one, ragged, 1), BadInput);
}

/// Weighted mean of phi_site^power over an annealed sample, error by jackknife over chains.
Estimate weighted(const AnnealedSample& s, int site, int power) {
  const std::size_t draws = s.draws, chains = s.chains;
  std::vector<double> top(chains), bottom(chains);
  double tops = 0, bottoms = 0, largest = -INFINITY;
  for (const double w : s.log_weight) largest = std::max(largest, w);
  for (std::size_t c = 0; c < chains; ++c) {
    for (std::size_t n = c * draws; n < (c + 1) * draws; ++n) {
      const double w = std::exp(s.log_weight[n] - largest);
      top[c] += w * std::pow(s.phi[n * s.sites + site], power);
      bottom[c] += w;
    }
    tops += top[c], bottoms += bottom[c];
  }
  double square = 0;
  for (std::size_t c = 0; c < chains; ++c)
    square += std::pow((tops - top[c]) / (bottoms - bottom[c]) - tops / bottoms, 2);
  return {tops / bottoms, std::sqrt(square)};
}

TEST(AnnealedSample, WeightsServeEveryObservable) {
  const auto& entry = reference()["graphs"]["open_3x3_random"];
  const Action to = listed_action(entry);
  Action from = to;
  for (double& w : from.w) w *= 0.4;
  for (double& r : from.r) r = 0;
  constexpr int chains = 512, draws = 4;
  SamplerOptions moves;
  moves.chains = chains;
  Sampler<float> sampler(from, moves, 5);
  sampler.sweep(50);
  std::vector<float> phi(static_cast<std::size_t>(chains) * draws * 9);
  for (int draw = 0; draw < draws; ++draw) {
    sampler.sweep(10);
    const auto now = sampler.state().phi;
    for (int c = 0; c < chains; ++c)
      for (int i = 0; i < 9; ++i)
        phi[(c * draws + draw) * 9 + i] = static_cast<float>(now[c * 9 + i]);
  }
  const auto sample = anneal_sample<float>({from, to}, phi, chains, {}, 5);
  EXPECT_TRUE(sample.ok) << sample.reason;
  EXPECT_GE(sample.weight_ess.value, 0.75);
  EXPECT_EQ(sample.draws, draws);
  for (const int site : {0, 4, 7}) {
    EXPECT_LT(std::abs(z(weighted(sample, site, 1), entry["phi1"][site])), 4) << site;
    EXPECT_LT(std::abs(z(weighted(sample, site, 2), entry["phi2"][site])), 4) << site;
    EXPECT_LT(std::abs(z(weighted(sample, site, 4), entry["phi4"][site])), 4) << site;
  }
  FreeEnergyOptions options;
  const auto before =
      free_energy_by_work<float>(plan_from_uncoupled<float>(from, {}, 5), options, 5)
          .work.difference;
  const Estimate after{before.value - sample.log_ratio.value,
                       std::hypot(before.error, sample.log_ratio.error)};
  EXPECT_LT(std::abs(z(after, entry["F"])), 4);

  AnnealingOptions few;
  few.steps = 1;
  const auto poor = anneal_sample<float>({from, to}, phi, chains, few, 5);
  EXPECT_LT(poor.weight_ess.value, sample.weight_ess.value);
  EXPECT_THROW(anneal_sample<float>({from, to}, phi, 513, {}, 5), BadInput);
}

}  // namespace
}  // namespace quartic
