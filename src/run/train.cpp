#include "quartic/run/train.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "network/training_epoch.hpp"
#include "quartic/core/error.hpp"
#include "quartic/run/density_learner.hpp"
#include "quartic/run/loop.hpp"
#include "quartic/run/metrics.hpp"
#include "run/density_remarks.hpp"
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

int hidden_units(const Config& config, LearningWay way, std::size_t rows, std::size_t columns) {
  const ModelConfig& model = config.model;
  return way == LearningWay::exactly && model.hidden_units.front() == 0
             ? density_units(model.hidden_unit(0), static_cast<int>(columns), rows)
             : model.units(0, rows);
}

Network first_network(const Config& config, const NetworkData& data, int units) {
  StartOptions options;
  options.seed = config.run.seed;
  return initial_network(config.model.visible, config.model.hidden_unit(0), units, data.moments,
                         options);
}

/// An end that was interrupted comes again.
void remark_once(std::vector<std::string>& remarks, std::string remark) {
  if (std::ranges::find(remarks, remark) == remarks.end()) remarks.push_back(std::move(remark));
}

PacedLearner paced(const NetworkRun& run, const NetworkData& data, const Network& start,
                   const Team& team) {
  const Config& config = run.config;
  TrainingOptions options = config.training;
  options.threads = config.run.threads;
  options.team = &team;
  return {options.epochs == 0 ? Pace::chosen : Pace::given,
          {.learned = data.learned,
           .moments = data.moments,
           .some = data.rows,
           .judged = data.held_out.empty() ? data.rows : data.held_out},
          start,
          options,
          config.run.seed};
}

}  // namespace

TrainTask::TrainTask(NetworkRun& run, const NetworkData& data, const Team& team)
    : TrainTask(run, data, first_network(run.config, data, run.network.hidden.size()), team) {}

TrainTask::TrainTask(NetworkRun& run, const NetworkData& data, const Network& start,
                     const Team& team)
    : run_(run),
      data_(data),
      learner_(paced(run, data, start, team)),
      first_(run.checkpoint.epoch) {
  if (begun(run)) learner_.restore(run.checkpoint, run.pace);
}

/// Rows and evaluations of the step that is taken back go with it.
std::optional<std::int64_t> TrainTask::rewind() {
  learner_.restore(marked_, marked_pace_);
  const auto later = [&](const auto& row) { return row.epoch > marked_.epoch; };
  std::erase_if(run_.history, later);
  std::erase_if(run_.evaluations, later);
  return marked_.epoch;
}

void TrainTask::advance(const Session& session) {
  const auto row = learner_.step(session.going_on());
  if (!row) {  // it begins again
    run_.history.clear(), run_.evaluations.clear();
    return;
  }
  run_.history.push_back(*row);
  const int every = run_.config.evaluation.every;
  if (every > 0 && row->epoch % every == 0 && !learner_.finished()) {
    run_.network = learner_.learner().network();
    evaluate(session);
  }
}

void TrainTask::save() {
  run_.network =
      run_.stop_reason == StopReason::running ? learner_.learner().network() : learner_.network();
  run_.checkpoint = marked_;
  run_.pace = marked_pace_;
}

bool TrainTask::conclude(const Session& session) {
  if (!run_.draws.empty()) return false;
  // From the saved state, where a run killed while it concludes would begin again.
  learner_.restore(run_.checkpoint, run_.pace);
  if (run_.density.start && learner_.keeps_best() && !learner_.watch()->gained())
    remark_once(run_.density.choice.remarks,
                "chains found nothing better than what fewer units learn exactly, where they "
                "began: hidden_units = \"auto\", hidden = \"binary\" is as good and cheaper");
  // An end that was interrupted may have left its own.
  const int last = run_.history.empty() ? 0 : run_.history.back().epoch;
  std::erase_if(run_.evaluations, [last](const auto& e) { return e.epoch >= last; });
  evaluate(session);
  draw_rows(run_, learner_.learner().chain_values(), session);
  return true;
}

StopReason TrainTask::stop_reason() const {
  if (!learner_.finished()) return StopReason::running;
  const bool rests = learner_.keeps_best() && !learner_.watch()->rising();
  return rests ? StopReason::held_out_worse : StopReason::epochs_exhausted;
}

