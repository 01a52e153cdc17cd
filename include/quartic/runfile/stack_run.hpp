// A run of `quartic fit` with [model] kind = "stack", as it is in its file.
#pragma once

#include <filesystem>
#include <optional>
#include <vector>

#include "quartic/network/stack.hpp"
#include "quartic/runfile/network_run.hpp"

namespace quartic {

/// Lower bounds of the mean ln p of rows of the data, by the stack up to a layer.
struct StackBound {
  LogLikelihood train;
  std::optional<LogLikelihood> held_out;
};

template <FieldsOf<StackBound> B, class Visit>
void fields(B& bound, Visit&& visit) {
  members(visit, "bound", bound.train);
  if (bound.held_out) members(visit, "bound_held_out", *bound.held_out);
}

struct StackRun {
  Config config;
  Provenance provenance;
  /// Those begun, the data's first. Each has the config that layer_config gives; the data of all
  /// but the first are hidden units of the layer below.
  std::vector<NetworkRun> layers{};
  std::vector<StackBound> bounds{};  ///< of the finished layers
  /// Rows of data drawn from the whole stack, [chain][visible]; empty before its end.
  std::vector<float> draws{};

  bool finished() const { return !draws.empty(); }
  /// The networks of the first layers, 0: of all that were begun.
  DeepStack stack(int layers = 0) const;
};

/// The config of a network that is one layer (0: the data's own) of a deep stack: its units, its
/// epochs, a seed of its own. The first layer has the stack's seed.
Config layer_config(const Config& config, int layer);

/// Writes and reads as for a LearnRun (learn_run.hpp).
void write_run(OutputFile& file, const StackRun& run);
StackRun read_stack_run(const std::filesystem::path& file);

}  // namespace quartic
