#include "quartic/runfile/fit_run.hpp"

#include <utility>

#include "runfile/run_data.hpp"
#include "runfile/run_history.hpp"

namespace quartic {
namespace {

using namespace run_parts;  // NOLINT: its vocabulary

std::size_t moments_of(const Action& action) {
  using enum Freedom;
  return Parameters(action.graph, {free, free, free, free}).size();
}

template <class IO, class Score, class Of>
void score(IO& io, const std::string& prefix, Score& score, Of& evaluation, const Action& action) {
  const std::string path = "results/" + prefix;
  const std::size_t moments = moments_of(action);
  auto& likelihood = score.log_likelihood;
  auto total = likelihood.total();
  scalar(io, path + "log_likelihood", total);
  scalars_of(io, path, "log_likelihood_rows_error", likelihood.rows_error, "score_matching",
             score.score_matching, "pseudo_likelihood", score.pseudo_likelihood);
  estimates(io, path + "moment_data", score.moments.data, "moment", moments);
  values(io, path + "moment_z", score.moments.z, {"moment"}, moments);
  if constexpr (!writing<IO>) {
    const WorkEstimate& f = evaluation.free_energy.work;
    likelihood.value = {total.value, f.difference.error};
    likelihood.lower = total.value + f.reverse.value - f.difference.value;
    likelihood.upper = total.value + f.forward.value - f.difference.value;
    score.moments.graph = action.graph;
    score.moments.model = evaluation.train.moments.model;
    score.moments.summarise();
  }
}

template <class IO, class E>
void evaluation(IO& io, E& evaluation, const Action& action) {
  const std::size_t moments = moments_of(action);
  scalars(io, "results", evaluation.free_energy);
  scalars_of(io, "results/", "ok", evaluation.ok, "reason", evaluation.reason);
  if constexpr (writing<IO>) {
    io.count("results", "moment", moments);
    write_posterior(io, evaluation.draws);
  } else {
    evaluation.free_energy.ok = evaluation.ok, evaluation.free_energy.reason = evaluation.reason;
    if (io.has("results/held_out_log_likelihood")) evaluation.held_out.emplace();
    evaluation.draws = read_posterior(io, action.graph->visible_sites());
  }
  estimates(io, "results/moment_model", evaluation.train.moments.model, "moment", moments);
  score(io, "", evaluation.train, evaluation, action);
  if (evaluation.held_out) score(io, "held_out_", *evaluation.held_out, evaluation, action);
}

template <class IO, class Snapshots>
void snapshots(IO& io, Snapshots& snapshots, int sites) {
  const std::size_t size = static_cast<std::size_t>(snapshot_chains) * sites;
  std::vector<std::int32_t> epochs;
  std::vector<float> phi;
  for (const auto& snapshot : snapshots) {
    epochs.push_back(snapshot.epoch);
    phi.insert(phi.end(), snapshot.phi.begin(), snapshot.phi.end());
  }
  dimensions(io, "history", "snapshot", epochs);
  if constexpr (writing<IO>) {
    io.count("history", "chain", snapshot_chains);
    io.count("history", "site", sites);
  }
  values(io, "history/phi", phi, {"snapshot", "chain", "site"}, epochs.size() * size);
  if constexpr (!writing<IO>)
    for (std::size_t k = 0; k < epochs.size(); ++k)
      snapshots.push_back({epochs[k], {phi.data() + k * size, phi.data() + (k + 1) * size}});
}

/// All but head, action and evaluation.
template <class IO, class Run>
void fitted(IO& io, Run& run) {
  const int sites = run.action.graph->visible_sites();
  learner(io, run);
  data(io, run.data, sites);
  snapshots(io, run.snapshots, sites);
  scalar(io, "results/start", run.start);
  auto& s = run.checkpoint;
  dimensions_of(io, "checkpoint", run.theta_error.size(), "start_theta", s.start_theta, "last_step",
                s.last_step, "best_theta", s.best_theta);
  later_dimension(io, "mean_gradient", s.mean_gradient);
  attributes(io, "checkpoint", "weight", s.weight, "last_slope", s.last_slope, "climb_slope",
             s.climb_slope, "climb_curvature", s.climb_curvature, "gain", s.gain, "gain_variance",
             s.gain_variance, "held_out_gain", s.held_out_gain, "since_best", s.since_best,
             "since_best_variance", s.since_best_variance, "draws", s.draws, "worse_epochs",
             s.worse_epochs);
  later_attributes(io, "checkpoint", "last_rate", s.last_rate, "radius", s.radius, "global_step",
                   s.global_step, "draw_sweeps", s.sweeps);  // since layout 5
  if (run.action.graph->hidden_sites() > 0) attribute(io, "checkpoint", "climb_lead", s.climb_lead);
}

}  // namespace

bool keeps_snapshot(int epoch) {
  return (epoch & (epoch - 1)) == 0;
}

void write_run(OutputFile& file, const FitRun& run) {
  replace_run(file, [&](hdf5::Writer& out) {
    write_head(out, RunKind::fit, run.config, run.provenance);
    write_action(out, run.action);
    fitted(out, run);
    if (run.evaluation) evaluation(out, *run.evaluation, run.action);
  });
}

FitRun read_fit_run(const std::filesystem::path& file) {
  const RunReader in(file, RunKind::fit);
  Config config = in.config();
  Provenance provenance = read_provenance(in);
  Action action = read_action(in);
  FitRun run{.config = std::move(config),
             .provenance = std::move(provenance),
             .action = std::move(action)};
  fitted(in, run);
  if (in.has("results/free_energy")) evaluation(in, run.evaluation.emplace(), run.action);
  return run;
}

}  // namespace quartic
