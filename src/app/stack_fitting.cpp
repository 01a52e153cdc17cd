#include "app/stack_fitting.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "app/fitting.hpp"
#include "app/network_session.hpp"
#include "app/report.hpp"

namespace quartic::app {
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
  std::vector<float> out, rows;
  for (std::size_t begin = 0; begin < source->rows(); begin += piece) {
    std::vector<std::size_t> wanted(std::min(piece, source->rows() - begin));
    std::iota(wanted.begin(), wanted.end(), begin);
    rows.resize(wanted.size() * source->columns());
    source->read(wanted, rows);
    const auto hidden =
        hidden_values(network, rows, values, {streams.seed, streams.first + begin}, threads);
    out.insert(out.end(), hidden.begin(), hidden.end());
  }
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

/// The session of one layer, which writes the whole stack.
class LayerSession : public NetworkSession {
 public:
  LayerSession(StackRun& stack, int layer, const NetworkData& data, const NetworkData& rows_of_data,
               std::filesystem::path file, double max_hours, const Globals& globals)
      : NetworkSession(stack.layers[layer], data, std::move(file), max_hours, globals),
        stack_(stack),
        layer_(layer),
        rows_of_data_(rows_of_data) {}

 private:
  void write_file() override {
    stack_.provenance.seconds = run_.provenance.seconds;
    write_run(file_, stack_);
  }

  Status status() const override {
    Status status = NetworkSession::status();
    const int layers = stack_.config.model.layers();
    status.numbers = fmt::format("layer {} of {}  {}", layer_ + 1, layers, status.numbers);
    status.event["layer"] = layer_ + 1;
    return status;
  }

  void complete() override {
    stack_.bounds.resize(layer_);
    stack_.bounds.push_back(bound());
    if (layer_ + 1 == stack_.config.model.layers()) draw_rows();
  }

  StackBound bound() const {
    const DeepStack networks = stack_.stack();
    const std::uint64_t seed = stack_.config.run.seed;
    const auto& log_z = run_.evaluations.back().log_z;
    const int threads = stack_.config.run.threads;
    StackBound out{networks.bound(rows_of_data_.rows, log_z, {seed}, threads), {}};
    if (!rows_of_data_.held_out.empty())
      out.held_out = networks.bound(rows_of_data_.held_out, log_z, held_out_streams(seed), threads);
    return out;
  }

  void draw_rows() {
    const std::vector<double> start(run_.draws.begin(), run_.draws.end());
    stack_.draws = stack_.stack().generate(start, 1, UnitValues::samples, stack_.config.run.seed,
                                           stack_.config.run.threads);
  }

  StackRun& stack_;
  int layer_;
  const NetworkData& rows_of_data_;
};

void begin_layer(StackRun& run, const NetworkData& data, FitData known, const Globals& globals) {
  const int layer = static_cast<int>(run.layers.size());
  run.layers.push_back(
      new_network_run(layer_config(run.config, layer), data, std::move(known), globals));
  run.layers.back().provenance = run.provenance;
}

}  // namespace

ErrorCode stack_run(StackRun& run, const DataSet& data, const std::filesystem::path& file,
                    double max_hours, const Globals& globals) {
  catch_signals();
  const auto start = Clock::now();
  NetworkRows rows = rows_of(data);
  const NetworkData data_of_first = network_data(run.config, rows);
  run.layers.reserve(run.config.model.layers());
  for (int layer = 0; layer < run.config.model.layers(); ++layer) {
    const bool begun = layer < static_cast<int>(run.layers.size());
    if (!begun || run.layers[layer].draws.empty()) {
      const NetworkData learned = layer == 0 ? data_of_first : network_data(run.config, rows);
      if (!begun)
        begin_layer(run, learned, layer == 0 ? describe(data, 0) : describe_layer(run, layer, rows),
                    globals);
      const double hours = max_hours - since(start) / 3600;
      const ErrorCode code =
          LayerSession(run, layer, learned, data_of_first, file, hours, globals).go(begun);
      if (code != ErrorCode::ok) return code;
    }
    if (layer + 1 < run.config.model.layers()) rows = rows_above(run, layer, rows);
  }
  print_summary(run, file, globals);
  return ErrorCode::ok;
}

}  // namespace quartic::app
