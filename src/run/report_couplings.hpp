// Learned couplings in a few numbers a kind, for the reports of every learner.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "quartic/field/parameters.hpp"
#include "quartic/learn/stop_reason.hpp"

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

}  // namespace quartic::reports
