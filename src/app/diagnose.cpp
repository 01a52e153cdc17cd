// quartic diagnose RUN [--strict]: check, value, threshold, verdict, advice
#include <fmt/format.h>

#include <algorithm>

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

std::string value_text(const Estimate& value) {
  return value.error > 0 ? with_error(value) : rounded(value.value, 4);
}

void print(const std::vector<Check>& checks) {
  to_output("{:<30} {:<16} {:<20} {}\n", "check", "value", "threshold", "verdict");
  for (const auto& check : checks)
    put_report(fmt::format("{:<30} {:<16} {:<20} {}\n", check.name, value_text(check.value),
                           check.threshold, check.ok ? "ok" : "FAILED"));
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

ErrorCode diagnose_run(const DiagnoseArguments& options, const Globals& globals) {
  const auto checks = diagnose(read_run(options.run));
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
    314, "diagnose", diagnose_run, [](CLI::App& verb, DiagnoseArguments& options) {
      verb.description(
          "health checks of a run, with verdict and advice"
          "\n$ quartic diagnose run.h5 --strict");
      verb.add_option("RUN", options.run, "a run file")->required()->type_name(value::run);
      verb.add_flag("--strict", options.strict, "exit with 5 if any check fails");
    });

}  // namespace
}  // namespace quartic::app
