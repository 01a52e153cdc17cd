#include <fmt/format.h>

#include "quartic/run/data.hpp"
#include "quartic/run/loop.hpp"
#include "quartic/run/train.hpp"
#include "run/train_task.hpp"

namespace quartic {
namespace {

/// Rows that are held out draw from other streams than those that are not.
RowStreams held_out_streams(std::uint64_t seed) {
  return {seed, std::uint64_t{1} << 47};
}

/// The hidden units that a network gives all rows of a source, in memory.
SharedSource hidden_rows(const SharedSource& source, const Network& network, UnitValues values,
                         const RowStreams& streams, int threads) {
  if (!source) return nullptr;
  constexpr std::size_t piece = 4096;
  std::vector<float> out;
  for_each_batch(*source, piece, [&](std::span<float> rows, std::size_t begin) {
    const auto hidden =
        hidden_values(network, rows, values, {streams.seed, streams.first + begin}, threads);
    out.insert(out.end(), hidden.begin(), hidden.end());
  });
  return std::make_shared<ArraySource>(std::move(out), network.hidden.size());
}

/// The rows of the layer above a trained one.
NetworkRows rows_above(const StackRun& run, int layer, const NetworkRows& below) {
  const Network& network = run.layers[layer].network;
  const auto& config = run.config;
  const auto above = [&](const SharedSource& source, UnitValues values, const RowStreams& streams) {
    return hidden_rows(source, network, values, streams.of_layer(layer), config.run.threads);
  };
  NetworkRows rows;
  rows.drawn = above(below.drawn, UnitValues::samples, {config.run.seed});
  rows.learned = config.model.features == UnitValues::samples
                     ? rows.drawn
                     : above(below.learned, UnitValues::expectations, {config.run.seed});
  rows.held_out = above(below.held_out, UnitValues::samples, held_out_streams(config.run.seed));
  return rows;
}

FitData describe_layer(const StackRun& run, int layer, const NetworkRows& rows) {
  const Layer& below = run.layers[layer - 1].network.hidden;
  DataSet set;
  set.train = rows.drawn;
  set.held_out = rows.held_out;
  set.row_shape = {rows.drawn->columns()};
  set.description =
      fmt::format("{} of the {} {} hidden units of layer {}",
                  run.config.model.features == UnitValues::samples ? "draws" : "expectations",
                  below.size(), name(below.unit), layer);
  return describe(set, 0);
}

/// Keeps one layer by keeping the whole stack.
class LayerStore : public Store<NetworkRun> {
 public:
  LayerStore(StackRun& stack, Store<StackRun>& store) : stack_(stack), store_(store) {}
  void write(const NetworkRun& layer) override {
    stack_.provenance.seconds = layer.provenance.seconds;
    store_.write(stack_);
  }
  std::string place() const override { return store_.place(); }

 private:
  StackRun& stack_;
  Store<StackRun>& store_;
};

/// One layer, which concludes with what the stack up to it makes of the data.
class LayerTask : public TrainTask {
 public:
  LayerTask(StackRun& stack, int layer, const NetworkData& data, const NetworkData& rows_of_data,
            const Team& team)
      : TrainTask(stack.layers[layer], data, team),
        stack_(stack),
        layer_(layer),
        rows_of_data_(rows_of_data) {}

  bool conclude(const Session& session) {
    if (!TrainTask::conclude(session)) return false;
    stack_.bounds.resize(layer_);
    stack_.bounds.push_back(bound());
    if (layer_ + 1 == stack_.config.model.layers()) draw_rows();
    return true;
  }

  Step step() const {
    Step step = TrainTask::step();
    step.layer = layer_ + 1, step.layers = stack_.config.model.layers();
    return step;
  }

 private:
  StackBound bound() const {
    const DeepStack networks = stack_.stack();
    const std::uint64_t seed = stack_.config.run.seed;
    const auto& log_z = run().evaluations.back().log_z;
    const int threads = stack_.config.run.threads;
    StackBound out{networks.bound(rows_of_data_.rows, log_z, {seed}, threads), {}};
    if (!rows_of_data_.held_out.empty())
      out.held_out = networks.bound(rows_of_data_.held_out, log_z, held_out_streams(seed), threads);
    return out;
  }

  void draw_rows() {
    const std::vector<double> start(run().draws.begin(), run().draws.end());
    stack_.draws = stack_.stack().generate(start, 1, UnitValues::samples, stack_.config.run.seed,
                                           stack_.config.run.threads);
  }

  StackRun& stack_;
  int layer_;
  const NetworkData& rows_of_data_;
};

void begin_layer(StackRun& run, const NetworkData& data, FitData known) {
  const int layer = static_cast<int>(run.layers.size());
  run.layers.push_back(begin_training(layer_config(run.config, layer), data, std::move(known),
                                      run.provenance.command));
  run.layers.back().provenance = run.provenance;
}

}  // namespace

StackRun begin_stack(const Config& config, const std::string& command) {
  Provenance provenance = make_provenance(command, config.run.seed);
  return {.config = config, .provenance = std::move(provenance)};
}

Outcome train(StackRun& run, const DataSet& data, Store<StackRun>& store, const Session& session) {
  NetworkRows rows = rows_of(data);
  const NetworkData data_of_first = network_data(run.config, rows);
  const int layers = run.config.model.layers();
  run.layers.reserve(layers);
  LayerStore layer_store(run, store);
  Outcome outcome = Outcome::finished;
  for (int layer = 0; layer < layers; ++layer) {
    const bool begun = layer < static_cast<int>(run.layers.size());
    if (!begun || run.layers[layer].draws.empty()) {
      const NetworkData learned = layer == 0 ? data_of_first : network_data(run.config, rows);
      if (!begun)
        begin_layer(run, learned,
                    layer == 0 ? describe(data, 0) : describe_layer(run, layer, rows));
      LayerTask task(run, layer, learned, data_of_first, session.team);
      outcome = run_part(task, begun, layer_store, session);
      if (outcome == Outcome::interrupted) break;
    }
    if (layer + 1 < layers) rows = rows_above(run, layer, rows);
  }
  session.observer.ended(outcome);
  return outcome;
}

}  // namespace quartic
