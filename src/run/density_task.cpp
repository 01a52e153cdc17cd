#include "run/density_task.hpp"

#include <algorithm>
#include <memory>
#include <utility>

#include "quartic/data/views.hpp"
#include "quartic/network/start.hpp"
#include "quartic/run/learning_way.hpp"
#include "run/network_evaluation.hpp"

namespace quartic {
namespace {

std::vector<double> all_rows(const DataSource& source) {
  const auto rows = read_rows(source, 0, source.rows());
  return {rows.begin(), rows.end()};
}

std::vector<double> rows_of_race(const DataSource& source) {
  const auto rows = spread_rows(source, start_rows(source.columns()));
  return {rows.begin(), rows.end()};
}

std::vector<ScalingMethod> scalings(const Config& config) {
  const ScalingMethod scaling = config.data.scaling;
  if (scaling == ScalingMethod::automatic) return DensityOptions{}.scalings;
  // Others: the rows come in the units that were asked for.
  return {scaling >= ScalingMethod::power ? scaling : ScalingMethod::none};
}

DensityOptions with_limits(DensityOptions o, const NetworkRun& run) {
  constexpr int iterations_in_round = 10;
  const Config& config = run.config;
  o.names = run.data.names;
  o.ridge = config.exact.ridge;
  if (o.rounds > 0) o.rounds = std::max(config.exact.iterations / iterations_in_round, 1);
  o.threads = config.run.threads;
  return o;
}

DensityOptions density_options(const Config& config) {
  const ModelConfig& model = config.model;
  DensityOptions o;
  o.visible = model.visible, o.hidden = model.hidden_unit(0);
  o.hidden_units = model.hidden_units.front();
  o.gates = model.gates.value_or(true);
  o.scalings = scalings(config);
  return o;
}

/// Rows in other units, in memory where that costs more than reading them.
SharedSource in_units(const SharedSource& source, const DataScaling& scaling) {
  if (scaling.by_column()) return scaled(source, scaling);
  auto rows = read_rows(*source, 0, source->rows());
  scaling.to_model(std::span(rows), source->columns());
  return std::make_shared<ArraySource>(std::move(rows), source->columns());
}

}  // namespace

DensityTask::DensityTask(NetworkRun& run, const NetworkData& data)
    : DensityTask(run, data, all_rows(*data.learned), density_options(run.config)) {}

DensityTask::DensityTask(NetworkRun& run, const NetworkData& data, std::vector<double> rows,
                         const DensityOptions& options)
    : run_(run),
      data_(data),
      learner_(rows, data.learned->columns(), with_limits(options, run), run.config.run.seed) {
  if (begun(run)) learner_.restore(run.density.state);
  first_ = learner_.rounds();
}

std::optional<std::int64_t> DensityTask::rewind() {
  learner_.restore(marked_);
  return learner_.rounds();
}

/// What the candidates know is in the units that the data were opened in.
void DensityTask::save() {
  run_.density.choice = learner_.choice();
  run_.density.state = marked_;
  DensityChoice& choice = run_.density.choice;
  const double jacobian = data_.outer.log_jacobian(data_.learned->columns());
  for (DensityCandidate& one : choice.candidates)
    for (double& value : one.held_out) value += jacobian;
  choice.held_out.value += jacobian;
}

void DensityTask::finish(const Session& session) {
  while (!learner_.finished()) learner_.step(session.going_on());
}

void DensityTask::take(const DensityFit& fit, Network network) {
  run_.network = std::move(network);
  if (run_.data.scaling != data_.outer) return;  // it was taken before
  const auto columns = data_.learned->columns();
  fit.scaling.to_model(std::span(run_.data.examples), columns);
  run_.data.scaling = composed(data_.outer, fit.scaling, columns);
}

bool DensityTask::conclude(const Session& session) {
  if (!run_.draws.empty()) return false;
  finish(session);
  const DensityFit fit = learner_.fit();
  const auto columns = data_.learned->columns();
  const auto in_model_units = [&](std::vector<float> rows) {
    fit.scaling.to_model(std::span(rows), columns);
    return rows;
  };
  const auto rows = in_model_units(data_.rows), held_out = in_model_units(data_.held_out);
  take(fit, fit.network);
  const ColumnMoments moments = column_moments(ArraySource(rows, columns));
  const NetworkPath path{base_network(run_.network, moments, rows), run_.network};
  const std::vector<double> start(rows.begin(), rows.end());
  run_.evaluations = {evaluate_network(run_, path, start, rows, held_out, session)};
  draw_rows(run_, start, session);
  return true;
}

StopReason DensityTask::stop_reason() const {
  if (!learner_.finished()) return StopReason::running;
  return learner_.choice().best().improving ? StopReason::epochs_exhausted : StopReason::converged;
}

Step DensityTask::step() const {
  return {.unit = "round",
          .first = first_,
          .done = learner_.rounds(),
          .total = learner_.rounds() + learner_.rounds_left()};
}

/// Of the best candidate so far.
Metrics DensityTask::metrics() const {
  const Estimate held_out = learner_.choice().held_out;
  const double jacobian = data_.outer.log_jacobian(data_.learned->columns());
  return {{"held_out", held_out.value + jacobian, held_out.error}};
}

StartTask::StartTask(NetworkRun& run, const NetworkData& data)
    : DensityTask(run, data, rows_of_race(*data.learned),
                  start_options(wanted_network(run.config, data.learned->columns()),
                                scalings(run.config))) {
  run.density.start = true;
}

bool StartTask::conclude(const Session& session) {
  finish(session);
  mark(), save();
  take(learner_.fit(), start().network);
  run_.stop_reason = StopReason::running;
  return true;
}

StartTask::Start StartTask::start() const {
  const DensityFit fit = learner_.fit();
  const auto columns = data_.learned->columns();
  NetworkRows rows;
  rows.learned = rows.drawn = in_units(data_.learned, fit.scaling);
  if (!data_.held_out.empty())
    rows.held_out = in_units(std::make_shared<ArraySource>(data_.held_out, columns), fit.scaling);
  const Config& config = run_.config;
  NetworkData data = network_data(config, rows, composed(data_.outer, fit.scaling, columns));
  Network network =
      chain_start(fit, config.model.hidden_unit(0), config.model.units(0, rows.learned->rows()),
                  data.moments, config.run.seed);
  return {std::move(data), std::move(network)};
}

}  // namespace quartic
