#include "quartic/core/estimate.hpp"

#include <cmath>

namespace quartic {

Estimate mean_of(std::span<const double> values) {
  const double n = static_cast<double>(values.size());
  double mean = 0, square = 0;
  for (const double v : values) mean += v / n;
  for (const double v : values) square += (v - mean) * (v - mean);
  return {mean, n > 1 ? std::sqrt(square / (n * (n - 1))) : 0};
}

}  // namespace quartic
