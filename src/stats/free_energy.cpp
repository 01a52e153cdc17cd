#include "quartic/stats/free_energy.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "quartic/core/error.hpp"
#include "stats/energies.hpp"

namespace quartic {
namespace {

void require_error(double error) {
  if (!(error > 0))
    throw BadInput(fmt::format("the wanted error of a free energy is {:g}", error),
                   "it is a standard error, such as 0.01");
}

int cap(const FreeEnergyOptions& options) {
  if (options.max_steps > 0) return options.max_steps;
  const double finer = std::max(1.0, 0.01 / options.error);
  return static_cast<int>(std::min(5e4 * finer * finer, 1e8));
}

/// At most so many steps; what these are far from reaching is told after a part of them.
int within_reach(double wanted, int most) {
  constexpr double far = 1000;
  return wanted > far * most ? std::max(1, most / 16) : most;
}

ProgressCallback part(const ProgressCallback& progress, double begin, double end) {
  if (!progress) return {};
  return [=](double done) { return progress(begin + (end - begin) * done); };
}

/// Trajectories in both directions, as many steps as it takes.
template <class T>
class Annealer {
 public:
  Annealer(const AnnealingPlan& plan, const FreeEnergyOptions& options, std::uint64_t seed,
           const Sampler<T>* equilibrated)
      : plan_(plan),
        options_(options),
        forward_(plan.path.from, shared_if_many(moves_along(options.sampler)), seed,
                 Stream::annealing),
        reverse_(plan.path.to, reverse_options(options, equilibrated), seed, Stream::reverse) {
    if (equilibrated) equilibrium_ = get_fields(*equilibrated);
  }

  /// The acceptance ratio of one round of trajectories.
  WorkEstimate round(int steps) {
    auto stops = plan_.stops(steps);
    forward_.set_action(plan_.path.from);
    forward_.draw_uncoupled();
    const auto forward = drive(forward_, plan_.path, stops, part(options_.progress, 0, 0.45));
    if (equilibrium_.empty()) equilibrium_ = get_fields(forward_);
    reverse_.set_action(plan_.path.to);
    set_fields(reverse_, equilibrium_);
    reverse_.sweep(std::max(64, steps / 5));
    equilibrium_ = get_fields(reverse_);
    std::reverse(stops.begin(), stops.end());
    return acceptance_ratio(forward,
                            drive(reverse_, plan_.path, stops, part(options_.progress, 0.55, 1)));
  }

 private:
  static SamplerOptions reverse_options(const FreeEnergyOptions& options,
                                        const Sampler<T>* equilibrated) {
    return shared_if_many(moves_along(equilibrated ? equilibrated->options() : options.sampler));
  }

  const AnnealingPlan& plan_;
  const FreeEnergyOptions& options_;
  Sampler<T> forward_, reverse_;
  std::vector<double> equilibrium_;  // fields of path.to
};

void shift(Estimate& x, double by) {
  x.value += by;
}

}  // namespace

template <class T>
WorkFreeEnergy free_energy_by_work(const AnnealingPlan& plan, const FreeEnergyOptions& options,
                                   std::uint64_t seed, const Sampler<T>* equilibrated) {
  require_error(options.error);
  WorkFreeEnergy out;
  out.start = uncoupled_free_energy(plan.path.from);
  out.mean_field = plan.path.from.r != plan.path.to.r;
  // Both directions together have the error sqrt(variance / 2 n), as long as the variance is small.
  const double variance =
      std::min(0.5, 1.6 * options.sampler.chains * options.error * options.error);
  const int suggested = plan.steps_for(variance);
  const int most = within_reach(suggested, cap(options));
  out.steps = options.steps > 0 ? options.steps : std::min(suggested, most);
  Annealer<T> annealer(plan, options, seed, equilibrated);
  for (;;) {
    out.work = annealer.round(out.steps);
    const double excess = out.work.difference.error / options.error;
    const bool enough = out.work.overlap.value > 0.5 && excess <= 1;
    if (enough || options.steps > 0 || out.steps >= most) break;
    out.steps = static_cast<int>(
        std::min<double>(most, out.steps * std::clamp(1.3 * excess * excess, 1.5, 4.0)));
  }
  for (Estimate* x : {&out.work.difference, &out.work.forward, &out.work.reverse, &out.work.upper,
                      &out.work.lower})
    shift(*x, out.start);
  out.ok = out.work.ok, out.reason = out.work.reason;
  if (out.ok && options.steps == 0 && out.work.difference.error > options.error) {
    out.ok = false;
    out.reason = fmt::format("the error is {:.2g} after {} steps, wanted {:g}",
                             out.work.difference.error, out.steps, options.error);
  }
  return out;
}

template <class T>
IntegrationFreeEnergy free_energy_by_integration(const AnnealingPlan& plan,
                                                 const FreeEnergyOptions& options,
                                                 std::uint64_t seed) {
  const IntegrationOptions wanted{options.sampler, options.error, 2 * cap(options),
                                  options.progress};
  auto result = integrate_path<T>(plan, wanted, seed);
  shift(result.difference, uncoupled_free_energy(plan.path.from));
  return result;
}

CombinedFreeEnergy combine(const WorkFreeEnergy& work, const IntegrationFreeEnergy& integration) {
  const Estimate &x = work.work.difference, &y = integration.difference;
  CombinedFreeEnergy out;
  // Neither error is zero but where nothing is coupled.
  const double p = std::max(x.error * x.error, 1e-300), q = std::max(y.error * y.error, 1e-300);
  out.value = {(x.value * q + y.value * p) / (p + q), std::sqrt(p * q / (p + q))};
  out.z = (x.value - y.value) / std::sqrt(p + q);
  const bool exact = std::abs(x.value - y.value) < 1e-9 * std::max(1.0, std::abs(x.value));
  if (exact) out.z = 0;
  out.ok = work.ok && integration.ok && std::abs(out.z) <= 4;
  if (!work.ok)
    out.reason = "work: " + work.reason;
  else if (!integration.ok)
    out.reason = "integration: " + integration.reason;
  else if (!out.ok)
    out.reason = fmt::format("the two routes differ by {:.1f} standard errors", std::abs(out.z));
  return out;
}

template WorkFreeEnergy free_energy_by_work(const AnnealingPlan&, const FreeEnergyOptions&,
                                            std::uint64_t, const Sampler<float>*);
template WorkFreeEnergy free_energy_by_work(const AnnealingPlan&, const FreeEnergyOptions&,
                                            std::uint64_t, const Sampler<double>*);
template IntegrationFreeEnergy free_energy_by_integration<float>(const AnnealingPlan&,
                                                                 const FreeEnergyOptions&,
                                                                 std::uint64_t);
template IntegrationFreeEnergy free_energy_by_integration<double>(const AnnealingPlan&,
                                                                  const FreeEnergyOptions&,
                                                                  std::uint64_t);

}  // namespace quartic
