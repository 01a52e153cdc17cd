// Whether a single site's density has two wells.
#pragma once

namespace quartic {

/// The wells count as separate once the barrier a^2 / (4b) between them is half a unit of action.
inline bool double_well(double a, double b) {
  return a < 0 && a * a > 2 * b;
}

}  // namespace quartic
