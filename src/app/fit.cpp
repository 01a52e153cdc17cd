// quartic fit CONFIG|RUN
#include "quartic/run/fit.hpp"

#include "app/session.hpp"
#include "quartic/core/output_file.hpp"
#include "quartic/run/data.hpp"
#include "quartic/run/problem.hpp"
#include "quartic/run/train.hpp"

namespace quartic::app {
namespace {

ErrorCode fit(const BeginArguments& options, const Globals& globals) {
  const Loaded loaded = load(options.input, globals, true);
  const Config& config = loaded.config;
  require_data(config, options.input);
  const auto file = output_file(loaded, options.input, globals, "-fit");
  require_writable(file, globals.force);
  const DataSet data = open_data(config, options.input);
  const auto as = [&](auto run, auto go) {
    Attended attended(globals, options.max_hours);
    return attend(std::move(run), file, attended, globals, go);
  };
  if (config.model.kind == ModelKind::network) {
    const NetworkData learned = network_data(config, rows_of(data), data.scaling);
    return as(begin_training(config, learned, describe(data, 0), globals.command),
              [&](NetworkRun& run, auto& store, const Session& session) {
                return train(run, learned, store, session);
              });
  }
  if (config.model.kind == ModelKind::stack) {
    return as(begin_stack(config, globals.command),
              [&](StackRun& run, auto& store, const Session& session) {
                return train(run, data, store, session);
              });
  }
  const auto graph = loaded.graph ? loaded.graph : make_graph(config.graph);
  require_sites(data, *graph, options.input);
  return as(begin_fit(config, make_start(config, graph), data, options.input, globals.command),
            [&](FitRun& run, auto& store, const Session& session) {
              return quartic::fit(run, data, store, session);
            });
}

const Verb fit_verb =
    beginning(12, "fit", "learn a field, a network or a deep stack from data, KL(q||p)",
              "CONFIG.toml with a [data] section, or a run file whose config to use", fit);

}  // namespace
}  // namespace quartic::app
