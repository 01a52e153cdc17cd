#include "quartic/run/transform.hpp"

#include <fmt/format.h>

#include <cmath>

#include "quartic/core/error.hpp"
#include "quartic/core/memory.hpp"
#include "quartic/data/data_set.hpp"
#include "quartic/run/data.hpp"

namespace quartic {
namespace {

/// The networks that make the features, and what is known of the topmost of them.
struct Networks {
  const Config& config;
  const FitData& data;
  DeepStack stack;
  std::optional<LogZ> log_z;
};

std::optional<LogZ> log_z_of(const NetworkRun& top) {
  if (top.evaluations.empty()) return std::nullopt;
  return top.evaluations.back().log_z;
}

Networks networks_of(const AnyRun& run, std::optional<int> layer) {
  if (const auto* network = std::get_if<NetworkRun>(&run)) {
    if (layer.value_or(1) != 1)
      throw BadInput(fmt::format("this run holds a network, which has no layer {}", *layer),
                     "--layer is of a deep stack");
    return {network->config, network->data, DeepStack({network->network}), log_z_of(*network)};
  }
  if (const auto* stack = std::get_if<StackRun>(&run)) {
    const int layers = static_cast<int>(stack->layers.size()), wanted = layer.value_or(layers);
    if (wanted > layers)
      throw BadInput(fmt::format("this run holds {} layers: there is no layer {}", layers, wanted),
                     fmt::format("--layer 1 to {}", layers));
    return {stack->config, stack->layers.front().data, stack->stack(wanted),
            log_z_of(stack->layers[wanted - 1])};
  }
  throw BadInput("this run holds no network: only they have hidden units",
                 "quartic fit with [model] kind = \"network\" or \"stack\"");
}

}  // namespace

Features transform(const AnyRun& run, const TransformOptions& options, const Session& session) {
  constexpr std::size_t batch = 4096;
  const Networks networks = networks_of(run, options.layer);
  const DataSet data = open_data_set(options_like(networks.config, networks.data, options.data));
  require_columns(data.train->columns(), networks.data, options.data);
  const DataSource& source = *data.train;
  const DeepStack& stack = networks.stack;
  const auto values = options.sample ? UnitValues::samples : UnitValues::expectations;
  const int threads = networks.config.run.threads;
  const auto progress = session.progress("transforming");
  Features out{{}, source.rows(), stack.top().hidden.size(), stack.layers(), {}, networks.log_z};
  require_memory(sizeof(float) * static_cast<double>(out.rows) * out.units,
                 fmt::format("{} rows of {} hidden units", out.rows, out.units),
                 "a file of fewer rows");
  std::vector<double> energies;  // -ln p - ln Z, or, of a stack, at least that
  for_each_batch(source, batch, [&](std::span<float> rows, std::size_t begin) {
    const RowStreams streams{networks.config.run.seed, begin};
    const auto hidden = stack.transform(rows, stack.layers(), values, streams, threads);
    out.hidden.insert(out.hidden.end(), hidden.begin(), hidden.end());
    const auto some = stack.energies(rows, streams, threads);
    energies.insert(energies.end(), some.begin(), some.end());
    report_progress(progress, static_cast<double>(begin + rows.size() / source.columns()) /
                                  static_cast<double>(source.rows()));
  });
  if (!out.log_z) return out;
  const Estimate energy = mean_of(energies);
  out.log_likelihood = Estimate{-energy.value - out.log_z->value.value,
                                std::hypot(energy.error, out.log_z->value.error)};
  return out;
}

}  // namespace quartic
