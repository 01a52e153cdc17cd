#include "quartic/learn/certificate.hpp"

#include <fmt/format.h>

#include <cmath>

#include "learn/equilibrium_sample.hpp"
#include "learn/gaussian_free_energy.hpp"
#include "quartic/field/features.hpp"
#include "quartic/stats/overlap.hpp"

namespace quartic {
namespace {

Estimate sum(const Estimate& x, const Estimate& y, double sign) {
  return {x.value + sign * y.value, std::hypot(x.error, y.error)};
}

}  // namespace

void Certificate::keep_first(int kept) {
  keep_first_draws(target_value, draws.chains, draws.draws, kept);
  draws.keep_first(kept);
}

template <class T>
WorkFreeEnergy measure_free_energy(const Sampler<T>& equilibrated, const Action& action,
                                   const CertificateOptions& wanted, std::uint64_t seed) {
  constexpr int most = 16;  // times the draws
  for (int times = 1; times <= most; times *= 2) {
    auto near = free_energy_from_gaussian(equilibrated, action, times * wanted.draws, seed);
    if (!near || !near->ok) break;
    if (near->work.difference.error <= wanted.error) return std::move(*near);
  }
  FreeEnergyOptions options;
  options.sampler = equilibrated.options(), options.sampler.chains = wanted.chains;
  options.steps = wanted.steps, options.error = wanted.error, options.progress = wanted.progress;
  const auto plan = plan_from_uncoupled<T>(action, options.sampler, seed);
  auto out = free_energy_by_work(plan, options, seed, &equilibrated);
  if (!out.ok)
    out.reason = fmt::format("free energy, {} annealing steps: {}", out.steps, out.reason);
  return out;
}

template <class T>
Certificate certify(const Sampler<T>& equilibrated, const Action& action, const Target& target,
                    const CertificateOptions& options, std::uint64_t seed) {
  Certificate out;
  out.free_energy = measure_free_energy(equilibrated, action, options, seed);
  const auto samples = draw_equilibrium(equilibrated, action, options.draws, options.sweeps, seed);
  out.draws = stored_draws(samples, action, options.draws);
  const Target known = target.known();
  out.target_value = by_configuration(samples, options.draws,
                                      [&](const auto& block, auto a) { known.evaluate(block, a); });
  add_functions(target, samples, options.draws, out.target_value);
  out.target_value = samples.of_all(out.target_value, options.draws);
  std::vector<double> difference = out.target_value;
  for (std::size_t n = 0; n < difference.size(); ++n) difference[n] -= out.draws.action_value[n];
  const Overlap overlap = measure_overlap(difference, out.draws.chains);
  const Estimate& free_energy = out.free_energy.work.difference;
  out.variational_free_energy = sum(free_energy, overlap.difference, 1);
  out.target_free_energy = sum(free_energy, overlap.log_mean_weight, -1);
  out.gap = overlap.gap;
  out.half_variance = overlap.half_variance;
  out.weight_ess = overlap.weight_ess;

  const double effective = out.weight_ess.value * static_cast<double>(difference.size());
  const bool dead = effective < 50 || out.weight_ess.error > 0.3 * out.weight_ess.value;
  out.ok = !dead && out.free_energy.ok;
  out.reason = !dead ? out.free_energy.reason
                     : fmt::format(
                           "the weights exp(-(A - S)) have died: effectively {:.1f} of {} "
                           "configurations carry F_A; anneal from S to A, or learn with "
                           "more couplings",
                           effective, difference.size());
  return out;
}

template WorkFreeEnergy measure_free_energy(const Sampler<float>&, const Action&,
                                            const CertificateOptions&, std::uint64_t);
template WorkFreeEnergy measure_free_energy(const Sampler<double>&, const Action&,
                                            const CertificateOptions&, std::uint64_t);
template Certificate certify(const Sampler<float>&, const Action&, const Target&,
                             const CertificateOptions&, std::uint64_t);
template Certificate certify(const Sampler<double>&, const Action&, const Target&,
                             const CertificateOptions&, std::uint64_t);

}  // namespace quartic
