// quartic selftest: known values, recomputed on this machine
#include <fmt/format.h>

#include <algorithm>

#include "app/verb.hpp"
#include "quartic/core/simd.hpp"
#include "quartic/learn/self_test.hpp"
#include "run/report_json.hpp"

namespace quartic::app {
namespace {

void print(const SelfTestResult& result) {
  fmt::print("{:<6} {:<44} {:>18.10g} {:>18.10g} {:>9.2g}\n", result.ok ? "ok" : "FAILED",
             result.name, result.value, result.expected, result.error);
}

nlohmann::json result_json(const SelfTestResult& result) {
  return reports::json_of("name", result.name, "value", result.value, "expected", result.expected,
                          "error", result.error, "ok", result.ok);
}

struct NoArguments {};

ErrorCode selftest(const NoArguments&, const Globals& globals) {
  const auto results = self_test();
  const auto failed = std::count_if(results.begin(), results.end(),
                                    [](const SelfTestResult& result) { return !result.ok; });
  if (globals.json) {
    for (const auto& result : results) print_json(result_json(result));
  } else if (!globals.quiet) {
    fmt::print("quartic self test on {}\n{:<6} {:<44} {:>18} {:>18} {:>9}\n", simd_target(), "", "",
               "value", "expected", "error");
    for (const auto& result : results) print(result);
    fmt::print("{} of {} passed\n", results.size() - failed, results.size());
  }
  if (failed == 0) return ErrorCode::ok;
  throw Error(ErrorCode::diagnostics_failed,
              fmt::format("{} of {} self tests failed", failed, results.size()),
              "please report it with this table and `quartic --version`");
}

const Verb selftest_verb(70, "selftest", selftest, [](CLI::App& verb, NoArguments&) {
  verb.description("recompute known values on this machine");
});

}  // namespace
}  // namespace quartic::app
