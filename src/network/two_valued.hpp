// Units of two values in float64, the reference of the kernels.
#pragma once

#include <algorithm>
#include <cmath>

#include "network/unit_type.hpp"

namespace quartic {

template <int kLow, int kHigh>
struct TwoValued {
  static constexpr double values[] = {kLow, kHigh};
  static constexpr double gap = kHigh - kLow;

  static UnitMoments moments(double, double, double j) {
    const double x = gap * j, high = 1 / (1 + std::exp(-x));
    const auto power = [&](int n) {
      return std::pow(double{kLow}, n) * (1 - high) + std::pow(double{kHigh}, n) * high;
    };
    const double log_fold = std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x)));
    return {kLow * j + log_fold, power(1), power(2), power(4)};
  }
  static double mode(double, double, double j) { return j > 0 ? kHigh : kLow; }
  static double draw(double, double, double j, RandomStream& random) {
    return random.uniform() * (1 + std::exp(-gap * j)) < 1 ? kHigh : kLow;
  }
};

}  // namespace quartic
