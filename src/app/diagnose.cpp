// quartic diagnose RUN [--strict]: check, value, threshold, verdict, advice
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <string>

#include "app/progress.hpp"
#include "app/verb.hpp"
#include "quartic/run/diagnosis.hpp"
#include "quartic/run/number.hpp"
#include "run/report_json.hpp"

namespace quartic::app {
namespace {

struct DiagnoseArguments {
  std::filesystem::path run;
  bool strict = false;
};

std::string number_text(const Estimate& value) {
  return value.error > 0 ? with_error(value) : rounded(value.value, 4);
}

/// Of a check whose value is whether it holds, that alone.
std::string value_text(const Check& check) {
  return check.threshold == "ok" ? "" : number_text(check.value);
}

void print(const std::vector<Check>& checks) {
  std::size_t name = 0, value = 0, threshold = 0;
  for (const auto& check : checks) {
    name = std::max(name, check.name.size());
    value = std::max(value, value_text(check).size());
    threshold = std::max(threshold, check.threshold.size());
  }
  const auto row = [&](std::string_view a, std::string_view b, std::string_view c,
                       std::string_view d) {
    return fmt::format("{:<{}}  {:<{}}  {:<{}}  {}\n", a, name, b, value, c, threshold, d);
  };
  put_out(row("check", "value", "threshold", "verdict"));
  for (const auto& check : checks)
    put_report(row(check.name, value_text(check), check.threshold, check.ok ? "ok" : "FAILED"));
  for (const auto& check : checks)
    if (!check.ok) to_output("{}: {}\n", check.name, check.advice);
}

void print_lines(const std::vector<Check>& checks) {
  for (const auto& check : checks) {
    const auto line = reports::json_of("check", check.name, "value", check.value.value, "error",
                                       check.value.error, "threshold", check.threshold, "ok",
                                       check.ok, "advice", check.ok ? "" : check.advice);
    print_json(line);
  }
}

/// Identities of many stored fields take seconds, which a terminal is told of.
std::vector<Check> checks_of(const std::filesystem::path& file, const Globals& globals) {
  constexpr std::uintmax_t many = 1 << 20;  // bytes
  const AnyRun run = read_run(file);
  Progress progress(globals);
  std::error_code ignored;
  if (progress.drawn() && std::filesystem::file_size(file, ignored) > many)
    progress.phase("checking", 0);
  return diagnose(run);
}

ErrorCode diagnose_run(const DiagnoseArguments& options, const Globals& globals) {
  const auto checks = checks_of(options.run, globals);
  const auto failed =
      std::count_if(checks.begin(), checks.end(), [](const Check& check) { return !check.ok; });
  if (globals.json) {
    print_lines(checks);
  } else if (!globals.quiet) {
    print(checks);
    to_output("{} of {} checks passed\n", static_cast<std::ptrdiff_t>(checks.size()) - failed,
              checks.size());
  }
  return options.strict && failed ? ErrorCode::diagnostics_failed : ErrorCode::ok;
}

const Verb diagnose_verb(
    314, "diagnose", diagnose_run,
    [](CLI::App& verb, DiagnoseArguments& options) {
      verb.description(
          "health checks of a run, with verdict and advice"
          "\n$ quartic diagnose run.h5 --strict");
      verb.add_option("RUN", options.run, "a run file")->required()->type_name(value::run);
      verb.add_flag("--strict", options.strict, "exit with 5 if any check fails");
    },
    Work::of_one, Gives::text);

}  // namespace
}  // namespace quartic::app
