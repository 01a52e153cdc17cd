#include "run/density_task.hpp"

#include <algorithm>

#include "quartic/network/exact.hpp"
#include "quartic/network/sampler.hpp"
#include "quartic/network/start.hpp"
#include "run/network_evaluation.hpp"

namespace quartic {
namespace {

std::vector<double> all_rows(const DataSource& source) {
  const auto rows = read_rows(source, 0, source.rows());
  return {rows.begin(), rows.end()};
}

DensityOptions density_options(const Config& config, const std::vector<std::string>& names) {
  constexpr int iterations_in_round = 10;
  const ModelConfig& model = config.model;
  DensityOptions o;
  o.visible = model.visible, o.hidden = model.hidden_unit(0);
  o.hidden_units = model.hidden_units.front();
  o.names = names;
  o.gates = model.gates.value_or(true);
  const ScalingMethod scaling = config.data.scaling;
  if (scaling >= ScalingMethod::power)
    o.scalings = {scaling};
  else if (scaling != ScalingMethod::automatic)
    o.scalings = {ScalingMethod::none};  // the rows come in the units that were asked for
  o.ridge = config.exact.ridge;
  o.rounds = std::max(config.exact.iterations / iterations_in_round, 1);
  o.threads = config.run.threads;
  return o;
}

}  // namespace

DensityTask::DensityTask(NetworkRun& run, const NetworkData& data)
    : run_(run),
      data_(data),
      learner_(all_rows(*data.learned), data.learned->columns(),
               density_options(run.config, run.data.names), run.config.run.seed) {
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

bool DensityTask::conclude(const Session& session) {
  if (!run_.draws.empty()) return false;
  while (!learner_.finished()) learner_.step(session.going_on());
  const DensityFit fit = learner_.fit();
  const auto columns = data_.learned->columns();
  const auto in_model_units = [&](std::vector<float> rows) {
    fit.scaling.to_model(std::span(rows), columns);
    return rows;
  };
  const auto rows = in_model_units(data_.rows), held_out = in_model_units(data_.held_out);
  run_.network = fit.network;
  run_.data.scaling = composed(data_.outer, fit.scaling, columns);
  run_.data.examples = in_model_units(std::move(run_.data.examples));
  const ColumnMoments moments = column_moments(ArraySource(rows, columns));
  const NetworkPath path{base_network(run_.network, moments, rows), run_.network};
  const std::vector<double> start(rows.begin(), rows.end());
  run_.evaluations = {evaluate_network(run_, path, start, rows, held_out, session)};
  report_progress(session.progress("drawing samples"), 0);
  draw(start);
  return true;
}

/// Independent where that is possible, else by Gibbs sampling from the rows.
void DensityTask::draw(const std::vector<double>& rows) {
  constexpr int chains = 256, sweeps = 500;
  const std::uint64_t seed = run_.config.run.seed;
  const int threads = run_.config.run.threads;
  std::vector<double> drawn;
  if (hidden_can_be_drawn(run_.network)) {
    drawn =
        independent_draws<float>(run_.network, chains, seed, Stream::generate, threads).visible();
  } else {
    NetworkSampler<float> sampler(run_.network, chains, seed, Stream::generate, threads);
    std::vector<double> start(chains * data_.learned->columns());
    for (std::size_t k = 0; k < start.size(); ++k) start[k] = rows[k % rows.size()];
    sampler.set_visible(start);
    sampler.sweep(sweeps);
    drawn = sampler.visible();
  }
  run_.draws.assign(drawn.begin(), drawn.end());
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

}  // namespace quartic
