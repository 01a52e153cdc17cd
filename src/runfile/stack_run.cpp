#include "quartic/runfile/stack_run.hpp"

#include <fmt/format.h>

#include <numeric>
#include <utility>

#include "quartic/core/random.hpp"
#include "runfile/columns.hpp"
#include "runfile/run_data.hpp"
#include "runfile/run_network.hpp"
#include "runfile/run_parts.hpp"

namespace quartic {
namespace {

using namespace run_parts;  // NOLINT: its vocabulary

std::string group_of(int layer) {
  return fmt::format("layer_{}", layer + 1);
}

/// Layers with one seed would learn from the same random numbers.
std::uint64_t layer_seed(std::uint64_t seed, int layer) {
  if (layer == 0) return seed;
  constexpr std::uint64_t layers = std::uint64_t{1} << 62;  // far from all chains
  const auto words = seed_stream(seed, Stream::start, layers + static_cast<std::uint64_t>(layer));
  return (static_cast<std::uint64_t>(words[0]) << 31) | (words[1] >> 1);  // configs hold 63 bits
}

template <class IO, class Bounds>
void bounds(IO& io, Bounds& bounds, bool held_out) {
  StackBound example;
  if (held_out) example.held_out.emplace();
  columns(io, "results", "layer", bounds, example);
}

/// Without their action, which a stack of networks does not know.
void write_fantasies(hdf5::Writer& out, const StackRun& run) {
  const auto sites = static_cast<std::size_t>(run.layers.front().network.visible.size());
  out.count("posterior", "chain", run.draws.size() / sites);
  out.count("posterior", "draw", 1);
  out.count("posterior", "site", sites);
  out.write("posterior/phi", view(run.draws), {"chain", "draw", "site"});
}

void write_layer(hdf5::Writer& out, const NetworkRun& layer, int number) {
  out.enter(group_of(number));
  write_learned(out, layer);
  if (number > 0) data(out, layer.data, layer.network.visible.size());
  out.enter("");
}

NetworkRun read_layer(RunReader& in, const StackRun& run, int number) {
  in.enter(group_of(number));
  NetworkRun layer = read_learned(in, layer_config(run.config, number), run.provenance);
  const int columns = layer.network.visible.size();
  if (number > 0) data(in, layer.data, columns);
  in.enter("");
  if (number == 0) data(in, layer.data, columns);
  require_same_rows(in, layer);
  return layer;
}

}  // namespace

DeepStack StackRun::stack(int wanted) const {
  std::vector<Network> networks;
  for (const auto& layer : layers)
    if (wanted == 0 || static_cast<int>(networks.size()) < wanted)
      networks.push_back(layer.network);
  return DeepStack(std::move(networks));
}

Config layer_config(const Config& config, int layer) {
  Config out = config;
  auto& model = out.model;
  model.kind = ModelKind::network;
  model.hidden = {config.model.hidden_unit(layer)};
  model.hidden_units = {config.model.hidden_units[layer]};
  if (layer > 0) {
    model.visible = config.model.hidden_unit(layer - 1);
    model.noise = 0;
  }
  if (!config.layer_epochs.empty()) out.training.epochs = config.layer_epochs[layer];
  if (!config.layer_rates.empty()) out.training.rate = config.layer_rates[layer];
  out.layer_epochs.clear(), out.layer_rates.clear();
  out.run.seed = layer_seed(config.run.seed, layer);
  return out;
}

void write_run(OutputFile& file, const StackRun& run) {
  replace_run(file, [&](hdf5::Writer& out) {
    write_head(out, RunKind::stack, run.config, run.provenance);
    const NetworkRun& first = run.layers.front();
    const auto reason = run.finished() ? StopReason::epochs_exhausted : StopReason::running;
    std::vector<std::int32_t> numbers(run.bounds.size());
    std::iota(numbers.begin(), numbers.end(), 1);
    data(out, first.data, first.network.visible.size());
    out.attribute("model", "layers", static_cast<std::int32_t>(run.layers.size()));
    for (std::size_t l = 0; l < run.layers.size(); ++l)
      write_layer(out, run.layers[l], static_cast<int>(l));
    scalar(out, "results/stop_reason", reason);
    out.dimension<std::int32_t>("results", "layer", numbers);
    bounds(out, run.bounds, first.data.held_out > 0);
    if (run.finished()) write_fantasies(out, run);
  });
}

StackRun read_stack_run(const std::filesystem::path& file) {
  RunReader in(file, RunKind::stack);
  Config config = in.config();
  Provenance provenance = read_provenance(in);
  StackRun run{.config = std::move(config), .provenance = std::move(provenance)};
  bounds(in, run.bounds, in.has("results/bound_held_out"));
  const int layers = in.attribute<std::int32_t>("model", "layers");
  if (layers < 1 || layers > run.config.model.layers())
    in.refuse(fmt::format("{} layers of {}", layers, run.config.model.layers()));
  for (int l = 0; l < layers; ++l) run.layers.push_back(read_layer(in, run, l));
  for (std::size_t l = 0; l < run.bounds.size(); ++l)
    if (l >= run.layers.size() || run.layers[l].evaluations.empty())
      in.refuse(fmt::format("layer {} has a bound and no evaluation", l + 1));
  if (in.has("results/bound_held_out") != (run.layers.front().data.held_out > 0) &&
      !run.bounds.empty())
    in.refuse("its bounds and its data differ in whether rows are held out");
  if (in.has("posterior/phi")) {
    const auto sites = static_cast<std::size_t>(run.layers.front().network.visible.size());
    run.draws = in.read_finite<float>("posterior/phi", {"chain", "draw", "site"});
    if (run.draws.size() % sites != 0) in.refuse("'posterior/phi' is not (chain, draw, site)");
  }
  return run;
}

}  // namespace quartic
