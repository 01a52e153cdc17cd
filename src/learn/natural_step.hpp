// A step of the natural gradient, with its noise.
#pragma once

#include <vector>

namespace quartic {

struct NaturalStep {
  std::vector<double> step;       ///< C^-1 Cov(f, D)
  std::vector<double> noise;      ///< of it, by group of chains: [group][k]
  std::vector<double> bias = {};  ///< of it, where it is known apart
  /// Length of the step over what noise alone would give it, both in the metric C: sqrt(g C^-1 g
  /// / tr(C^-1 Cov g)). Single errors, swollen by features that nearly coincide, would hide a
  /// move along the stiff directions.
  double significance = 0;
  double ridge = 0;  ///< ridge that was used, in units of each feature's variance
};

}  // namespace quartic
