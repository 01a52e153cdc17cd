// The widening of errors that are themselves estimated from few values.
#pragma once

#include <cmath>

namespace quartic {

/// Student's quantile that covers what one standard deviation of a Gaussian does (Abramowitz &
/// Stegun 26.7.5). Infinite without a degree of freedom.
inline double student_factor(double freedom) {
  if (!(freedom > 0)) return INFINITY;
  const double v = 1 / freedom;
  return 1 + v / 2 + v * v / 4 + v * v * v / 16;
}

/// By what a variance that is the sum of squares of independent shares is too small where their sum
/// of cubes says that the estimate has skewness s = third / variance^(3/2): estimate and scatter
/// then vary together, and the mean square of their ratio is 1 + 2 s^2 (Hall, The Bootstrap and
/// Edgeworth Expansion, 1992, 2.6).
inline double skewness_factor(double variance, double third) {
  return variance > 0 ? 1 + 2 * third * third / (variance * variance * variance) : 1;
}

}  // namespace quartic
