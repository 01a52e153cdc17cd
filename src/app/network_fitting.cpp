#include "app/network_fitting.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "app/network_session.hpp"
#include "app/number.hpp"
#include "app/report.hpp"
#include "quartic/network/evaluation.hpp"

namespace quartic::app {
namespace {

TrainingOptions training_options(const Config& config) {
  TrainingOptions options = config.training;
  options.threads = config.run.threads;
  return options;
}

/// The first rows, at most so many; none of no source.
std::vector<float> first_values(const SharedSource& source, int most) {
  if (!source) return {};
  std::vector<std::size_t> rows(std::min(source->rows(), static_cast<std::size_t>(most)));
  std::iota(rows.begin(), rows.end(), 0);
  std::vector<float> values(rows.size() * source->columns());
  source->read(rows, values);
  return values;
}

}  // namespace

TrainerFace::TrainerFace(const NetworkRun& run, const NetworkData& data)
    : trainer_(data.learned, data.moments, run.network, training_options(run.config),
               run.config.run.seed) {}

void NetworkSession::advance() {
  const TrainRow row = learner_.step();
  run_.history.push_back(row);
  const int every = run_.config.evaluation.every;
  if (every > 0 && row.epoch % every == 0 && row.epoch < run_.config.training.epochs) {
    store();
    judge();
  }
}

Status NetworkSession::status() const {
  const TrainRow& row = run_.history.back();
  std::string numbers =
      fmt::format("F data {}  chains {}  moments {:.1f}  |dw| {:.2g}",
                  with_error(row.data_free_energy.value, row.data_free_energy.error),
                  with_error(row.model_free_energy.value, row.model_free_energy.error),
                  row.moment_score, row.gradient_norm);
  if (row.log_z.error > 0) {
    numbers += fmt::format("  ln p {}",
                           with_error(-row.data_free_energy.value - row.log_z.value,
                                      std::hypot(row.data_free_energy.error, row.log_z.error)));
  } else if (!run_.evaluations.empty()) {
    const auto& value = run_.evaluations.back().train.value;
    numbers += fmt::format("  ln p {}", with_error(value.value, value.error));
  }
  return {.unit = "epoch",
          .first = first_epoch(),
          .done = row.epoch,
          .total = run_.config.training.epochs,
          .may_stop_early = false,
          .numbers = std::move(numbers),
          .event = to_json(row)};
}

/// The network of the run, by the learner's chains.
void NetworkSession::judge() {
  const Network& network = run_.network;
  const std::uint64_t seed = run_.config.run.seed;
  LogZOptions options = run_.config.evaluation.of_network();
  options.threads = run_.config.run.threads;
  options.progress = [this](double done) { progress_.part("evaluation", done); };
  NetworkEvaluation evaluation;
  evaluation.epoch = run_.history.empty() ? 0 : run_.history.back().epoch;
  evaluation.log_z = estimate_log_z<float>(path(), options, seed, learner_.chain_values());
  evaluation.train = log_likelihood(network, data_.rows, evaluation.log_z, options.threads);
  evaluation.reconstruction = reconstruction_error(network, data_.rows, seed, options.threads);
  if (!data_.held_out.empty()) {
    evaluation.held_out =
        log_likelihood(network, data_.held_out, evaluation.log_z, options.threads);
    evaluation.free_energy_gap =
        free_energy_gap(network, data_.rows, data_.held_out, options.threads);
  }
  evaluation.singular = singular_values(network);
  run_.evaluations.push_back(std::move(evaluation));
}

/// Along the training where its snapshots were kept, else by temperature.
NetworkPath NetworkSession::path() const {
  const auto& snapshots = learner_.snapshots();
  if (!snapshots.empty()) return trajectory(snapshots, run_.network);
  return {base_network(run_.network, data_.moments, data_.rows), run_.network};
}

void NetworkSession::conclude() {
  if (!run_.draws.empty()) return;
  // From the saved state, where a run killed while evaluation would begin again.
  learner_.restore(run_.checkpoint);
  judge();
  progress_.note("drawing samples");
  draw();
  complete();
  write();
}

void NetworkSession::draw() {
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
  const auto start = Clock::now();
  ColumnMoments moments = column_moments(*rows.drawn);
  const double seconds = since(start);
  const int judged = config.evaluation.rows;
  return {rows.learned, std::move(moments), first_values(rows.drawn, judged),
          first_values(rows.held_out, judged), seconds};
}

NetworkRun new_network_run(const Config& config, const NetworkData& data, FitData known,
                           const Globals& globals) {
  StartOptions options;
  options.seed = config.run.seed;
  const auto& model = config.model;
  known.pass_seconds = data.pass_seconds;
  return {.config = config,
          .provenance = make_provenance(globals.command, config.run.seed),
          .network = initial_network(model.visible, model.hidden_unit(0),
                                     model.hidden_units.front(), data.moments, options),
          .data = std::move(known),
          .history = {},
          .evaluations = {},
          .stop_reason = StopReason::running,
          .draws = {},
          .checkpoint = {}};
}

ErrorCode network_run(NetworkRun& run, const NetworkData& data, const std::filesystem::path& file,
                      bool resumed, double max_hours, const Globals& globals) {
  catch_signals();
  const ErrorCode code = NetworkSession(run, data, file, max_hours, globals).go(resumed);
  if (code == ErrorCode::ok) print_summary(run, file, globals);
  return code;
}

}  // namespace quartic::app
