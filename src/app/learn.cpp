// quartic learn CONFIG|RUN
#include "quartic/run/learn.hpp"

#include "app/session.hpp"
#include "quartic/core/output_file.hpp"

namespace quartic::app {
namespace {

ErrorCode learn(const BeginArguments& options, const Globals& globals) {
  const Loaded loaded = load(options.input, globals);
  require_target(loaded.config, options.input);
  const auto file = output_file(loaded, options.input, globals);
  const Problem problem = make_problem(loaded.config, loaded.graph);
  require_same_run(globals, loaded.config, file);
  LearnRun run = begin_learning(loaded.config, problem, globals.command, globals.team());
  on_root(globals.team(), [&] { require_output(file, globals, loaded.config); });
  Attended attended(globals, options.attendance, file, false);
  return attend(std::move(run), file, attended, globals,
                [&](LearnRun& begun, auto& store, const Session& session) {
                  return quartic::learn(begun, problem, store, session);
                });
}

const Verb learn_verb =
    beginning(210, "learn",
              "learn the couplings of a target action, KL(p||q)"
              "\n$ quartic learn run.toml -o run.h5"
              "\n$ quartic learn run.toml --set learn.optimiser=adam --seed 2",
              "a config, or a run file whose config to use", learn, Work::shared);

}  // namespace
}  // namespace quartic::app
