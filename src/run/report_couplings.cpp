#include "run/report_couplings.hpp"

#include <algorithm>
#include <cmath>
#include <span>

#include "quartic/run/number.hpp"

namespace quartic::reports {
namespace {

/// Couplings in a few numbers: those of one kind, or those of that kind which hidden units have.
struct KindSummary {
  Freedom freedom = Freedom::free;
  std::size_t count = 0;
  double mean = 0, spread = 0;
  double error = 0;  ///< rms standard error of one coupling
  double expected_mean = std::nan("");
  double max_deviation = std::nan("");
};

KindSummary summarise(const LearnedCouplings& run, CouplingKind kind, bool hidden = false) {
  KindSummary s;
  const Parameters& parameters = run.parameters;
  const auto own = static_cast<std::size_t>(parameters.own_count(kind)),
             of_hidden = static_cast<std::size_t>(parameters.hidden_count(kind));
  const auto values =
      std::span(run.action.couplings(kind)).subspan(hidden ? own : 0, hidden ? of_hidden : own);
  s.freedom = hidden ? Freedom::free : parameters.freedom(kind);
  s.count = values.size();
  if (values.empty()) return s;
  const double n = static_cast<double>(values.size());
  for (const double x : values) s.mean += x / n;
  for (const double x : values) s.spread += (x - s.mean) * (x - s.mean) / n;
  s.spread = std::sqrt(s.spread);
  const int first_hidden = parameters.end(kind) - parameters.hidden_count(kind);
  const int begin = hidden ? first_hidden : parameters.begin(kind);
  const int end = hidden ? parameters.end(kind) : first_hidden;
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

std::string kind_line(const LearnedCouplings& run, CouplingKind kind, bool hidden = false) {
  const auto s = summarise(run, kind, hidden);
  std::string line =
      fmt::format("  {} {:<6} {:>6}   ", name(kind), hidden ? "hidden" : name(s.freedom), s.count);
  if (s.freedom == Freedom::frozen)
    return line + fmt::format("{:<16} {}\n", rounded(s.mean, 6), rounded(s.spread, 2));
  line += fmt::format("{:<16} {:<9} {:<9}", with_error(s.mean, s.error), rounded(s.spread, 2),
                      rounded(s.error, 2));
  if (std::isfinite(s.max_deviation))
    line += fmt::format(" {:<10} {}", rounded(s.expected_mean, 6), rounded(s.max_deviation, 2));
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
  for (const auto kind : all_coupling_kinds)
    if (run.parameters.hidden_count(kind) > 0) out += kind_line(run, kind, true);
  return out + "  error: of one coupling, rms; the mean carries that error\n";
}

nlohmann::json couplings_json(const LearnedCouplings& run) {
  nlohmann::json out;
  const auto add = [&](CouplingKind kind, bool hidden) {
    const auto s = summarise(run, kind, hidden);
    out[std::string(hidden ? "hidden_" : "") + std::string(name(kind))] =
        json_of("freedom", name(s.freedom), "count", s.count, "mean", s.mean, "spread", s.spread,
                "error", s.error, "expected", s.expected_mean, "max_deviation", s.max_deviation);
  };
  for (const auto kind : all_coupling_kinds) {
    add(kind, false);
    if (run.parameters.hidden_count(kind) > 0) add(kind, true);
  }
  return out;
}

}  // namespace quartic::reports
