// Linear regression of D = A - S on the features f of sampled fields: gradient, natural-gradient
// step, errors.
#pragma once

#include <algorithm>
#include <cmath>
#include <numeric>
#include <span>
#include <vector>

#include "learn/feature_statistics.hpp"
#include "quartic/core/error.hpp"

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
  Regression(const Samples<T>& samples, const Parameters& parameters)
      : features_(samples, parameters),
        size_(parameters.size()),
        count_(features_.count()),
        centred_(samples.difference),
        covariance_(size_),
        covariance_error_(size_),
        variance_(size_) {
    const double mean = std::accumulate(centred_.begin(), centred_.end(), 0.0) / count_;
    for (double& d : centred_) d -= mean;
    const int chains = samples.chains();

    std::vector<double> squares;
    const auto score = features_.scores(centred_, &squares);
    for (int k = 0; k < size_; ++k) {
      const std::span row(score.data() + static_cast<std::ptrdiff_t>(k) * chains, chains);
      const double total = std::accumulate(row.begin(), row.end(), 0.0);
      double scatter = 0;
      for (const double s : row) scatter += (s - total / chains) * (s - total / chains);
      covariance_[k] = total / count_;
      covariance_error_[k] = std::sqrt(scatter * chains / (chains - 1.0)) / count_;
      variance_[k] = squares[k] / count_;
      if (!(variance_[k] > 0)) {
        throw Diverged("the samples do not vary along " + parameters.label(k),
                       "freeze that kind of coupling, or start from weaker couplings");
      }
    }
  }

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
  Step dense(double ridge) const {
    Step result;
    result.ridge = ridge;
    const FreeFactor factor =
        factor_with_ridge(features_.covariance(), std::vector<char>(size_, 0), result.ridge,
                          "draw more samples (sampler.chains, learn.draws), or tie couplings");
    result.step = covariance_;
    factor.solve(result.step, 1);

    const int chains = features_.samples().chains();
    const auto score = features_.scores(residual(result.step));
    std::vector<double> columns(static_cast<std::size_t>(size_) * chains);
    for (int chain = 0; chain < chains; ++chain)
      for (int k = 0; k < size_; ++k)
        columns[static_cast<std::size_t>(chain) * size_ + k] =
            score[static_cast<std::size_t>(k) * chains + chain] / count_;
    const std::vector<double> noise_gradient = columns;
    factor.solve(columns, chains);
    result.error.resize(size_);
    for (std::size_t n = 0; n < columns.size(); ++n)
      result.error[n % size_] += columns[n] * columns[n];
    // Residuals of a fit with K parameters are too small by (N - K) / N in the square.
    const double lost = std::max(count_ - size_, 1.0) / count_;
    for (double& e : result.error) e = std::sqrt(e * chains / (chains - 1.0)) / lost;
    const double noise = std::sqrt(dot(noise_gradient, columns) * chains / (chains - 1.0)) / lost;
    result.significance =
        noise > 0 ? std::sqrt(std::max(dot(covariance_, result.step), 0.0)) / noise : 0;
    return result;
  }
  /// Conjugate gradients with features recomputed from the configurations, O(samples K) an
  /// iteration. Errors neglect the correlation between features.
  Step matrix_free(double ridge) const {
    Step result;
    result.ridge = ridge;
    auto solution =
        conjugate_gradients([&](std::span<const double> v) { return features_.apply(v); },
                            covariance_, variance_, ridge);
    result.step = std::move(solution.x), result.iterations = solution.iterations;
    const int chains = features_.samples().chains();
    const auto score = features_.scores(residual(result.step));
    result.error.resize(size_);
    for (int k = 0; k < size_; ++k) {
      const std::span row(score.data() + static_cast<std::ptrdiff_t>(k) * chains, chains);
      result.error[k] =
          std::sqrt(dot(row, row) * chains / (chains - 1.0)) / (count_ * variance_[k]);
    }
    double step2 = 0, noise2 = 0;
    for (int i = 0; i < size_; ++i) {
      step2 += variance_[i] * result.step[i] * result.step[i];
      noise2 += variance_[i] * result.error[i] * result.error[i];
    }
    result.significance = noise2 > 0 ? std::sqrt(step2 / noise2) : 0;
    return result;
  }
  /// Cov(f, D) / Var(f) error a coupling alone, for plain gradients.
  std::vector<double> diagonal_error() const {
    std::vector<double> error(covariance_error_);
    for (int k = 0; k < size_; ++k) error[k] /= variance_[k];
    return error;
  }

 private:
  std::vector<double> residual(std::span<const double> step) const {
    std::vector<double> rest(centred_);
    const auto fit = features_.project(step);
    for (std::size_t n = 0; n < rest.size(); ++n) rest[n] -= fit[n];
    return rest;
  }

  FeatureStatistics<T> features_;
  int size_;
  double count_;
  std::vector<double> centred_, covariance_, covariance_error_, variance_;
};

}  // namespace quartic
