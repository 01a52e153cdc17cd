// quartic selftest: known values, recomputed on this machine
#include <fmt/format.h>

#include <algorithm>

#include "app/session.hpp"
#include "quartic/core/blas.hpp"
#include "quartic/learn/self_test.hpp"
#include "quartic/run/number.hpp"
#include "quartic/run/self_test.hpp"
#include "run/report_json.hpp"

namespace quartic::app {
namespace {

void print(const SelfTestResult& result) {
  put_report(fmt::format("{:<6} {:<44} {:>18.10g} {:>18.10g} {:>9.2g}\n",
                         result.ok ? "ok" : "FAILED", result.name, result.value, result.expected,
                         result.error));
}

void print(const TrapResult& result) {
  to_output("{:<8} {:<42} {:<25} {:>18} {:>12.6g} {:>7.1f} {:>3} of {}\n", name(result.verdict),
            result.trap, result.observable, with_error(result.value, result.error), result.expected,
            result.z, result.ok, result.numbers);
}

nlohmann::json result_json(const SelfTestResult& result) {
  return reports::json_of("name", result.name, "value", result.value, "expected", result.expected,
                          "error", result.error, "ok", result.ok);
}

nlohmann::json result_json(const TrapResult& result) {
  return reports::json_of("trap", result.trap, "observable", result.observable, "value",
                          result.value, "expected", result.expected, "error", result.error, "z",
                          result.z, "numbers", result.numbers, "ok", result.ok, "verdict",
                          std::string(name(result.verdict)));
}

bool passed(const SelfTestResult& result) {
  return result.ok;
}
bool passed(const TrapResult& result) {
  return result.verdict != TrapVerdict::wrong;
}

template <class Result>
ErrorCode report(const std::vector<Result>& results, const std::string& heading,
                 const Globals& globals) {
  const auto all = std::ssize(results);
  const auto failed = all - std::count_if(results.begin(), results.end(),
                                          [](const Result& result) { return passed(result); });
  if (globals.json) {
    for (const auto& result : results) print_json(result_json(result));
  } else if (!globals.quiet) {
    to_output("quartic self test on {}\n{}\n", reports::kernels_text(make_provenance({}, 0)),
              heading);
    for (const auto& result : results) print(result);
    to_output("{} of {} passed\n", all - failed, all);
  }
  if (failed == 0) return ErrorCode::ok;
  throw Error(ErrorCode::diagnostics_failed, fmt::format("{} of {} self tests failed", failed, all),
              "please report it with this table and `quartic --version`");
}

struct SelfTestArguments {
  bool traps = false;
};

ErrorCode selftest(const SelfTestArguments& options, const Globals& globals) {
  if (const auto& advice = blas_identity().advice; !advice.empty()) warn(advice, globals);
  if (!options.traps)
    return report(
        self_test(),
        fmt::format("{:<6} {:<44} {:>18} {:>18} {:>9}", "", "", "value", "expected", "error"),
        globals);
  Attended attended(globals);
  const auto results = long_self_test(globals.threads.value_or(0), attended.session);
  attended.progress.clear();
  return report(results,
                fmt::format("{:<8} {:<42} {:<25} {:>18} {:>12} {:>7} {:>8}", "", "trap",
                            "furthest off", "value", "exact", "z", "ok"),
                globals);
}

const Verb selftest_verb(
    510, "selftest", selftest,
    [](CLI::App& verb, SelfTestArguments& options) {
      verb.description("recompute known values on this machine");
      verb.add_flag("--long", options.traps,
                    "fields on which samplers usually lie, against exact values: a minute or two");
    },
    Work::of_one, Gives::text);

}  // namespace
}  // namespace quartic::app
