// Linear regression of D = A - S on the features f of sampled fields: gradient, natural-gradient
// step, errors.
#pragma once

#include <span>
#include <vector>

#include "learn/feature_statistics.hpp"

namespace quartic {

/// Configurations of one epoch, and D of each, [chain * draws + draw].
template <class T>
struct Samples : FieldSamples<T> {
  std::vector<double> difference;
};

/// All sums run over chains in fixed order: the bits do not depend on threads.
template <class T>
class Regression {
 public:
  Regression(const Samples<T>& samples, const Parameters& parameters);

  /// Cov(f, D) and its standard error from the scatter between chains (autocorrelation included).
  const std::vector<double>& covariance() const { return covariance_; }
  const std::vector<double>& covariance_error() const { return covariance_error_; }
  const std::vector<double>& variance() const { return variance_; }  ///< Var(f_k)

  struct Step {
    std::vector<double> step;   ///< C^-1 Cov(f, D)
    std::vector<double> error;  ///< standard error
    /// Length of the step over what noise alone would give it, both in the metric C: sqrt(g C^-1 g
    /// / tr(C^-1 Cov g)). Single errors, swollen by features that nearly coincide, would hide a
    /// move along the stiff directions.
    double significance = 0;
    double ridge = 0;    ///< ridge that was used, in units of each feature's variance
    int iterations = 0;  ///< of conjugate gradients; 0: dense
  };
  /// Cholesky of the dense Gram matrix; the ridge grows from `ridge` until it factors.
  /// Errors are clustered by chain (sandwich). O(samples K^2 + K^3 / 3).
  Step dense(double ridge) const;
  /// Conjugate gradients with features recomputed from the configurations, O(samples K) an
  /// iteration. Errors neglect the correlation between features.
  Step matrix_free(double ridge) const;
  /// Cov(f, D) / Var(f) error a coupling alone, for plain gradients.
  std::vector<double> diagonal_error() const;

 private:
  std::vector<double> residual(std::span<const double> step) const;

  FeatureStatistics<T> features_;
  int size_;
  double count_;
  std::vector<double> centred_, covariance_, covariance_error_, variance_;
};

}  // namespace quartic
