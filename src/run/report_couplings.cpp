#include "run/report_couplings.hpp"

#include <algorithm>
#include <cmath>

#include "quartic/run/number.hpp"

namespace quartic::reports {
namespace {

/// The couplings of one kind in a few numbers.
struct KindSummary {
  Freedom freedom = Freedom::free;
  std::size_t count = 0;
  double mean = 0, spread = 0;
  double error = 0;  ///< rms standard error of one coupling
  double expected_mean = std::nan("");
  double max_deviation = std::nan("");
};

KindSummary summarise(const LearnedCouplings& run, CouplingKind kind) {
  KindSummary s;
  const auto& values = run.action.couplings(kind);
  s.freedom = run.parameters.freedom(kind);
  s.count = values.size();
  if (values.empty()) return s;
  const double n = static_cast<double>(values.size());
  for (const double x : values) s.mean += x / n;
  for (const double x : values) s.spread += (x - s.mean) * (x - s.mean) / n;
  s.spread = std::sqrt(s.spread);
  const Parameters& parameters = run.parameters;
  const int begin = parameters.begin(kind), end = parameters.end(kind);
  if (begin == end) return s;
  const auto theta = parameters.gather(run.action);
  double deviation = 0, expected = 0;
  for (int k = begin; k < end; ++k) {
    if (!run.theta_error.empty())
      s.error += run.theta_error[k] * run.theta_error[k] / (end - begin);
    expected += run.expected[k] / (end - begin);
    deviation = std::max(deviation, std::abs(theta[k] - run.expected[k]));
  }
  s.error = std::sqrt(s.error);
  s.expected_mean = expected;
  if (std::isfinite(expected)) s.max_deviation = deviation;
  return s;
}

std::string kind_line(const LearnedCouplings& run, CouplingKind kind) {
  const auto s = summarise(run, kind);
  std::string line = fmt::format("  {} {:<6} {:>6}   ", name(kind), name(s.freedom), s.count);
  if (s.freedom == Freedom::frozen)
    return line + fmt::format("{:<16} {:.2g}\n", fmt::format("{:.6g}", s.mean), s.spread);
  line += fmt::format("{:<16} {:<9.2g} {:<9.2g}", with_error(s.mean, s.error), s.spread, s.error);
  if (std::isfinite(s.max_deviation))
    line += fmt::format(" {:<10.6g} {:.2g}", s.expected_mean, s.max_deviation);
  return line + "\n";
}

}  // namespace

std::string_view stop_words(StopReason reason) {
  constexpr std::string_view sentences[] = {
      "not finished",
      "converged: the couplings stopped moving beyond their error",
      "NOT converged: the epochs ran out while the couplings were still moving",
      "stopped at the best epoch by held-out likelihood",
      "all draws done",
      "the wanted relative error is reached",
      "stopped by max_seconds"};
  static_assert(std::size(sentences) == words_of<StopReason>.size());
  return sentences[static_cast<int>(reason)];
}

std::string couplings_text(const LearnedCouplings& run) {
  std::string out = "couplings            mean             spread    error";
  const bool expected = std::any_of(run.expected.begin(), run.expected.end(),
                                    [](double x) { return std::isfinite(x); });
  out += expected ? "     expected   largest deviation\n" : "\n";
  for (const auto kind : all_coupling_kinds) out += kind_line(run, kind);
  return out + "  error: of one coupling, rms; the mean carries that error\n";
}

nlohmann::json couplings_json(const LearnedCouplings& run) {
  nlohmann::json out;
  for (const auto kind : all_coupling_kinds) {
    const auto s = summarise(run, kind);
    out[std::string(name(kind))] =
        json_of("freedom", name(s.freedom), "count", s.count, "mean", s.mean, "spread", s.spread,
                "error", s.error, "expected", s.expected_mean, "max_deviation", s.max_deviation);
  }
  return out;
}

}  // namespace quartic::reports
