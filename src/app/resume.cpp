// quartic resume RUN [--epochs N | --draws N]
#include <fmt/format.h>

#include "app/fitting.hpp"
#include "app/learning.hpp"
#include "app/network_fitting.hpp"
#include "app/sampling.hpp"
#include "app/stack_fitting.hpp"
#include "quartic/core/output_file.hpp"

namespace quartic::app {
namespace {

struct ResumeArguments {
  std::filesystem::path run;
  std::optional<int> epochs, draws;
  double max_hours = 1e9;
};

void refuse_settings(const Globals& globals) {
  if (!globals.settings.empty() || globals.seed) {
    throw Error(
        ErrorCode::usage, "resume goes on with the run's own config: no --set, no --seed",
        "quartic learn RUN --set ... begins a new run from it, quartic fit and sample likewise");
  }
}

void refuse_option(bool given, std::string_view option, RunKind kind) {
  if (given)
    throw Error(ErrorCode::usage,
                fmt::format("{} does not extend a run of `quartic {}`", option, name(kind)));
}

[[noreturn]] void refuse_shorter(std::string_view unit, std::int64_t done, int wanted) {
  throw BadInput(
      fmt::format("the run has {} {}s already, --{}s {} adds none", done, unit, unit, wanted),
      fmt::format("--{}s counts from the start: --{}s {} adds 50", unit, unit, done + 50));
}

/// Where the resumed run goes; checked.
std::filesystem::path target_file(const ResumeArguments& options, const Globals& globals) {
  const bool elsewhere = !globals.output.empty();
  const std::filesystem::path file =
      elsewhere ? std::filesystem::path(globals.output) : options.run;
  require_writable(file, globals.force || !elsewhere);
  return file;
}

ErrorCode nothing_to_do(const ResumeArguments& options, std::string_view option,
                        const Globals& globals) {
  if (!globals.quiet)
    fmt::print(stderr, "'{}' is finished; {} N extends it\n", options.run.string(), option);
  return ErrorCode::ok;
}

/// A finished run goes on from before its last epoch, as if its limit had been the new one all
/// along.
template <class Run, class ResumeArguments>
void extend_epochs(Run& run, ResumeArguments& options, int epochs) {
  if (epochs <= run.checkpoint.epoch) refuse_shorter("epoch", run.checkpoint.epoch, epochs);
  options.epochs = epochs;
  if (run.stop_reason == StopReason::running) return;
  if (run.stop_reason == StopReason::converged) options.stop_early = false;
  run.history.truncate(run.checkpoint.epoch);
  run.stop_reason = StopReason::running;
}

void extend(LearnRun& run, int epochs) {
  extend_epochs(run, run.config.learn, epochs);
  run.certificate.reset();
}

void extend(FitRun& run, int epochs) {
  if (run.stop_reason == StopReason::held_out_worse) run.config.fit.held_out_patience = 0;
  extend_epochs(run, run.config.fit, epochs);
  std::erase_if(run.snapshots,
                [&](const Snapshot& snapshot) { return snapshot.epoch >= run.checkpoint.epoch; });
  run.evaluation.reset();
}

void extend(NetworkRun& run, int epochs) {
  const int done = run.checkpoint.epoch;
  if (epochs <= done) refuse_shorter("epoch", done, epochs);
  run.config.training.epochs = epochs;
  if (run.stop_reason == StopReason::running) return;
  std::erase_if(run.history, [&](const TrainRow& row) { return row.epoch > done; });
  std::erase_if(run.evaluations, [&](const NetworkEvaluation& j) { return j.epoch > done; });
  run.stop_reason = StopReason::running;
  run.draws.clear();
}

/// The top layer goes on; the layers below stay what its data were made by.
void extend(StackRun& run, int epochs) {
  const auto layers = static_cast<std::size_t>(run.config.model.layers());
  auto& limits = run.config.layer_epochs;
  if (limits.empty()) limits.assign(layers, run.config.training.epochs);
  limits.back() = epochs;
  if (run.layers.size() < layers) return;
  extend(run.layers.back(), epochs);
  run.bounds.resize(layers - 1);
  run.draws.clear();
}

/// The new number of draws takes the place of every other reason to stop.
void extend(SampleRun& run, int draws) {
  if (draws <= run.measurement.draws) refuse_shorter("draw", run.measurement.draws, draws);
  auto& sample = run.config.sample;
  sample.draws = draws;
  sample.until.clear();
  sample.relative_error.reset();
  sample.max_seconds.reset();
  run.stop_reason = StopReason::running;
}

ErrorCode resume_learn(const ResumeArguments& options, const Globals& globals) {
  refuse_option(options.draws.has_value(), "--draws", RunKind::learn);
  LearnRun run = read_learn_run(options.run);
  if (globals.threads) run.config.run.threads = *globals.threads;
  if (options.epochs) extend(run, *options.epochs);
  const bool complete = run.stop_reason != StopReason::running &&
                        (run.certificate || !run.config.certificate.enabled);
  if (complete) return nothing_to_do(options, "--epochs", globals);
  const Problem problem = make_problem(run.config, run.action.graph);
  return learn_run(run, problem, target_file(options, globals), true, options.max_hours, globals);
}

ErrorCode resume_fit(const ResumeArguments& options, const Globals& globals) {
  refuse_option(options.draws.has_value(), "--draws", RunKind::fit);
  FitRun run = read_fit_run(options.run);
  if (globals.threads) run.config.run.threads = *globals.threads;
  if (options.epochs) extend(run, *options.epochs);
  const bool complete =
      run.stop_reason != StopReason::running && (run.evaluation || !run.config.evaluation.enabled);
  if (complete) return nothing_to_do(options, "--epochs", globals);
  const DataSet data = open_data(run.config, options.run.string());
  require_sites(data, *run.action.graph, options.run.string());
  require_same(data, run.data, run.config, options.run);
  return fit_run(run, data, target_file(options, globals), true, options.max_hours, globals);
}

ErrorCode resume_network(const ResumeArguments& options, const Globals& globals) {
  refuse_option(options.draws.has_value(), "--draws", RunKind::network);
  NetworkRun run = read_network_run(options.run);
  if (globals.threads) run.config.run.threads = *globals.threads;
  if (options.epochs) extend(run, *options.epochs);
  if (run.stop_reason != StopReason::running && !run.draws.empty())
    return nothing_to_do(options, "--epochs", globals);
  const DataSet data = open_data(run.config, options.run.string());
  require_same(data, run.data, run.config, options.run);
  const NetworkData learned = network_data(run.config, rows_of(data));
  return network_run(run, learned, target_file(options, globals), true, options.max_hours, globals);
}

ErrorCode resume_deep(const ResumeArguments& options, const Globals& globals) {
  refuse_option(options.draws.has_value(), "--draws", RunKind::stack);
  StackRun run = read_stack_run(options.run);
  if (globals.threads) {
    run.config.run.threads = *globals.threads;
    for (auto& layer : run.layers) layer.config.run.threads = *globals.threads;
  }
  if (options.epochs) extend(run, *options.epochs);
  if (run.finished()) return nothing_to_do(options, "--epochs", globals);
  const DataSet data = open_data(run.config, options.run.string());
  require_same(data, run.layers.front().data, run.config, options.run);
  return stack_run(run, data, target_file(options, globals), options.max_hours, globals);
}

ErrorCode resume_sample(const ResumeArguments& options, const Globals& globals) {
  refuse_option(options.epochs.has_value(), "--epochs", RunKind::sample);
  SampleRun run = read_sample_run(options.run);
  if (globals.threads) run.config.run.threads = *globals.threads;
  if (options.draws) extend(run, *options.draws);
  if (run.stop_reason != StopReason::running) return nothing_to_do(options, "--draws", globals);
  return sample_run(run, target_file(options, globals), true, options.max_hours, globals);
}

ErrorCode resume(const ResumeArguments& options, const Globals& globals) {
  refuse_settings(globals);
  switch (run_kind(options.run)) {
    case RunKind::learn:
      return resume_learn(options, globals);
    case RunKind::fit:
      return resume_fit(options, globals);
    case RunKind::network:
      return resume_network(options, globals);
    case RunKind::stack:
      return resume_deep(options, globals);
    case RunKind::sample:
      return resume_sample(options, globals);
    case RunKind::reweight:
      throw BadInput(fmt::format("'{}' is a run of `quartic reweight`, which is always finished",
                                 options.run.string()));
  }
  return ErrorCode::internal;
}

void add_resume(CLI::App& app, Globals& globals) {
  auto options = std::make_shared<ResumeArguments>();
  auto* verb = app.add_subcommand(
      "resume", "continue an interrupted run to the same bits, or extend a finished one");
  verb->add_option("run", options->run, "RUN.h5")->required();
  verb->add_option("--epochs", options->epochs,
                   "new limit of epochs of a learn or fit (of a deep stack: of its top layer), "
                   "counted from the start")
      ->check(CLI::PositiveNumber);
  verb->add_option("--draws", options->draws,
                   "new number of draws of a sample, counted from the start")
      ->check(CLI::PositiveNumber);
  verb->add_option("--max-hours", options->max_hours, "save and stop after this long")
      ->check(CLI::PositiveNumber);
  verb->callback([options, &globals] {
    globals.action = [options, &globals] { return resume(*options, globals); };
  });
}

const Registration resume_verb(20, add_resume);

}  // namespace
}  // namespace quartic::app
