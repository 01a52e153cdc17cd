// The baseline of `quartic bench`.
#pragma once

#include <vector>

namespace quartic::app {

struct PlainRun {
  std::vector<double> m2;  ///< of each sweep
  double seconds;
};

/// What a user has without quartic: one chain of the action of `quartic bench`, one site at a time,
/// std::mt19937, std::exp; O(extent^2) a sweep, for so many seconds.
PlainRun plain_metropolis(int extent, double seconds);

}  // namespace quartic::app
