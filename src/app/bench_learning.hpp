// What learning costs on this machine, for `quartic bench`.
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace quartic::app {

struct LearningTime {
  std::string what;
  double milliseconds, error;  ///< median, and half the spread of the middle half
};

/// Updates of networks and an epoch of learning an action, on one core; `tell` hears of each as it
/// is known.
void time_learning(const std::function<void(const LearningTime&)>& tell);

}  // namespace quartic::app
