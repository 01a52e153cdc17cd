// Deep in the broken phase at 8x8 and 16x16: certificates that agree over seeds, and annealing from
// a learned nearest-neighbour action to the longer-range target where direct weights have died.
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "critical_point.hpp"
#include "quartic/core/autocorrelation.hpp"
#include "quartic/field/mean_field.hpp"
#include "quartic/field/projection.hpp"
#include "quartic/graph/lattice.hpp"
#include "quartic/learn/certificate.hpp"
#include "quartic/learn/variational.hpp"
#include "quartic/stats/annealing.hpp"
#include "quartic/stats/overlap.hpp"

namespace quartic {
namespace {

const std::vector<TermSpec> longer_range{{"nn", -1.0, {}, {}, {}},
                                         {"nnn", -1.0, {}, {}, {}},
                                         {"phi2", critical_a, {}, {}, {}},
                                         {"phi4", critical_b, {}, {}, {}}};

std::shared_ptr<const Graph> lattice(const std::string& name, int extent) {
  return std::make_shared<Graph>(make_lattice({name, {extent, extent}, {true, true}}));
}

/// The nearest-neighbour field with one w, a and b that is nearest to the target.
VariationalLearner<float> learn(int extent, std::uint64_t seed) {
  const auto graph = lattice("square", extent);
  const Parameters tied(graph, {Freedom::tied, Freedom::frozen, Freedom::tied, Freedom::tied});
  VariationalOptions options;
  options.epochs = 30;
  VariationalLearner<float> learner(Target(longer_range, *graph), tied,
                                    Action::uniform(graph, 1, 0, 1, 0.2), {}, options, seed);
  learner.warm_up();
  while (!learner.finished()) learner.step();
  return learner;
}

TEST(FreeEnergySlow, CertificatesAgreeOverSeeds) {
  for (const int extent : {8, 16}) {
    const auto learner = learn(extent, 1);
    constexpr int seeds = 8;
    std::vector<Estimate> f;
    double mean = 0, chi2 = 0;
    for (int seed = 0; seed < seeds; ++seed) {
      CertificateOptions options;
      options.draws = 2;
      const auto c = certify(learner.sampler(), learner.action(), learner.target(), options, seed);
      const auto& work = c.free_energy.work;
      f.push_back(work.difference);
      mean += work.difference.value / seeds;
      EXPECT_LE(work.difference.error, 0.01);
      EXPECT_GE(work.upper.value, work.difference.value);
      EXPECT_LE(work.lower.value, work.difference.value);
      EXPECT_GE(c.variational_free_energy.value, c.target_free_energy.value);
      RecordProperty("steps_" + std::to_string(extent), c.free_energy.steps);
    }
    for (const auto& x : f) chi2 += std::pow((x.value - mean) / x.error, 2) / (seeds - 1);
    EXPECT_NEAR(chi2, 1, 4 * std::sqrt(2.0 / (seeds - 1))) << extent;
  }
}

/// The observables of the demonstration, one value a configuration.
struct Observables {
  static constexpr int count = 4;
  static constexpr const char* names[count] = {"m^2", "phi^2", "phi^4", "nnn"};
  std::vector<Edge> diagonals;

  std::array<double, count> operator()(const float* phi, int sites) const {
    double m = 0, square = 0, fourth = 0, product = 0;
    for (int i = 0; i < sites; ++i) {
      const double x = phi[i];
      m += x / sites, square += x * x / sites, fourth += x * x * x * x / sites;
    }
    for (const auto& [i, j] : diagonals) product += phi[i] * phi[j] / sites;
    return {m * m, square, fourth, product};
  }
};

std::vector<float> fields(const Sampler<float>& sampler) {
  const auto phi = sampler.state().phi;
  return {phi.begin(), phi.end()};
}

/// <O> of the target itself, sampled on the king graph, where every coupling is 1.
std::vector<Estimate> direct_simulation(int extent, const Observables& observables) {
  const Action action = critical_action(lattice("king", extent));
  Sampler<float> sampler(mean_field(action), {}, 11);
  for (int k = 1; k <= 400; ++k) {  // from one well, both by flips
    sampler.set_action(ActionPath{mean_field(action), action}.at(k / 400.0));
    sampler.sweep(2);
  }
  constexpr int draws = 40;
  const std::size_t sites = action.graph->sites();
  std::vector<std::vector<double>> series(Observables::count);
  for (auto& s : series) s.resize(static_cast<std::size_t>(sampler.chains()) * draws);
  for (int draw = 0; draw < draws; ++draw) {
    sampler.sweep(4);
    const auto phi = fields(sampler);
    for (int c = 0; c < sampler.chains(); ++c) {
      const auto now = observables(phi.data() + c * sites, static_cast<int>(sites));
      for (int k = 0; k < Observables::count; ++k) series[k][c * draws + draw] = now[k];
    }
  }
  std::vector<Estimate> out;
  for (const auto& s : series) {
    const auto estimate = estimate_series(s, sampler.chains());
    out.push_back({estimate.mean, estimate.error});
  }
  return out;
}

/// <O> of the target from annealed configurations, one a chain, with their weights; jackknife.
std::vector<Estimate> reweighted(const AnnealedSample& s, const Observables& observables) {
  std::vector<Estimate> out;
  for (int k = 0; k < Observables::count; ++k) {
    double top = 0, bottom = 0, square = 0;
    std::vector<double> w, o;
    for (int c = 0; c < s.chains; ++c) {
      w.push_back(std::exp(s.log_weight[c] - s.log_weight[0]));
      o.push_back(observables(s.phi.data() + static_cast<std::size_t>(c) * s.sites, s.sites)[k]);
      top += w[c] * o[c], bottom += w[c];
    }
    for (int c = 0; c < s.chains; ++c)
      square += std::pow((top - w[c] * o[c]) / (bottom - w[c]) - top / bottom, 2);
    out.push_back({top / bottom, std::sqrt(square)});
  }
  return out;
}

TEST(FreeEnergySlow, AnnealingRestoresTheWeightsThatDirectReweightingHasLost) {
  for (const int extent : {8, 16}) {
    const auto learner = learn(extent, 1);
    const auto target = target_as_action(longer_range, learner.action().graph);
    ASSERT_TRUE(target);
    const ActionPath path{extend(learner.action(), target->graph), *target};
    const auto phi = fields(learner.sampler());
    const auto sample = anneal_sample<float>(path, phi, 1024, {}, 5);
    AnnealingOptions at_once;
    at_once.steps = 1;
    const auto direct = anneal_sample<float>(path, phi, 1024, at_once, 5);
    RecordProperty("direct_ess_" + std::to_string(extent), std::to_string(direct.weight_ess.value));
    RecordProperty("ess_" + std::to_string(extent), std::to_string(sample.weight_ess.value));
    RecordProperty("steps_" + std::to_string(extent), sample.steps);
    EXPECT_TRUE(sample.ok) << sample.reason;
    EXPECT_GE(sample.weight_ess.value, 0.5);
    EXPECT_LT(direct.weight_ess.value, extent == 8 ? 0.75 : 0.5);
    const Observables observables{diagonal_pairs(*path.from.graph->lattice())};
    const auto simulated = direct_simulation(extent, observables);
    const auto annealed = reweighted(sample, observables);
    for (int k = 0; k < Observables::count; ++k) {
      EXPECT_LT(std::abs(annealed[k].value - simulated[k].value),
                4 * std::hypot(annealed[k].error, simulated[k].error))
          << Observables::names[k] << " at " << extent << ": " << annealed[k].value << " and "
          << simulated[k].value;
    }
  }
}

}  // namespace
}  // namespace quartic
