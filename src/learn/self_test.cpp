#include "quartic/learn/self_test.hpp"

#include <algorithm>
#include <cmath>
#include <memory>

#include "quartic/core/autocorrelation.hpp"
#include "quartic/core/quartic_density.hpp"
#include "quartic/graph/lattice.hpp"
#include "quartic/learn/variational.hpp"
#include "quartic/stats/free_energy.hpp"

namespace quartic {
namespace {

constexpr double well = 1.52425, quartic_coupling = 0.175;  // nearly critical at w = 1

std::shared_ptr<const Graph> periodic_square(int extent) {
  return std::make_shared<Graph>(make_lattice({"square", {extent, extent}, {true, true}}));
}

SelfTestResult within_tolerance(std::string name, double value, double expected, double tolerance) {
  return {std::move(name), value, expected, tolerance, std::abs(value - expected) <= tolerance};
}

SelfTestResult within_errors(std::string name, const Estimate& estimate, double expected) {
  const bool ok = std::abs(estimate.value - expected) < 4 * estimate.error;
  return {std::move(name), estimate.value, expected, estimate.error, ok};
}

void density(std::vector<SelfTestResult>& results) {
  // a, b, j, ln Z1, <x>: 15 digits, independent quadrature.
  const double cases[][5] = {{1.52425, 0.175, 0.75, 0.394427171002325662, 0.20775665807755633},
                             {-3.5, 0.25, 0.1, 12.59326748137173747, 0.66975736161147322},
                             {1.0, 0.5, 40.0, 73.44101890160639988, 2.5829522908261893}};
  for (const auto& [a, b, j, log_normaliser, mean] : cases) {
    const auto m = quartic_moments(a, b, j);
    const double size = 1e-12 * std::abs(log_normaliser);
    results.push_back(within_tolerance("ln Z1, scalar", m.log_normaliser, log_normaliser, size));
    results.push_back(within_tolerance("<x>, scalar", m.mean, mean, 1e-12 * mean));
    double z = 0, x = 0;
    quartic_moments(std::span(&a, 1), std::span(&b, 1), std::span(&j, 1), std::span(&z, 1),
                    std::span(&x, 1), {}, {});
    results.push_back(within_tolerance("ln Z1, SIMD", z, log_normaliser, size));
    results.push_back(within_tolerance("<x>, SIMD", x, mean, 1e-12 * mean));
  }
}

Estimate mean_square(const Action& action, int metropolis_hits) {
  SamplerOptions options;
  options.metropolis_hits = metropolis_hits, options.threads = 1;
  Sampler<float> sampler(action, options, 1, Stream::check);
  sampler.warm_up(100);
  constexpr int draws = 50;
  std::vector<double> series(static_cast<std::size_t>(sampler.chains()) * draws);
  for (int draw = 0; draw < draws; ++draw) {
    sampler.sweep(1);
    for (int chain = 0; chain < sampler.chains(); ++chain) {
      const auto block = sampler.block(chain / sampler.lanes());
      double sum = 0;
      for (int i = 0; i < block.sites; ++i) {
        const double x = block.site(i)[chain % block.lanes];
        sum += x * x;
      }
      series[static_cast<std::size_t>(chain) * draws + draw] = sum / block.sites;
    }
  }
  const auto estimate = estimate_series(series, sampler.chains());
  return {estimate.mean, estimate.error};
}

double learned_deviation() {
  const auto graph = periodic_square(4);
  const std::vector<TermSpec> terms{
      {"nn", -1.0, {}, {}, {}}, {"phi2", well, {}, {}, {}}, {"phi4", quartic_coupling, {}, {}, {}}};
  SamplerOptions sampler;
  sampler.threads = 1;
  const Parameters parameters(graph,
                              {Freedom::free, Freedom::frozen, Freedom::free, Freedom::free});
  VariationalLearner<float> learner(Target(terms, *graph), parameters,
                                    Action::uniform(graph, 0.4, 0, 1.2, 0.3), sampler, {}, 1);
  learner.warm_up();
  learner.step();
  double largest = 0;
  const auto theta = learner.theta();
  for (int k = 0; k < parameters.size(); ++k) {
    const auto kind = parameters.kind(k);
    const double expected = kind == CouplingKind::w   ? 1
                            : kind == CouplingKind::a ? well
                                                      : quartic_coupling;
    largest = std::max(largest, std::abs(theta[k] - expected));
  }
  return largest;
}

}  // namespace

std::vector<SelfTestResult> self_test() {
  std::vector<SelfTestResult> results;
  density(results);
  const Action action = Action::uniform(periodic_square(2), 1, 0, well, quartic_coupling);
  constexpr double exact_square = 0.99060057982, exact_free_energy = -2.7443525321;
  results.push_back(
      within_errors("<phi^2>, 2x2, default moves", mean_square(action, 0), exact_square));
  results.push_back(
      within_errors("<phi^2>, 2x2, Metropolis", mean_square(action, 4), exact_square));
  FreeEnergyOptions options;
  options.sampler.threads = 1;
  const auto plan = plan_from_uncoupled<float>(action, options.sampler, 1);
  results.push_back(within_errors("F, 2x2, acceptance ratio",
                                  free_energy_by_work<float>(plan, options, 1).work.difference,
                                  exact_free_energy));
  results.push_back(within_errors("F, 2x2, integration",
                                  free_energy_by_integration<float>(plan, options, 1).difference,
                                  exact_free_energy));
  results.push_back(
      within_tolerance("natural gradient, one step: deviation", learned_deviation(), 0, 1e-4));
  return results;
}

}  // namespace quartic
