// The Newton step of a concave log-likelihood with bounds, and the errors of where it leads.
#pragma once

#include <span>
#include <vector>

#include "learn/feature_statistics.hpp"

namespace quartic {

/// <f>_p of one epoch with its Monte Carlo error.
struct SampledMean {
  std::vector<double> mean, error;
  /// One an entry a group of chains: the sum of their outer products is the covariance of the mean,
  /// autocorrelation included.
  std::vector<std::vector<double>> deviations;
};

/// From sums by chain, [k * chains + chain], over `draws` configurations each.
SampledMean sampled_mean(std::span<const double> sums, int size, int chains, int draws);

struct NewtonProblem {
  std::span<const double> theta, gradient;  ///< of the objective, weight decay included
  std::span<const double> lower, decay;
  double rows, ridge;
};

struct NewtonStep {
  std::vector<double> step;
  double decrement2 = 0;  ///< gradient . step: twice what is left to climb, in nats per row
  double noise2 = 0;      ///< what Monte Carlo noise alone would give it
  double ridge = 0;
  std::vector<double> data_variance;   ///< of theta, the data being finite
  std::vector<double> noise_variance;  ///< of theta after the step
};

/// With the bounds as an active set. O(samples K^2 + K^3).
template <class T>
NewtonStep newton_step(const FeatureStatistics<T>& features, const SampledMean& sampled,
                       const NewtonProblem& problem);

}  // namespace quartic
