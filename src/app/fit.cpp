// quartic fit CONFIG|RUN
#include "app/fitting.hpp"
#include "app/network_fitting.hpp"
#include "app/stack_fitting.hpp"
#include "quartic/core/output_file.hpp"
#include "quartic/run/problem.hpp"

namespace quartic::app {
namespace {

struct FitArguments {
  std::string input;
  double max_hours = 1e9;
};

ErrorCode fit(const FitArguments& options, const Globals& globals) {
  const Loaded loaded = load(options.input, globals, true);
  require_data(loaded.config, options.input);
  const auto file = output_file(loaded, options.input, globals, "-fit");
  require_writable(file, globals.force);
  const Config& config = loaded.config;
  const DataSet data = open_data(config, options.input);
  if (config.model.kind == ModelKind::network) {
    const NetworkData learned = network_data(config, rows_of(data));
    NetworkRun run = new_network_run(config, learned, describe(data, 0), globals);
    return network_run(run, learned, file, false, options.max_hours, globals);
  }
  if (config.model.kind == ModelKind::stack) {
    StackRun run{.config = config,
                 .provenance = make_provenance(globals.command, config.run.seed),
                 .layers = {},
                 .bounds = {},
                 .draws = {}};
    return stack_run(run, data, file, options.max_hours, globals);
  }
  const auto graph = loaded.graph ? loaded.graph : make_graph(config.graph);
  require_sites(data, *graph, options.input);
  FitRun run =
      new_run(loaded.config, make_start(loaded.config.action, graph, loaded.config.run.seed), data,
              globals);
  return fit_run(run, data, file, false, options.max_hours, globals);
}

void add_fit(CLI::App& app, Globals& globals) {
  auto options = std::make_shared<FitArguments>();
  auto* verb =
      app.add_subcommand("fit", "learn a field, a network or a deep stack from data, KL(q||p)");
  verb->add_option("config", options->input,
                   "CONFIG.toml with a [data] section, or a run file whose config to use")
      ->required();
  verb->add_option("--max-hours", options->max_hours, "save and stop after this long")
      ->check(CLI::PositiveNumber);
  verb->callback([options, &globals] {
    globals.action = [options, &globals] { return fit(*options, globals); };
  });
}

const Registration fit_verb(12, add_fit);

}  // namespace
}  // namespace quartic::app
