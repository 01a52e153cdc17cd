#include "quartic/run/train.hpp"

#include <fmt/format.h>

#include <cmath>
#include <type_traits>

#include "core/packed_state.hpp"
#include "quartic/core/error.hpp"
#include "quartic/run/loop.hpp"
#include "quartic/run/metrics.hpp"
#include "run/density_task.hpp"
#include "run/network_evaluation.hpp"
#include "run/train_task.hpp"

namespace quartic {
namespace {

/// The first rows, at most so many; none of no source.
std::vector<float> first_values(const SharedSource& source, int most) {
  if (!source) return {};
  return read_rows(*source, 0, static_cast<std::size_t>(most));
}

Network first_network(const Config& config, const NetworkData& data) {
  StartOptions options;
  options.seed = config.run.seed;
  const ModelConfig& model = config.model;
  const std::size_t rows = data.learned->rows(), columns = data.learned->columns();
  int units = model.units(0, rows);
  if (model.hidden_units.front() == 0 && learns_exactly(config, rows, columns))
    units = density_units(static_cast<int>(columns), rows);
  return initial_network(model.visible, model.hidden_unit(0), units, data.moments, options);
}

}  // namespace

TrainTask::TrainTask(NetworkRun& run, const NetworkData& data)
    : run_(run),
      data_(data),
      start_(first_network(run.config, data)),
      pace_{.rate = run.config.training.rate},
      first_(run.checkpoint.epoch) {
  make_learner();
  if (begun(run)) restore(run.checkpoint, run.pace);
}

/// From the start, at the rate of now.
void TrainTask::make_learner() {
  TrainingOptions options = run_.config.training;
  options.threads = run_.config.run.threads;
  options.rate = pace_.rate;
  options.final_rate *= pace_.rate / run_.config.training.rate;
  if (automatic()) options.epochs = TrainingWatch::most_epochs;
  const std::uint64_t seed = run_.config.run.seed;
  learner_.emplace(data_.learned, data_.moments, start_, options, seed);
  if (!automatic()) return;
  const auto& judged = data_.held_out.empty() ? data_.rows : data_.held_out;
  watch_.emplace(judged, data_.rows, data_.moments, start_,
                 TrainingWatch::Options{.seed = seed, .threads = options.threads});
}

std::vector<double> TrainTask::pace() const {
  if (!automatic()) return {};
  StatePacker packer;
  Pace now = pace_;
  now.watch = watch_->state();
  now.archive(packer);
  return std::move(packer.values);
}

void TrainTask::restore(const TrainingState& state, const std::vector<double>& pace) {
  if (automatic()) {
    StateUnpacker unpacker(pace);
    pace_.archive(unpacker);
    make_learner();  // at its rate
    watch_->restore(pace_.watch, start_);
  }
  learner_->restore(state);
}

/// Rows and evaluations of the step that is taken back go with it.
std::optional<std::int64_t> TrainTask::rewind() {
  restore(marked_, marked_pace_);
  const auto later = [&](const auto& row) { return row.epoch > marked_.epoch; };
  std::erase_if(run_.history, later);
  std::erase_if(run_.evaluations, later);
  return marked_.epoch;
}

void TrainTask::advance(const Session& session) {
  try {
    const TrainRow row = learner_->step(session.going_on());
    run_.history.push_back(row);
    if (automatic()) look();
  } catch (const Diverged& error) {
    if (!automatic()) throw;
    learn_slower(error.what());
  }
  if (run_.history.empty()) return;
  const int epoch = run_.history.back().epoch;
  const int every = run_.config.evaluation.every;
  if (every > 0 && epoch % every == 0 && !over()) {
    run_.network = learner_->network();
    evaluate(session);
  }
}

bool TrainTask::over() const {
  return pace_.enough || learner_->finished();
}

void TrainTask::look() {
  const int epoch = learner_->epoch();
  const bool last = learner_->finished() || learner_->updates() >= TrainingWatch::most_updates;
  const auto verdict = watch_->after_epoch(learner_->network(), epoch, learner_->updates(), last);
  pace_.enough = verdict == TrainingWatch::Verdict::enough;
  if (verdict == TrainingWatch::Verdict::too_fast) learn_slower("ln p of held-out rows fell");
}

/// Again from the start at half the rate.
void TrainTask::learn_slower(const std::string& why) {
  constexpr int most_halvings = 14;
  if (pace_.halvings >= most_halvings)
    throw Diverged(fmt::format("{}, even at a rate of {:.3g}", why, pace_.rate),
                   "another kind of units, or other scaling of the data");
  pace_ = {.rate = pace_.rate / 2, .halvings = pace_.halvings + 1};
  run_.history.clear(), run_.evaluations.clear();
  make_learner();
}

void TrainTask::save() {
  const bool best = run_.stop_reason != StopReason::running && watch_ && watch_->last_epoch() > 0;
  run_.network = best ? watch_->best_network() : learner_->network();
  run_.checkpoint = marked_;
  run_.pace = marked_pace_;
}

bool TrainTask::conclude(const Session& session) {
  if (!run_.draws.empty()) return false;
  // From the saved state, where a run killed while it concludes would begin again.
  restore(run_.checkpoint, run_.pace);
  // An end that was interrupted may have left its own.
  const int last = run_.history.empty() ? 0 : run_.history.back().epoch;
  std::erase_if(run_.evaluations, [last](const auto& e) { return e.epoch >= last; });
  evaluate(session);
  report_progress(session.progress("drawing samples"), 0);
  draw();
  return true;
}

StopReason TrainTask::stop_reason() const {
  if (!over()) return StopReason::running;
  const bool rests = pace_.enough && watch_ && !watch_->rising();
  return rests ? StopReason::held_out_worse : StopReason::epochs_exhausted;
}

Step TrainTask::step() const {
  return {.unit = "epoch",
          .first = first_,
          .done = run_.history.empty() ? first_ : run_.history.back().epoch,
          .total = learner_->options().epochs,
          .may_stop_early = automatic()};
}

/// And ln p of the data, where ln Z is known.
Metrics TrainTask::metrics() const {
  if (run_.history.empty()) return {};  // it begins again at a lower rate
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
  const auto& snapshots = learner_->snapshots();
  if (!snapshots.empty()) return trajectory(snapshots, run_.network);
  return {base_network(run_.network, data_.moments, data_.rows), run_.network};
}

/// The network of the run, by the learner's chains.
void TrainTask::evaluate(const Session& session) {
  run_.evaluations.push_back(evaluate_network(run_, path(), learner_->chain_values(), data_.rows,
                                              data_.held_out, session));
}

void TrainTask::draw() {
  constexpr int chains = 256, sweeps = 500;
  NetworkSampler<float> sampler(run_.network, chains, run_.config.run.seed, Stream::generate,
                                run_.config.run.threads);
  const auto values = learner_->chain_values();
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

bool learns_exactly(const Config& config, std::size_t rows, std::size_t columns) {
  constexpr int most_units = 14;
  constexpr std::size_t fewest_rows = 8, quadrature_columns = 2;
  const ModelConfig& model = config.model;
  const bool wanted =
      model.kind == ModelKind::network && config.training.epochs == 0 && config.training.rungs <= 1;
  const bool gaussian = model.visible == Unit::gaussian && model.hidden_unit(0) == Unit::gaussian;
  const bool few = model.hidden_units.front() <= most_units || columns <= quadrature_columns;
  const bool possible = gaussian || (Layer(model.hidden_unit(0), 1).discrete() && few);
  if (wanted && rows < fewest_rows)
    throw BadInput(fmt::format("{} are too few to say how long to learn",
                               rows == 1 ? std::string("1 row") : fmt::format("{} rows", rows)),
                   fmt::format("give {} at least, or [training] epochs", fewest_rows));
  const bool gates = model.gates.value_or(false);
  if (gates && (Layer(model.visible, 1).discrete() || !Layer(model.hidden_unit(0), 1).discrete()))
    throw BadInput(fmt::format("gates of {} and {} units: two-valued hidden units gate the widths "
                               "of real-valued columns",
                               name(model.visible), name(model.hidden_unit(0))),
                   "[model] visible = \"quartic\" or \"gaussian\", hidden = \"binary\" or "
                   "\"spin\"; or gates = \"auto\"");
  if (gates && !(wanted && possible))
    throw BadInput("gates are learned without chains alone, where ln Z is exact",
                   fmt::format("at most {} hidden units, or two columns; [training] epochs = "
                               "\"auto\", rungs = 1",
                               most_units));
  return wanted && possible;
}

NetworkData network_data(const Config& config, const NetworkRows& rows, const DataScaling& outer) {
  const Clock clock;
  ColumnMoments moments = column_moments(*rows.drawn);
  const double seconds = clock.seconds();
  const int scored = config.evaluation.rows;
  return {rows.learned,
          std::move(moments),
          first_values(rows.drawn, scored),
          first_values(rows.held_out, scored),
          seconds,
          outer};
}

NetworkRun begin_training(const Config& config, const NetworkData& data, FitData known,
                          const std::string& command) {
  known.pass_seconds = data.pass_seconds;
  Provenance provenance = make_provenance(command, config.run.seed);
  Network network = first_network(config, data);
  return {.config = config,
          .provenance = std::move(provenance),
          .network = std::move(network),
          .data = std::move(known)};
}

Outcome train(NetworkRun& run, const NetworkData& data, Store<NetworkRun>& store,
              const Session& session) {
  const auto go = [&]<class Task>(std::type_identity<Task>) {
    const bool resumed = Task::begun(run);
    Task task(run, data);
    return run_to_end(task, resumed, store, session);
  };
  if (learns_exactly(run.config, data.learned->rows(), data.learned->columns()))
    return go(std::type_identity<DensityTask>{});
  return go(std::type_identity<TrainTask>{});
}

}  // namespace quartic
