// Learned couplings in a few numbers a kind, for the reports of every learner.
#pragma once

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "quartic/field/parameters.hpp"
#include "quartic/learn/stop_reason.hpp"
#include "run/report_json.hpp"

namespace quartic::reports {

struct LearnedCouplings {
  const Action& action;
  Parameters parameters;
  const std::vector<double>& theta_error;
  const std::vector<double>& expected;  ///< NaN where unknown
};

std::string_view stop_words(StopReason reason);
std::string couplings_text(const LearnedCouplings& run);
nlohmann::json couplings_json(const LearnedCouplings& run);

template <class Run>
LearnedCouplings learned(const Run& run) {
  return {run.action, run.parameters(), run.theta_error, run.history.expected};
}

/// "12 parameters by adam, 300 updates; converged: ...".
template <class Run>
std::string learning_text(const Run& run, std::string_view optimiser) {
  const auto& rows = run.history.rows;
  return fmt::format("{} parameters by {}, {} updates; {}\n", run.history.parameters.size(),
                     optimiser, rows.empty() ? 0 : rows.back().epoch, stop_words(run.stop_reason));
}

/// What the runs of every learner say.
template <class Run>
nlohmann::json learning_json(const Run& run, std::string_view optimiser) {
  nlohmann::json out = origin_json(run.action, run.provenance);
  out.update(json_of("parameters", run.history.parameters.size(), "optimiser", optimiser, "epochs",
                     run.history.rows.size(), "stop_reason", name(run.stop_reason), "converged",
                     run.stop_reason == StopReason::converged, "couplings",
                     couplings_json(learned(run))));
  if (!run.history.rows.empty()) out["last_epoch"] = fields_json(run.history.rows.back());
  return out;
}

}  // namespace quartic::reports
