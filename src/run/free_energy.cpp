#include "quartic/run/free_energy.hpp"

#include <cmath>

#include "quartic/core/error.hpp"
#include "quartic/field/projection.hpp"
#include "run/action_task.hpp"

namespace quartic {
namespace {

/// One configuration a chain of the run's sample goes from S to A.
template <class T>
FromLearned anneal_from_learned(const LearnRun& run, const Action& target, const Config& config,
                                const Team& team, const ProgressCallback& progress) {
  const Certificate& c = *run.certificate;
  std::vector<float> phi;
  const Draws& all = c.draws;
  for (int chain = 1; chain <= all.chains; ++chain) {
    const auto end = all.phi.begin() + static_cast<std::ptrdiff_t>(chain) * all.draws * all.sites;
    phi.insert(phi.end(), end - all.sites, end);
  }
  AnnealingOptions options;
  options.sampler = sampler_options(config, team);
  options.progress = progress;
  FromLearned out{{}, c.weight_ess, {}};
  out.sample = anneal_sample<T>({extend(run.action, target.graph), target}, phi, all.chains,
                                options, config.run.seed);
  const Estimate& ratio = out.sample.log_ratio;
  const Estimate& start = c.free_energy.work.difference;
  out.free_energy = {start.value - ratio.value, std::hypot(start.error, ratio.error)};
  return out;
}

template <class T>
FreeEnergies measure(const Config& config, const Action& action, double error,
                     const LearnRun* learned, const Session& session) {
  const std::uint64_t seed = config.run.seed;
  FreeEnergyOptions options;
  options.sampler = sampler_options(config, session.team);
  options.error = error;
  report_progress(session.progress("pilot"), 0);
  const auto plan = plan_from_uncoupled<T>(action, options.sampler, seed);
  options.progress = session.progress("annealing in both directions");
  auto work = free_energy_by_work<T>(plan, options, seed);
  options.progress = session.progress("thermodynamic integration");
  auto integration = free_energy_by_integration<T>(plan, options, seed);
  std::optional<FromLearned> third;
  if (learned && learned->certificate)
    third = anneal_from_learned<T>(*learned, action, config, session.team,
                                   session.progress("annealing from S to A"));
  auto combined = combine(work, integration);
  return {std::move(third), std::move(work), std::move(integration), std::move(combined)};
}

}  // namespace

FreeEnergies free_energies(const Config& config, const Action& action, double error,
                           const LearnRun* learned, const Session& session) {
  require_normalisable(action);
  return with_precision(chosen_precision(config.sampler.precision, action), [&]<class T>() {
    return measure<T>(config, action, error, learned, session);
  });
}

Action target_action(const Config& config, const std::shared_ptr<const Graph>& graph) {
  auto action = target_as_action(config.target, graph);
  if (action) return std::move(*action);
  throw BadInput(
      "this target is no action: a term of it is no product of two fields, phi, phi2 "
      "or phi4, or its coupling is complex",
      "without --to-target: the free energy of the action S; F_A then follows by "
      "reweighting");
}

}  // namespace quartic
