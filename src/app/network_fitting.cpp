#include "app/network_fitting.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "app/epoch_loop.hpp"
#include "app/fitting.hpp"
#include "app/number.hpp"
#include "app/report.hpp"
#include "quartic/network/judging.hpp"

namespace quartic::app {
namespace {

TrainingOptions training_options(const Config& config) {
  TrainingOptions options = config.training;
  options.threads = config.run.threads;
  return options;
}

/// The trainer with a learner's face, and what judging needs of the data.
class NetworkLearner {
 public:
  NetworkLearner(const NetworkRun& run, const DataSet& data)
      : moments_(column_moments(*data.train)),
        trainer_(data.train, moments_, run.network, training_options(run.config),
                 run.config.run.seed) {}

  void warm_up(const std::function<void(double)>& /*progress*/) {}
  TrainingRow step() { return trainer_.step(); }
  StopReason reason() const {
    return trainer_.finished() ? StopReason::epochs_exhausted : StopReason::running;
  }
  Network network() const { return trainer_.network(); }
  std::vector<double> chain_values() const { return trainer_.chain_values(); }
  const std::vector<TrainingSnapshot>& snapshots() const { return trainer_.snapshots(); }
  const ColumnMoments& moments() const { return moments_; }
  TrainingState state() const { return trainer_.state(); }
  void restore(const TrainingState& state) { trainer_.restore(state); }

 private:
  ColumnMoments moments_;
  NetworkTrainer<float> trainer_;
};

/// The first rows, at most so many.
std::vector<float> rows_of(const DataSource& source, std::size_t most) {
  std::vector<std::size_t> rows(std::min(source.rows(), most));
  std::iota(rows.begin(), rows.end(), 0);
  std::vector<float> values(rows.size() * source.columns());
  source.read(rows, values);
  return values;
}

class Session : public EpochLoop<NetworkRun, NetworkLearner> {
 public:
  Session(NetworkRun& run, const DataSet& data, std::filesystem::path file, double max_hours,
          const Globals& globals)
      : EpochLoop(run, NetworkLearner(run, data), std::move(file), max_hours, globals),
        rows_(rows_of(*data.train, most_rows())) {
    if (data.held_out) held_out_ = rows_of(*data.held_out, most_rows());
  }

 private:
  std::size_t most_rows() const { return static_cast<std::size_t>(run_.config.judging.rows); }

  void advance() override {
    const TrainingRow row = learner_.step();
    run_.history.push_back(row);
    const int every = run_.config.judging.every;
    if (every > 0 && row.epoch % every == 0 && row.epoch < run_.config.training.epochs) {
      store();
      judge();
    }
  }

  void store() override { run_.network = learner_.network(); }

  Status status() const override {
    const TrainingRow& row = run_.history.back();
    std::string numbers =
        fmt::format("F data {}  chains {}  moments {:.1f}  |dw| {:.2g}",
                    with_error(row.data_free_energy.value, row.data_free_energy.error),
                    with_error(row.model_free_energy.value, row.model_free_energy.error),
                    row.moment_score, row.gradient_norm);
    if (row.log_z.error > 0) {
      numbers += fmt::format("  ln p {}",
                             with_error(-row.data_free_energy.value - row.log_z.value,
                                        std::hypot(row.data_free_energy.error, row.log_z.error)));
    } else if (!run_.judgements.empty()) {
      const auto& value = run_.judgements.back().train.value;
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
  void judge() {
    const Network& network = run_.network;
    const std::uint64_t seed = run_.config.run.seed;
    LogZOptions options = run_.config.judging.log_z;
    options.threads = run_.config.run.threads;
    options.progress = [this](double done) { progress_.part("judging", done); };
    NetworkJudgement judgement;
    judgement.epoch = run_.history.empty() ? 0 : run_.history.back().epoch;
    judgement.log_z = estimate_log_z<float>(path(network), options, seed, learner_.chain_values());
    judgement.train = log_likelihood(network, rows_, judgement.log_z, options.threads);
    judgement.reconstruction = reconstruction_error(network, rows_, seed, options.threads);
    if (!held_out_.empty()) {
      judgement.held_out = log_likelihood(network, held_out_, judgement.log_z, options.threads);
      judgement.free_energy_gap = free_energy_gap(network, rows_, held_out_, options.threads);
    }
    judgement.singular = singular_values(network);
    run_.judgements.push_back(std::move(judgement));
  }

  /// Along the training where its snapshots were kept, else by temperature.
  NetworkPath path(const Network& network) const {
    const auto& snapshots = learner_.snapshots();
    if (!snapshots.empty()) return trajectory(snapshots, network);
    return {base_network(network, learner_.moments(), rows_), network};
  }

  void conclude() override {
    if (!run_.fantasies.empty()) return;
    // From the saved state, where a run killed while judging would begin again.
    learner_.restore(run_.checkpoint);
    judge();
    progress_.note("drawing samples");
    constexpr int chains = 256, sweeps = 500;
    NetworkSampler<float> sampler(run_.network, chains, run_.config.run.seed, Stream::generate,
                                  run_.config.run.threads);
    const auto values = learner_.chain_values();
    const auto width = static_cast<std::size_t>(run_.network.visible.size());
    std::vector<double> start;
    for (std::size_t n = 0; n < chains * width; ++n) start.push_back(values[n % values.size()]);
    sampler.set_visible(start);
    sampler.sweep(sweeps);
    const auto fantasies = sampler.visible();
    run_.fantasies.assign(fantasies.begin(), fantasies.end());
    write();
  }

  std::vector<float> rows_, held_out_;
};

}  // namespace

NetworkRun new_network_run(const Config& config, const DataSet& data, const Globals& globals) {
  const auto start = Clock::now();
  const auto moments = column_moments(*data.train);
  const double seconds = since(start);
  StartOptions options;
  options.seed = config.run.seed;
  return {.config = config,
          .provenance = make_provenance(globals.command, config.run.seed),
          .network = initial_network(config.model.visible, config.model.hidden,
                                     config.model.hidden_units, moments, options),
          .data = describe(data, seconds),
          .history = {},
          .judgements = {},
          .reason = StopReason::running,
          .fantasies = {},
          .checkpoint = {}};
}

ErrorCode network_run(NetworkRun& run, const DataSet& data, const std::filesystem::path& file,
                      bool resumed, double max_hours, const Globals& globals) {
  catch_signals();
  const ErrorCode code = Session(run, data, file, max_hours, globals).go(resumed);
  if (code == ErrorCode::ok) print_summary(run, file, globals);
  return code;
}

}  // namespace quartic::app
