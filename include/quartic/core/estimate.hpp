// A number with its error.
#pragma once

#include <span>

namespace quartic {

struct Estimate {
  double value = 0;
  double error = 0;  ///< standard error
};

/// The mean of independent values, and its standard error; 0 for a single value.
Estimate mean_of(std::span<const double> values);

}  // namespace quartic
