// A number with its error.
#pragma once

#include <cmath>
#include <span>

namespace quartic {

struct Estimate {
  double value = 0;
  double error = 0;  ///< standard error
};

/// The mean of independent values, and its standard error; 0 for a single value.
inline Estimate mean_of(std::span<const double> values) {
  const double n = static_cast<double>(values.size());
  double mean = 0, square = 0;
  for (const double v : values) mean += v / n;
  for (const double v : values) square += (v - mean) * (v - mean);
  return {mean, n > 1 ? std::sqrt(square / (n * (n - 1))) : 0};
}

}  // namespace quartic
