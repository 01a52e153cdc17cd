#include "quartic/learn/certificate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "quartic/field/features.hpp"
#include "quartic/stats/free_energy.hpp"
#include "quartic/stats/overlap.hpp"

namespace quartic {
namespace {

Estimate sum(const Estimate& x, const Estimate& y, double sign) {
  return {x.value + sign * y.value, std::hypot(x.error, y.error)};
}

/// Draws the sample of the learned ensemble, with S and A of each configuration.
template <class T>
void draw_sample(const Sampler<T>& equilibrated, const Action& action, const Target& target,
                 const CertificateOptions& wanted, std::uint64_t seed, Certificate& out) {
  Sampler<T> sampler(action, equilibrated.options(), seed, Stream::certificate);
  auto start = sampler.state();
  const auto from = equilibrated.state();
  start.phi = from.phi, start.schedule = from.schedule;
  sampler.restore(start);
  sampler.sweep(50);
  out.chains = sampler.chains(), out.draws = wanted.draws, out.sites = sampler.sites();
  const std::size_t count = static_cast<std::size_t>(out.chains) * out.draws;
  out.action.resize(count), out.target.resize(count), out.phi.resize(count * out.sites);
  for (int draw = 0; draw < wanted.draws; ++draw) {
    sampler.sweep(wanted.sweeps);
    sampler.for_each_block([&](int index) {
      const FieldBlock<const T> block = sampler.block(index);
      std::vector<double> s(block.lanes), a(block.lanes);
      evaluate_action(action, block, s);
      target.evaluate(block, a);
      for (int lane = 0; lane < block.lanes; ++lane) {
        const std::size_t at =
            (static_cast<std::size_t>(index) * block.lanes + lane) * out.draws + draw;
        out.action[at] = s[lane], out.target[at] = a[lane];
        for (int i = 0; i < out.sites; ++i)
          out.phi[at * out.sites + i] = static_cast<float>(block.site(i)[lane]);
      }
    });
  }
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

  draw_sample(equilibrated, action, target, options, seed, result);
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
