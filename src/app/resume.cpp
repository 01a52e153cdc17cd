// quartic resume RUN [--epochs N]
#include <fmt/format.h>

#include "app/learning.hpp"

namespace quartic::app {
namespace {

struct Options {
  std::string run;
  std::optional<int> epochs;
  double max_hours = 1e9;
};

void refuse_settings(const Globals& globals) {
  if (!globals.settings.empty() || globals.seed) {
    throw Error(ErrorCode::usage, "resume goes on with the run's own config: no --set, no --seed",
                "quartic learn RUN --set ... begins a new run from it");
  }
}

/// A finished run goes on from before its last epoch, as if its limit had been the new one all
/// along.
void extend(Run& run, int epochs) {
  const int done = run.checkpoint.epoch;
  if (epochs <= done) {
    throw BadInput(
        fmt::format("the run has {} epochs already, --epochs {} adds none", done, epochs),
        fmt::format("--epochs counts from the start: --epochs {} adds 50", done + 50));
  }
  run.config.learn.epochs = epochs;
  if (run.reason == StopReason::running) return;
  if (run.reason == StopReason::converged) run.config.learn.stop_early = false;
  run.history.truncate(run.checkpoint.epoch);
  run.reason = StopReason::running;
  run.certificate.reset();
}

ErrorCode resume(const Options& options, const Globals& globals) {
  refuse_settings(globals);
  Run run = read_run(options.run);
  if (globals.threads) run.config.run.threads = *globals.threads;
  if (options.epochs) extend(run, *options.epochs);
  const bool complete =
      run.reason != StopReason::running && (run.certificate || !run.config.certificate.enabled);
  if (complete) {
    if (!globals.quiet)
      fmt::print(stderr, "'{}' is finished; --epochs N extends it\n", options.run);
    return ErrorCode::ok;
  }
  const bool elsewhere = !globals.output.empty();
  const std::filesystem::path file = elsewhere ? globals.output : options.run;
  const Problem problem = make_problem(run.config, run.action.graph);
  require_writable(file, globals.force || !elsewhere);
  return learn_run(run, problem, file, true, options.max_hours, globals);
}

void add(CLI::App& app, Globals& globals) {
  auto options = std::make_shared<Options>();
  auto* verb = app.add_subcommand(
      "resume", "continue an interrupted run to the same bits, or extend a finished one");
  verb->add_option("run", options->run, "RUN.h5")->required();
  verb->add_option("--epochs", options->epochs, "new limit of epochs, counted from the start")
      ->check(CLI::PositiveNumber);
  verb->add_option("--max-hours", options->max_hours, "save and stop after this long")
      ->check(CLI::PositiveNumber);
  verb->callback([options, &globals] {
    globals.action = [options, &globals] { return resume(*options, globals); };
  });
}

const Registration registration(20, add);

}  // namespace
}  // namespace quartic::app
