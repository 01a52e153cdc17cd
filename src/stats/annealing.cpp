#include "quartic/stats/annealing.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "quartic/core/quartic_density.hpp"
#include "quartic/field/features.hpp"
#include "quartic/mcmc/sampler.hpp"
#include "quartic/stats/overlap.hpp"

namespace quartic {
namespace {

/// F at w = 0: minus the sum of ln Z1 over sites.
double uncoupled_free_energy(const Action& action) {
  const int sites = action.graph->sites();
  std::vector<double> j(sites), log_normaliser(sites);
  for (int i = 0; i < sites; ++i) j[i] = -action.r[i];
  quartic_moments(action.a, action.b, j, log_normaliser, {}, {}, {});
  double sum = 0;
  for (const double z : log_normaliser) sum -= z;
  return sum;
}

/// The part of S that the annealing switches on: - sum w phi phi.
Action coupling_part(const Action& action) {
  Action part(action.graph);
  part.w = action.w;
  return part;
}

template <class T>
std::vector<double> energies(const Sampler<T>& sampler, const Action& coupled) {
  std::vector<double> out(sampler.chains());
  sampler.for_each_block([&](int index) {
    evaluate_action(
        coupled, sampler.block(index),
        std::span(out).subspan(static_cast<std::size_t>(index) * sampler.lanes(), sampler.lanes()));
  });
  return out;
}

double variance(const std::vector<double>& x) {
  double mean = 0, square = 0;
  for (const double v : x) mean += v / static_cast<double>(x.size());
  for (const double v : x) square += (v - mean) * (v - mean) / static_cast<double>(x.size());
  return square;
}

/// Where to stop on the way, at equal steps of the thermodynamic length int sqrt(Var(dS/dbeta))
/// dbeta (measured in a pilot), which is what makes the work's variance least for a number of
/// steps.
template <class T>
std::vector<double> plan(const Action& action, const AnnealingOptions& options,
                         std::uint64_t seed) {
  constexpr int stops = 40, sweeps = 4;
  SamplerOptions pilot_options;
  pilot_options.chains = 128, pilot_options.reflections = 2,
  pilot_options.threads = options.threads;
  Sampler<T> pilot(action, pilot_options, seed, Stream::pilot);
  const Action coupled = coupling_part(action);
  std::vector<double> length{0};
  double before = std::sqrt(variance(energies(pilot, coupled)));
  for (int k = 1; k <= stops; ++k) {
    pilot.set_coupling_scale(static_cast<double>(k) / stops);
    pilot.sweep(sweeps);
    const double now = std::sqrt(variance(energies(pilot, coupled)));
    length.push_back(length.back() + (before + now) / (2 * stops));
    before = now;
  }
  int steps = options.steps;
  if (steps == 0) {
    // The work's variance is about 2 tau length^2 / steps; aim at 0.05 with tau of a few sweeps.
    constexpr double autocorrelation = 6;
    steps = static_cast<int>(
        std::clamp(autocorrelation * length.back() * length.back() / 0.05, 100.0, 20000.0));
  }
  std::vector<double> beta{0};
  for (int n = 1, k = 1; n <= steps; ++n) {
    const double wanted = length.back() * n / steps;
    while (k < stops && length[k] < wanted) ++k;
    const double span = length[k] - length[k - 1];
    const double fraction = span > 0 ? (wanted - length[k - 1]) / span : 1;
    beta.push_back(length.back() > 0 ? (k - 1 + fraction) / stops : static_cast<double>(n) / steps);
  }
  beta.back() = 1;
  return beta;
}

}  // namespace

template <class T>
AnnealingResult anneal_free_energy(const Action& action, const AnnealingOptions& options,
                                   std::uint64_t seed) {
  require_normalisable(action);
  const auto beta = plan<T>(action, options, seed);
  SamplerOptions sampler_options;
  sampler_options.chains = options.chains, sampler_options.reflections = 1,
  sampler_options.threads = options.threads;
  Sampler<T> sampler(action, sampler_options, seed, Stream::annealing);
  const Action coupled = coupling_part(action);
  std::vector<double> work(options.chains);
  for (std::size_t n = 1; n < beta.size(); ++n) {
    const auto energy = energies(sampler, coupled);
    for (std::size_t c = 0; c < work.size(); ++c) work[c] += (beta[n] - beta[n - 1]) * energy[c];
    sampler.set_coupling_scale(beta[n]);
    if (n + 1 < beta.size()) sampler.sweep(1);
  }
  const Overlap overlap = measure_overlap(work, options.chains);
  AnnealingResult result;
  result.free_energy = {uncoupled_free_energy(action) - overlap.log_mean_weight.value,
                        overlap.log_mean_weight.error};
  result.weight_ess = overlap.weight_ess;
  result.steps = static_cast<int>(beta.size()) - 1;
  result.ok = overlap.weight_ess.value * options.chains >= 50;
  return result;
}

template AnnealingResult anneal_free_energy<float>(const Action&, const AnnealingOptions&,
                                                   std::uint64_t);
template AnnealingResult anneal_free_energy<double>(const Action&, const AnnealingOptions&,
                                                    std::uint64_t);

}  // namespace quartic