Step TrainTask::step() const {
  Step step{.unit = "epoch", .first = first_};
  step.done = run_.history.empty() ? first_ : run_.history.back().epoch;
  step.total = learner_.learner().options().epochs;
  step.may_stop_early = learner_.watch() != nullptr;
  return step;
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
  const auto& snapshots = learner_.learner().snapshots();
  if (!snapshots.empty()) return trajectory(snapshots, run_.network);
  return {base_network(run_.network, data_.moments, data_.rows), run_.network};
}

/// The network of the run, by the learner's chains.
void TrainTask::evaluate(const Session& session) {
  run_.evaluations.push_back(evaluate_network(run_, path(), learner_.learner().chain_values(),
                                              data_.rows, data_.held_out, session));
}

NetworkRows rows_of(const DataSet& data) {
  return {data.train, data.train, data.held_out};
}

WantedNetwork wanted_network(const Config& config, std::size_t columns) {
  const ModelConfig& model = config.model;
  return {model.visible, model.hidden_unit(0), model.hidden_units.front(), columns,
          model.noise > 0};
}

LearningWay way_of(const Config& config, std::size_t rows, std::size_t columns) {
  constexpr std::size_t fewest_rows = 8;
  const ModelConfig& model = config.model;
  const bool wanted =
      model.kind == ModelKind::network && config.training.epochs == 0 && config.training.rungs <= 1;
  const LearningWay way =
      wanted ? learning_way(wanted_network(config, columns)) : LearningWay::chains;
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
  if (gates && way != LearningWay::exactly)
    throw BadInput("gates are learned without chains alone, where ln Z is exact",
                   "at most 14 hidden units, or two columns; [training] epochs = \"auto\", "
                   "rungs = 1");
  return way;
}

std::optional<LearningWay> way_begun(const NetworkRun& run) {
  if (run.density.start) return LearningWay::chains_from_exact;
  if (run.exact()) return LearningWay::exactly;
  if (TrainTask::begun(run)) return LearningWay::chains;
  return {};
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
  const std::size_t rows = data.learned->rows(), columns = data.learned->columns();
  const LearningWay way = way_of(config, rows, columns);
  Network network = first_network(config, data, hidden_units(config, way, rows, columns));
  // What begins exactly says so itself.
  if (way == LearningWay::chains && !network.visible.discrete())
    if (auto same = remark_on_copies(rows_to_remark_on(*data.learned), columns); !same.empty())
      known.remarks.push_back(std::move(same));
  if (!data.held_out.empty())
    require_values(network.visible.unit, column_moments(ArraySource(data.held_out, columns)));
  return {.config = config,
          .provenance = std::move(provenance),
          .network = std::move(network),
          .data = std::move(known)};
}

namespace {

/// From the start that a smaller density is, whose race comes first.
Outcome train_from_exact(NetworkRun& run, const NetworkData& data, Store<NetworkRun>& store,
                         const Session& session) {
  const bool raced = TrainTask::begun(run), resumed = DensityTask::begun(run);
  StartTask race(run, data);
  if (!raced && run_part(race, resumed, store, session) == Outcome::interrupted) {
    session.observer.ended(Outcome::interrupted);
    return Outcome::interrupted;
  }
  const StartTask::Start start = race.start();
  TrainTask task(run, start.data, start.network, session.team);
  return run_to_end(task, raced, store, session);
}

}  // namespace

Outcome train(NetworkRun& run, const NetworkData& data, Store<NetworkRun>& store,
              const Session& session) {
  const std::size_t rows = data.learned->rows(), columns = data.learned->columns();
  const auto begun = way_begun(run);
  const LearningWay way = begun ? *begun : way_of(run.config, rows, columns);
  if (session.team.several() && way == LearningWay::exactly)
    throw BadInput("a network that is learned exactly is for one rank",
                   "start it without mpirun; or let chains learn it, with a number of "
                   "training.epochs");
  TrainingOptions options = run.config.training;
  options.team = &session.team;
  require_work_for_all(sized(options, rows));
  if (way == LearningWay::chains_from_exact) return train_from_exact(run, data, store, session);
  if (way == LearningWay::exactly) {
    const bool resumed = DensityTask::begun(run);
    DensityTask task(run, data);
    return run_to_end(task, resumed, store, session);
  }
  const bool resumed = TrainTask::begun(run);
  TrainTask task(run, data, session.team);
  return run_to_end(task, resumed, store, session);
}

}  // namespace quartic
