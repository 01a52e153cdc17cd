// Linear regression of D = A - S on the features f of sampled fields: gradient, natural-gradient
// step, errors.
#pragma once

#include <span>
#include <vector>

#include "quartic/core/aligned.hpp"
#include "quartic/field/field_block.hpp"
#include "quartic/field/parameters.hpp"

namespace quartic {

/// Configurations of one epoch, [draw][block][site][lane], and D of each, [chain * draws + draw].
template <class T>
struct Samples {
  int sites, lanes, blocks, draws, threads;
  std::vector<AlignedVector<T>> fields;  ///< one an entry a draw
  std::vector<double> difference;

  int chains() const { return lanes * blocks; }
  FieldBlock<const T> block(int draw, int index) const {
    return {fields[draw].data() + static_cast<std::ptrdiff_t>(index) * sites * lanes, sites, lanes};
  }
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
    double regularisation = 0;  ///< ridge that was used, in units of each feature's variance
    int iterations = 0;         ///< of conjugate gradients; 0: dense
  };
  /// Cholesky of the dense Gram matrix; the ridge grows from `regularisation` until it factors.
  /// Errors are clustered by chain (sandwich). O(samples K^2 + K^3 / 3).
  Step dense(double regularisation) const;
  /// Conjugate gradients with features recomputed from the configurations, O(samples K) an
  /// iteration. Errors neglect the correlation between features.
  Step matrix_free(double regularisation) const;
  /// Cov(f, D) / Var(f) error a coupling alone, for plain gradients.
  std::vector<double> diagonal_error() const;

 private:
  /// scores[k * chains + chain] = sum over draws of (f_k - <f_k>) y, y as `difference` is stored.
  std::vector<double> scores(std::span<const double> y,
                             std::vector<double>* squares = nullptr) const;
  std::vector<double> residual(std::span<const double> step) const;
  std::vector<double> gram() const;
  std::vector<double> apply(std::span<const double> v) const;
  template <class F>
  void for_each_batch(F&& f) const;

  const Samples<T>& samples_;
  const Parameters& parameters_;
  int size_;
  double count_;
  std::vector<double> centred_, mean_, covariance_, covariance_error_, variance_;
};

}  // namespace quartic
