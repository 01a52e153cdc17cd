// quartic learn CONFIG|RUN
#include "quartic/run/learn.hpp"

#include "app/session.hpp"
#include "quartic/core/output_file.hpp"
#include "quartic/run/file_store.hpp"

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
  LearnRun run = begin_learning(loaded.config, problem, globals.command);
  require_writable(file, globals.force);
  FileStore<LearnRun> store(file);
  Attended attended(globals, options.max_hours);
  const Outcome outcome = quartic::learn(run, problem, store, attended.session);
  return conclude(outcome, std::move(run), file, attended, globals);
}

void add_learn(CLI::App& app, Globals& globals) {
  auto options = std::make_shared<LearnArguments>();
  auto* verb = app.add_subcommand("learn", "learn the couplings of a target action, KL(p||q)");
  verb->add_option("config", options->input, "CONFIG.toml, or a run file whose config to use")
      ->required();
  add_max_hours(verb, options->max_hours);
  on_call(verb, options, globals, learn);
}

const Registration learn_verb(10, add_learn);

}  // namespace
}  // namespace quartic::app
