// The Newton step of a concave log-likelihood with bounds, and the errors of where it leads.
#pragma once

#include <span>
#include <vector>

#include "learn/chain_groups.hpp"
#include "learn/feature_statistics.hpp"

namespace quartic {

/// <f>_p of one epoch with its Monte Carlo error.
struct SampledMean {
  std::vector<double> mean, error;
  /// [group of chains][k]: the sum over groups of outer products is the covariance of the mean,
  /// autocorrelation included.
  std::vector<double> deviations;
};

/// From sums over the chains of each group, [group][k], of `draws` configurations a chain.
SampledMean sampled_mean(std::span<const double> sums, int size, const ChainGroups& groups,
                         int draws);

/// Where the quadratic model of the objective is largest within the bounds.
struct NewtonStep {
  std::vector<double> step;
  std::vector<char> at_bound;  ///< there
  double decrement2 = 0;       ///< gradient . step: twice what is left to climb, in nats per row
  double ridge = 0;
  FreeFactor factor;  ///< of the Hessian's rows that are not at their bound
};

/// The objective near the couplings that were sampled: its Hessian is -(Cov_p(f, f) + decay).
class NewtonModel {
 public:
  /// O(samples K^2).
  template <class T>
  NewtonModel(const FeatureStatistics<T>& features, std::span<const double> decay);

  std::vector<double> curved(std::span<const double> step) const { return hessian_.apply(step); }
  /// From theta, with the bounds as an active set. O(K^3).
  NewtonStep step(std::span<const double> theta, std::span<const double> gradient,
                  std::span<const double> lower, double ridge) const;
  /// Variance of theta + step from deviations of the gradient, [group][k], Student's factor
  /// included: what is at its bound stays there. Its own variance is that with it let go: how far
  /// above the bound it might yet be. O(groups K^2).
  std::vector<double> variance(const NewtonStep& at, std::span<const double> deviations) const;
  /// The same for `rows` rows that are draws of the model, by the Fisher matrix. O(K^3).
  std::vector<double> fisher_variance(const NewtonStep& at, double rows) const;

 private:
  SymmetricMatrix hessian_;
  std::vector<double> decay_;
};

}  // namespace quartic
