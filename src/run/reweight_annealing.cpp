#include "run/reweight_annealing.hpp"

#include "quartic/core/error.hpp"
#include "quartic/field/projection.hpp"
#include "quartic/field/stored_fields.hpp"

namespace quartic {
namespace {

Action real_part(std::span<const TermSpec> target, const std::shared_ptr<const Graph>& graph) {
  std::vector<TermSpec> real(target.begin(), target.end());
  for (auto& spec : real) spec.coupling = spec.coupling.real();
  auto action = target_as_action(real, graph);
  if (!action) {
    throw BadInput(
        "--anneal: the real part of this target is no action: a term of it is no product of two "
        "fields, phi, phi2 or phi4",
        "without --anneal, or to a target without that term");
  }
  require_normalisable(*action);
  return std::move(*action);
}

}  // namespace

Annealing anneal(const StoredSample& from, std::span<const TermSpec> target, int threads,
                 const ProgressCallback& progress) {
  if (!from.log_weight.empty()) {
    throw BadInput("--anneal: these configurations were annealed already",
                   "anneal the run that they came from");
  }
  const Action end = real_part(target, from.action.graph);
  AnnealingOptions options;
  options.sampler = from.config.sampler.options, options.sampler.threads = threads;
  options.progress = progress;
  const ActionPath path{extend(from.action, end.graph), end};
  const auto seed = from.config.run.seed;
  Annealing out;
  out.sample = from.config.sampler.precision == Precision::float32
                   ? anneal_sample<float>(path, from.phi, from.chains, options, seed)
                   : anneal_sample<double>(path, from.phi, from.chains, options, seed);
  const StoredFields fields{out.sample.phi, out.sample.sites};
  out.action = evaluate_action(from.action, fields, threads);
  const auto target_action = evaluate_action(end, fields, threads);
  for (std::size_t n = 0; n < target_action.size(); ++n)
    out.sample.log_weight[n] += target_action[n] - out.action[n];
  return out;
}

}  // namespace quartic
