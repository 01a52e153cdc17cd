#include "quartic/learn/certificate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "learn/equilibrium_sample.hpp"
#include "quartic/field/features.hpp"
#include "quartic/stats/free_energy.hpp"
#include "quartic/stats/overlap.hpp"

namespace quartic {
namespace {

Estimate sum(const Estimate& x, const Estimate& y, double sign) {
  return {x.value + sign * y.value, std::hypot(x.error, y.error)};
}

/// F of the learned action, the reverse trajectories from the learner's own fields.
template <class T>
WorkFreeEnergy measure_free_energy(const Sampler<T>& equilibrated, const Action& action,
                                   const CertificateOptions& wanted, std::uint64_t seed,
                                   Certificate& out) {
  FreeEnergyOptions options;
  options.sampler = equilibrated.options(), options.sampler.chains = wanted.chains;
  options.steps = wanted.steps, options.error = wanted.error, options.progress = wanted.progress;
  const auto plan = plan_from_uncoupled<T>(action, options.sampler, seed);
  auto result = free_energy_by_work(plan, options, seed, &equilibrated);
  const WorkEstimate& work = result.work;
  out.free_energy = work.difference;
  out.free_energy_forward = work.forward, out.free_energy_reverse = work.reverse;
  out.free_energy_upper = work.upper, out.free_energy_lower = work.lower;
  out.annealing_ess = work.forward_ess;
  out.annealing_steps = result.steps;
  return result;
}

}  // namespace

template <class T>
Certificate certify(const Sampler<T>& equilibrated, const Action& action, const Target& target,
                    const CertificateOptions& options, std::uint64_t seed) {
  Certificate result;
  const auto free_energy = measure_free_energy(equilibrated, action, options, seed, result);

  const auto samples = draw_equilibrium(equilibrated, action, options.draws, options.sweeps, seed);
  result.chains = samples.chains(), result.draws = options.draws, result.sites = samples.sites;
  result.phi = posterior_fields(samples, result.draws);
  result.action = by_configuration(
      samples, result.draws, [&](const auto& block, auto s) { evaluate_action(action, block, s); });
  result.target = by_configuration(samples, result.draws,
                                   [&](const auto& block, auto s) { target.evaluate(block, s); });
  std::vector<double> difference(result.action.size());
  for (std::size_t n = 0; n < difference.size(); ++n)
    difference[n] = result.target[n] - result.action[n];
  const Overlap overlap = measure_overlap(difference, result.chains);
  result.variational_free_energy = sum(result.free_energy, overlap.difference, 1);
  result.target_free_energy = sum(result.free_energy, overlap.log_mean_weight, -1);
  result.gap = overlap.gap;
  result.half_variance = overlap.half_variance;
  result.weight_ess = overlap.weight_ess;

  const double effective = result.weight_ess.value * static_cast<double>(difference.size());
  if (effective < 50 || result.weight_ess.error > 0.3 * result.weight_ess.value) {
    result.ok = false;
    result.reason = fmt::format(
        "the weights exp(-(A - S)) have died: effectively {:.1f} of {} configurations carry F_A; "
        "anneal from S to A, or "
        "learn with more couplings",
        effective, difference.size());
  } else if (!free_energy.ok) {
    result.ok = false;
    result.reason =
        fmt::format("free energy, {} annealing steps: {}", free_energy.steps, free_energy.reason);
  }
  return result;
}

template Certificate certify(const Sampler<float>&, const Action&, const Target&,
                             const CertificateOptions&, std::uint64_t);
template Certificate certify(const Sampler<double>&, const Action&, const Target&,
                             const CertificateOptions&, std::uint64_t);

}  // namespace quartic
