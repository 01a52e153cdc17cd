#include "quartic/runfile/fit_run.hpp"

#include <fmt/format.h>

#include <cmath>
#include <utility>

#include "runfile/run_data.hpp"
#include "runfile/run_history.hpp"

namespace quartic {
namespace {

using namespace run_parts;  // NOLINT: its vocabulary

constexpr StateVector<LikelihoodState> fit_state_vectors[] = {
    {"w", &LikelihoodState::w},
    {"r", &LikelihoodState::r},
    {"a", &LikelihoodState::a},
    {"b", &LikelihoodState::b},
    {"theta_error", &LikelihoodState::theta_error},
    {"noise_variance", &LikelihoodState::noise_variance},
    {"first_moment", &LikelihoodState::first_moment},
    {"second_moment", &LikelihoodState::second_moment},
    {"start_theta", &LikelihoodState::start_theta},
    {"last_step", &LikelihoodState::last_step},
    {"best_theta", &LikelihoodState::best_theta},
};

struct StateNumber {
  const char* name;
  double LikelihoodState::*value;
};
constexpr StateNumber state_numbers[] = {
    {"weight", &LikelihoodState::weight},
    {"last_slope", &LikelihoodState::last_slope},
    {"climb_slope", &LikelihoodState::climb_slope},
    {"climb_curvature", &LikelihoodState::climb_curvature},
    {"gain", &LikelihoodState::gain},
    {"gain_variance", &LikelihoodState::gain_variance},
    {"held_out_gain", &LikelihoodState::held_out_gain},
    {"since_best", &LikelihoodState::since_best},
    {"since_best_variance", &LikelihoodState::since_best_variance},
};
struct StateCount {
  const char* name;
  int LikelihoodState::*value;
};
constexpr StateCount state_counts[] = {
    {"epoch", &LikelihoodState::epoch},
    {"draws", &LikelihoodState::draws},
    {"quiet_epochs", &LikelihoodState::quiet_epochs},
    {"worse_epochs", &LikelihoodState::worse_epochs},
};

// ---- writing ------------------------------------------------------------------------------------

void write_estimate(hdf5::Writer& out, const std::string& name, const Estimate& estimate) {
  out.scalar(fmt::format("results/{}", name), estimate.value);
  out.scalar(fmt::format("results/{}_error", name), estimate.error);
}

void write_estimates(hdf5::Writer& out, const std::string& name,
                     const std::vector<Estimate>& estimates) {
  std::vector<double> value, error;
  for (const auto& estimate : estimates)
    value.push_back(estimate.value), error.push_back(estimate.error);
  out.write(fmt::format("results/{}", name), view(value), {"moment"});
  out.write(fmt::format("results/{}_error", name), view(error), {"moment"});
}

void write_score(hdf5::Writer& out, const std::string& prefix, const DataScore& score) {
  const auto& likelihood = score.log_likelihood;
  write_estimate(out, prefix + "log_likelihood", likelihood.total());
  out.scalar(fmt::format("results/{}log_likelihood_rows_error", prefix), likelihood.rows_error);
  write_estimate(out, prefix + "score_matching", score.score_matching);
  write_estimate(out, prefix + "pseudo_likelihood", score.pseudo_likelihood);
  write_estimates(out, prefix + "moment_data", score.moments.data);
  out.write(fmt::format("results/{}moment_z", prefix), view(score.moments.z), {"moment"});
}

void write_evaluation(hdf5::Writer& out, const Evaluation& evaluation) {
  write_scalars(out, "results", evaluation.free_energy);
  out.scalar("results/ok", static_cast<std::uint8_t>(evaluation.ok));
  out.text("results/reason", evaluation.reason);
  out.count("results", "moment", evaluation.train.moments.z.size());
  write_estimates(out, "moment_model", evaluation.train.moments.model);
  write_score(out, "", evaluation.train);
  if (evaluation.held_out) write_score(out, "held_out_", *evaluation.held_out);
}

void write_snapshots(hdf5::Writer& out, const std::vector<Snapshot>& snapshots, int sites) {
  std::vector<std::int32_t> epochs;
  std::vector<float> phi;
  for (const auto& snapshot : snapshots) {
    epochs.push_back(snapshot.epoch);
    phi.insert(phi.end(), snapshot.phi.begin(), snapshot.phi.end());
  }
  out.dimension<std::int32_t>("history", "snapshot", epochs);
  out.count("history", "chain", snapshot_chains);
  out.count("history", "site", sites);
  out.write("history/phi", view(phi), {"snapshot", "chain", "site"});
}

void write_checkpoint(hdf5::Writer& out, const FitRun& run) {
  const LikelihoodState& state = run.checkpoint;
  write_sampler(out, state.sampler, run.action.graph->sites(), run.config.sampler.precision);
  write_vectors<LikelihoodState>(out, state, fit_state_vectors);
  for (const auto& number : state_numbers)
    out.attribute("checkpoint", number.name, state.*number.value);
  for (const auto& count : state_counts)
    out.attribute("checkpoint", count.name, std::int32_t{state.*count.value});
  out.attribute("checkpoint", "warm", static_cast<std::uint8_t>(run.warmed_up));
  out.attribute("checkpoint", "reason", std::string(name(state.stop_reason)));
}

// ---- reading ------------------------------------------------------------------------------------

Estimate read_estimate(const hdf5::Reader& in, const std::string& name) {
  return {in.scalar<double>(fmt::format("results/{}", name)),
          in.scalar<double>(fmt::format("results/{}_error", name))};
}

std::vector<Estimate> read_estimates(const hdf5::Reader& in, const std::string& name,
                                     std::size_t count) {
  const auto value = in.read<double>(fmt::format("results/{}", name), count),
             error = in.read<double>(fmt::format("results/{}_error", name), count);
  std::vector<Estimate> out;
  for (std::size_t k = 0; k < count; ++k) out.push_back({value[k], error[k]});
  return out;
}

DataScore read_score(const hdf5::Reader& in, const std::string& prefix, const Action& action,
                     const std::vector<Estimate>& model, const Evaluation& evaluation) {
  DataScore score;
  auto& likelihood = score.log_likelihood;
  const WorkEstimate& f = evaluation.free_energy.work;
  const double value = in.scalar<double>(fmt::format("results/{}log_likelihood", prefix));
  likelihood.value = {value, f.difference.error};
  likelihood.lower = value + f.reverse.value - f.difference.value;
  likelihood.upper = value + f.forward.value - f.difference.value;
  likelihood.rows_error =
      in.scalar<double>(fmt::format("results/{}log_likelihood_rows_error", prefix));
  score.score_matching = read_estimate(in, prefix + "score_matching");
  score.pseudo_likelihood = read_estimate(in, prefix + "pseudo_likelihood");
  score.moments.graph = action.graph, score.moments.model = model;
  score.moments.data = read_estimates(in, prefix + "moment_data", model.size());
  score.moments.z = in.read<double>(fmt::format("results/{}moment_z", prefix), model.size());
  score.moments.summarise();
  return score;
}

Evaluation read_evaluation(const hdf5::Reader& in, const Action& action) {
  Evaluation evaluation;
  read_scalars(in, "results", evaluation.free_energy);
  evaluation.ok = in.scalar<std::uint8_t>("results/ok") != 0;
  evaluation.reason = in.text("results/reason");
  evaluation.free_energy.ok = evaluation.ok, evaluation.free_energy.reason = evaluation.reason;
  const std::size_t moments = action.graph->edge_count() + 3UL * action.graph->sites();
  const auto model = read_estimates(in, "moment_model", moments);
  evaluation.train = read_score(in, "", action, model, evaluation);
  if (in.has("results/held_out_log_likelihood"))
    evaluation.held_out = read_score(in, "held_out_", action, model, evaluation);
  evaluation.draws = read_posterior(in, action.graph->sites());
  return evaluation;
}

std::vector<Snapshot> read_snapshots(const hdf5::Reader& in, int sites) {
  const std::size_t size = static_cast<std::size_t>(snapshot_chains) * sites;
  const auto epochs = in.read<std::int32_t>("history/snapshot");
  const auto phi = in.read<float>("history/phi", epochs.size() * size);
  std::vector<Snapshot> snapshots;
  for (std::size_t k = 0; k < epochs.size(); ++k) {
    const auto* first = phi.data() + k * size;
    snapshots.push_back({epochs[k], {first, first + size}});
  }
  return snapshots;
}

void read_checkpoint(const hdf5::Reader& in, FitRun& run) {
  LikelihoodState& state = run.checkpoint;
  const Graph& graph = *run.action.graph;
  state.sampler = read_sampler(in, run.config.sampler.options, graph.sites());
  read_vectors<LikelihoodState>(in, state, graph, fit_state_vectors);
  for (const auto& number : state_numbers)
    state.*number.value = in.attribute<double>("checkpoint", number.name);
  for (const auto& count : state_counts)
    state.*count.value = in.attribute<std::int32_t>("checkpoint", count.name);
  state.stop_reason = read_word<StopReason>(in, in.text_attribute("checkpoint", "reason"));
  run.warmed_up = in.attribute<std::uint8_t>("checkpoint", "warm") != 0;
}

}  // namespace

bool keeps_snapshot(int epoch) {
  return (epoch & (epoch - 1)) == 0;
}

void write_run(const std::filesystem::path& file, const FitRun& run) {
  replace_run(file, [&](hdf5::Writer& out) {
    const int sites = run.action.graph->sites();
    write_head(out, RunKind::fit, run.config, run.provenance);
    write_action(out, run.action);
    write_parameters(out, run.parameters(), run.action, run.theta_error);
    write_data(out, run.data, sites);
    write_history(out, run.history);
    write_snapshots(out, run.snapshots, sites);
    out.scalar("results/converged",
               static_cast<std::uint8_t>(run.stop_reason == StopReason::converged));
    out.text("results/stop_reason", std::string(name(run.stop_reason)));
    out.text("results/start", run.start);
    if (run.evaluation) {
      const Evaluation& j = *run.evaluation;
      write_evaluation(out, j);
      write_posterior(out, j.draws);
    }
    write_checkpoint(out, run);
  });
}

FitRun read_fit_run(const std::filesystem::path& file) {
  const RunReader in(file, RunKind::fit);
  FitRun run{.config = in.config(),
             .provenance = read_provenance(in),
             .action = read_action(in),
             .freedom = {},
             .theta_error = {},
             .data = {},
             .start = in.text("results/start"),
             .history = {},
             .snapshots = {},
             .stop_reason = read_word<StopReason>(in, in.text("results/stop_reason")),
             .evaluation = {},
             .checkpoint = {}};
  const int sites = run.action.graph->sites();
  auto learned = read_parameters(in, run.action);
  run.freedom = learned.freedom, run.theta_error = std::move(learned.theta_error);
  run.data = read_data(in, sites);
  run.history = read_history<FitRow>(in, run.theta_error.size());
  run.snapshots = read_snapshots(in, sites);
  if (in.has("results/free_energy")) run.evaluation = read_evaluation(in, run.action);
  read_checkpoint(in, run);
  return run;
}

}  // namespace quartic
