#include "quartic/run/train.hpp"

#include <cmath>

#include "quartic/network/evaluation.hpp"
#include "quartic/run/loop.hpp"
#include "quartic/run/metrics.hpp"
#include "run/train_task.hpp"

namespace quartic {
namespace {

TrainingOptions training_options(const Config& config) {
  TrainingOptions options = config.training;
  options.threads = config.run.threads;
  return options;
}

/// The first rows, at most so many; none of no source.
std::vector<float> first_values(const SharedSource& source, int most) {
  if (!source) return {};
  return read_rows(*source, 0, static_cast<std::size_t>(most));
}

}  // namespace

TrainTask::TrainTask(NetworkRun& run, const NetworkData& data)
    : run_(run),
      data_(data),
      learner_(data.learned, data.moments, run.network, training_options(run.config),
               run.config.run.seed),
      first_(run.checkpoint.epoch) {
  if (begun(run)) learner_.restore(run.checkpoint);
}

/// Rows and evaluations of the step that is taken back go with it.
std::optional<std::int64_t> TrainTask::rewind() {
  learner_.restore(marked_);
  const auto later = [&](const auto& row) { return row.epoch > marked_.epoch; };
  std::erase_if(run_.history, later);
  std::erase_if(run_.evaluations, later);
  return marked_.epoch;
}

void TrainTask::advance(const Session& session) {
  const TrainRow row = learner_.step(session.going_on());
  run_.history.push_back(row);
  const int every = run_.config.evaluation.every;
  if (every > 0 && row.epoch % every == 0 && row.epoch < run_.config.training.epochs) {
    run_.network = learner_.network();
    evaluate(session);
  }
}

void TrainTask::save() {
  run_.network = learner_.network();
  run_.checkpoint = marked_;
}

bool TrainTask::conclude(const Session& session) {
  if (!run_.draws.empty()) return false;
  // From the saved state, where a run killed while it concludes would begin again.
  learner_.restore(run_.checkpoint);
  // An end that was interrupted may have left its own.
  const int last = run_.history.empty() ? 0 : run_.history.back().epoch;
  std::erase_if(run_.evaluations, [last](const auto& e) { return e.epoch >= last; });
  evaluate(session);
  report_progress(session.progress("drawing samples"), 0);
  draw();
  return true;
}

StopReason TrainTask::stop_reason() const {
  return learner_.finished() ? StopReason::epochs_exhausted : StopReason::running;
}

Step TrainTask::step() const {
  return {.unit = "epoch",
          .first = first_,
          .done = run_.history.empty() ? first_ : run_.history.back().epoch,
          .total = run_.config.training.epochs};
}

/// And ln p of the data, where ln Z is known.
Metrics TrainTask::metrics() const {
  const TrainRow& row = run_.history.back();
  Metrics out = metrics_of(row);
  if (row.log_z.error > 0) {
    out.push_back({"log_likelihood", -row.data_free_energy.value - row.log_z.value,
                   std::hypot(row.data_free_energy.error, row.log_z.error)});
  } else {
    std::erase_if(out, [](const Metric& metric) { return metric.name == "log_z"; });
    if (!run_.evaluations.empty()) {
      const Estimate& value = run_.evaluations.back().train.value;
      out.push_back({"log_likelihood", value.value, value.error});
    }
  }
  return out;
}

/// Along the training where its snapshots were kept, else by temperature.
NetworkPath TrainTask::path() const {
  const auto& snapshots = learner_.snapshots();
  if (!snapshots.empty()) return trajectory(snapshots, run_.network);
  return {base_network(run_.network, data_.moments, data_.rows), run_.network};
}

/// The network of the run, by the learner's chains.
void TrainTask::evaluate(const Session& session) {
  const Network& network = run_.network;
  const std::uint64_t seed = run_.config.run.seed;
  LogZOptions options = run_.config.evaluation.of_network();
  options.threads = run_.config.run.threads;
  options.progress = session.progress("evaluation");
  NetworkEvaluation out;
  out.epoch = run_.history.empty() ? 0 : run_.history.back().epoch;
  out.log_z = estimate_log_z<float>(path(), options, seed, learner_.chain_values());
  for (const auto& rows :
       {std::span<const float>(data_.rows), std::span<const float>(data_.held_out)})
    if (const auto why = contradiction(network, rows, out.log_z, options.threads))
      out.log_z.ok = false, out.log_z.reason = *why;
  out.train = log_likelihood(network, data_.rows, out.log_z, options.threads);
  out.reconstruction = reconstruction_error(network, data_.rows, seed, options.threads);
  if (!data_.held_out.empty()) {
    out.held_out = log_likelihood(network, data_.held_out, out.log_z, options.threads);
    out.free_energy_gap = free_energy_gap(network, data_.rows, data_.held_out, options.threads);
  }
  out.singular = singular_values(network);
  run_.evaluations.push_back(std::move(out));
}

void TrainTask::draw() {
  constexpr int chains = 256, sweeps = 500;
  NetworkSampler<float> sampler(run_.network, chains, run_.config.run.seed, Stream::generate,
                                run_.config.run.threads);
  const auto values = learner_.chain_values();
  const auto width = static_cast<std::size_t>(run_.network.visible.size());
  std::vector<double> start;
  for (std::size_t n = 0; n < chains * width; ++n) start.push_back(values[n % values.size()]);
  sampler.set_visible(start);
  sampler.sweep(sweeps);
  const auto draws = sampler.visible();
  run_.draws.assign(draws.begin(), draws.end());
}

NetworkRows rows_of(const DataSet& data) {
  return {data.train, data.train, data.held_out};
}

NetworkData network_data(const Config& config, const NetworkRows& rows) {
  const Clock clock;
  ColumnMoments moments = column_moments(*rows.drawn);
  const double seconds = clock.seconds();
  const int scored = config.evaluation.rows;
  return {rows.learned, std::move(moments), first_values(rows.drawn, scored),
          first_values(rows.held_out, scored), seconds};
}

NetworkRun begin_training(const Config& config, const NetworkData& data, FitData known,
                          const std::string& command) {
  StartOptions options;
  options.seed = config.run.seed;
  const auto& model = config.model;
  known.pass_seconds = data.pass_seconds;
  return {.config = config,
          .provenance = make_provenance(command, config.run.seed),
          .network = initial_network(model.visible, model.hidden_unit(0),
                                     model.hidden_units.front(), data.moments, options),
          .data = std::move(known)};
}

Outcome train(NetworkRun& run, const NetworkData& data, Store<NetworkRun>& store,
              const Session& session) {
  const bool resumed = TrainTask::begun(run);
  TrainTask task(run, data);
  return run_to_end(task, resumed, store, session);
}

}  // namespace quartic
