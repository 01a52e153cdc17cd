// quartic learn CONFIG|RUN
#include "app/learning.hpp"
#include "quartic/core/output_file.hpp"

namespace quartic::app {
namespace {

struct LearnArguments {
  std::string input;
  double max_hours = 1e9;
};

ErrorCode learn(const LearnArguments& options, const Globals& globals) {
  const Loaded loaded = load(options.input, globals);
  require_target(loaded.config, options.input);
  const auto file = output_file(loaded, options.input, globals);
  const Problem problem = make_problem(loaded.config, loaded.graph);
  require_learnable(loaded.config, problem);
  require_writable(file, globals.force);
  LearnRun run = new_run(loaded.config, problem, globals);
  return learn_run(run, problem, file, false, options.max_hours, globals);
}

void add_learn(CLI::App& app, Globals& globals) {
  auto options = std::make_shared<LearnArguments>();
  auto* verb = app.add_subcommand("learn", "learn the couplings of a target action, KL(p||q)");
  verb->add_option("config", options->input, "CONFIG.toml, or a run file whose config to use")
      ->required();
  verb->add_option("--max-hours", options->max_hours, "save and stop after this long")
      ->check(CLI::PositiveNumber);
  verb->callback([options, &globals] {
    globals.action = [options, &globals] { return learn(*options, globals); };
  });
}

const Registration learn_verb(10, add_learn);

}  // namespace
}  // namespace quartic::app
