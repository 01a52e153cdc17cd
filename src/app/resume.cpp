// quartic resume RUN [--epochs N | --draws N]
#include <fmt/format.h>

#include "app/session.hpp"
#include "quartic/core/output_file.hpp"
#include "quartic/run/any_run.hpp"

namespace quartic::app {
namespace {

struct ResumeArguments {
  std::filesystem::path run;
  std::optional<int> epochs, draws;
  std::string data;  ///< where they are now
  Attendance attendance;
};

void refuse_settings(const Globals& globals) {
  if (!globals.settings.empty() || globals.seed) {
    throw Error(
        ErrorCode::usage, "resume goes on with the run's own config: no --set, no --seed",
        "quartic learn RUN --set ... begins a new run from it, quartic fit and sample likewise");
  }
}

/// Where the resumed run goes; checked.
std::filesystem::path target_file(const ResumeArguments& options, const Globals& globals) {
  const bool elsewhere = !globals.output.empty();
  const std::filesystem::path file =
      elsewhere ? std::filesystem::path(globals.output) : options.run;
  on_root(globals.team(), [&] { require_writable(file, globals.force || !elsewhere); });
  return file;
}

/// Ranks share what they could have begun together, from the same state.
void require_shared(const ResumeArguments& options, const AnyRun& run, const Globals& globals) {
  if (!globals.ranks) return;
  std::visit(
      [&](const auto& r) {
        require_same_run(
            globals, r.config,
            fmt::format("{} {} {}", options.run.string(), globals.output, r.provenance.seconds));
      },
      run);
}

/// --epochs or --draws, whichever this kind of run counts in.
std::optional<int> new_limit(const ResumeArguments& options, AnyRun& run) {
  const std::string unit = unit_of(run);
  if (unit.empty() && (options.epochs || options.draws)) extend(run, 0);  // says why not
  const auto refuse = [&](bool given, std::string_view of) {
    if (given && of != unit)
      throw Error(ErrorCode::usage,
                  fmt::format("--{}s does not extend a run of `quartic {}`", of,
                              name(run_kind(options.run))),
                  fmt::format("--{}s does", unit));
  };
  refuse(options.epochs.has_value(), "epoch");
  refuse(options.draws.has_value(), "draw");
  return options.epochs ? options.epochs : options.draws;
}

/// The data that a run learns from, in another place: they must be the same.
void move_data(AnyRun& run, const std::string& data) {
  std::visit(
      [&](auto& r) {
        if (r.config.data.path.empty())
          throw Error(ErrorCode::usage, "--data is for runs that learn from data",
                      "quartic show says what a run file holds");
        r.config.data.path = std::filesystem::absolute(data).lexically_normal().string();
      },
      run);
}

ErrorCode resume(const ResumeArguments& options, const Globals& globals) {
  refuse_settings(globals);
  AnyRun run = read_run(options.run);
  if (std::holds_alternative<ReweightRun>(run))
    throw BadInput(fmt::format("'{}' is a run of `quartic reweight`, which is always finished",
                               options.run.string()),
                   "quartic reweight the runs that it came from again");
  const auto limit = new_limit(options, run);
  if (globals.threads) set_threads(run, *globals.threads);
  if (limit) extend(run, *limit);
  require_shared(options, run, globals);
  if (!options.data.empty()) move_data(run, options.data);
  if (finished(run)) {
    const std::string unit = unit_of(run);
    if (!globals.quiet)
      to_error("'{}' is finished{}\n", options.run.string(),
               unit.empty() ? "" : fmt::format("; --{}s N extends it", unit));
    return ErrorCode::ok;
  }
  const auto file = target_file(options, globals);
  const bool draws = std::holds_alternative<SampleRun>(run);
  Attended attended(globals, options.attendance, file, file == options.run,
                    draws ? draw_json_interval : 0);
  const Outcome outcome = quartic::resume(run, options.run, file, attended.session);
  return conclude(outcome, run, file, attended, globals);
}

const Verb resume_verb(
    220, "resume", resume,
    [](CLI::App& verb, ResumeArguments& options) {
      verb.description(
          "continue an interrupted run to the same bits, or extend a finished one"
          "\n$ quartic resume run.h5 --epochs 500");
      verb.add_option("RUN", options.run, "a run file")->required()->type_name(value::run);
      verb.add_option("--epochs", options.epochs,
                      "new limit of epochs of a learn or fit (of a deep stack: of its top layer), "
                      "counted from the start")
          ->check(integer(1));
      verb.add_option("--draws", options.draws,
                      "new number of draws of a sample, counted from the start")
          ->check(integer(1));
      verb.add_option("--data", options.data,
                      "where the data of a fit are now; their checksum must agree")
          ->type_name(value::data);
      add_attendance(verb, options.attendance);
    },
    Work::shared);

}  // namespace
}  // namespace quartic::app
