// Linear regression of D = A - S on the features f of sampled fields: gradient, natural-gradient
// step, errors.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <numeric>
#include <optional>
#include <span>
#include <vector>

#include "core/exact_sum.hpp"
#include "learn/chain_groups.hpp"
#include "learn/feature_statistics.hpp"
#include "learn/natural_step.hpp"
#include "quartic/core/error.hpp"
#include "quartic/core/estimate.hpp"

namespace quartic {

/// Configurations of one epoch, and D of each, [own chain * draws + draw].
template <class T>
struct Samples : FieldSamples<T> {
  std::vector<double> difference;
};

/// Sums over chains are exact: the bits do not depend on threads or ranks.
template <class T>
class Regression {
 public:
  Regression(const Samples<T>& samples, const Parameters& parameters)
      : features_(samples, parameters),
        size_(parameters.size()),
        groups_(samples.chains()),
        count_(features_.count()),
        centred_(samples.difference),
        gradient_(size_),
        variance_(size_) {
    const double mean = exact_sum(team(), centred_, [](double d) { return d; }) / count_;
    for (double& d : centred_) d -= mean;
    std::vector<double> squares;
    const auto score = by_group(features_.scores(centred_, &squares));
    gradient_ = total(score);
    gradient_error_ = noise_variance(deviations(score), size_);
    for (int k = 0; k < size_; ++k) {
      gradient_error_[k] = std::sqrt(gradient_error_[k]);
      variance_[k] = squares[k] / count_;
      if (!(variance_[k] > 0)) {
        throw Diverged("the samples do not vary along " + parameters.label(k),
                       "freeze that kind of coupling, or start from weaker couplings");
      }
    }
  }

  /// Cov(f, D) and its standard error from the scatter between chains (autocorrelation included).
  const std::vector<double>& covariance() const { return gradient_; }
  const std::vector<double>& covariance_error() const { return gradient_error_; }

  using Step = NaturalStep;
  /// Cholesky of the dense Gram matrix; the ridge grows from `ridge` until it factors. Noise by the
  /// sandwich, clustered by groups of chains. O(samples K^2 + K^3 / 3).
  Step dense(double ridge) {
    Step result;
    result.ridge = ridge;
    gram_ = features_.covariance();
    const auto factor = factor_of(gram_, result.ridge);
    solve(factor, {}, false, result);
    return result;
  }
  /// Newton's step of the bound itself, near its minimum: with its Hessian H = C + <D f f'> (D and
  /// f less their means) in place of C, which is H where the target lies in the span. Where it does
  /// not, C^-1 Cov(f, D) falls short or leaps over, and the noise of earlier steps stays in later
  /// ones. Corrected for the bias of products of averages over the same samples, Sum_g H^-1 H_g v_g
  /// with v_g the noise of group g: what a jackknife over the groups gives, to first order. Half of
  /// it is missing in residuals and thus in the noise (MacKinnon & White, J. Econometrics 29, 305,
  /// 1985, HC2). `natural` is what dense() gave, and where the target lies in the
  /// span it is that. As dear as dense().
  Step newton(const Step& natural) const {
    const double square = mean_square(centred_);
    constexpr double in_span = 1e-6;
    if (square < in_span) return natural;
    Step result = natural;
    auto weight = centred_;
    for (double& w : weight) w += 1;
    if (const auto factor = curved(weight, natural.ridge)) {
      solve(*factor, weight, true, result);
      constexpr double most = 4;  // of C over H: beyond, H is but noise
      if (dot(gradient_, result.step) < most * dot(gradient_, natural.step)) return result;
    }
    solve(factor_of(gram_, result.ridge), {}, true, result);
    return result;
  }
  /// Conjugate gradients with features recomputed from the configurations, O(samples K) an
  /// iteration. Errors neglect the correlation between features.
  Step matrix_free(double ridge) const {
    Step result;
    result.ridge = ridge;
    result.step = conjugate_gradients([&](std::span<const double> v) { return features_.apply(v); },
                                      gradient_, variance_, ridge)
                      .x;
    result.noise = score_noise(result.step, {});
    double step2 = 0, noise2 = 0;
    for (std::size_t n = 0; n < result.noise.size(); ++n) {
      const double variance = variance_[n % size_];
      result.noise[n] /= variance;
      noise2 += variance * result.noise[n] * result.noise[n];
    }
    for (int i = 0; i < size_; ++i) step2 += variance_[i] * result.step[i] * result.step[i];
    result.significance = noise2 > 0 ? std::sqrt(step2 / noise2) : 0;
    return result;
  }
  /// Of a step that was found elsewhere, by its length and that of its noise in the fields' own
  /// metric. Each group's noise is measured on the samples of another, of which it knows nothing.
  /// O(samples K).
  double significance(const Step& step) const {
    auto noise = step.noise;
    std::rotate(noise.begin(), noise.begin() + size_, noise.end());
    const auto groups = static_cast<double>(noise.size()) / size_;
    const double variance = groups * mean_square(features_.project_groups(noise));
    return variance > 0 ? std::sqrt(mean_square(features_.project(step.step)) / variance) : 0;
  }
  /// What these samples tell of the bound along a step s; F = s.f. O(samples K).
  struct Along {
    Estimate slope;      ///< s.Cov(f, D): by so much the bound falls, to first order
    double square;       ///< s.Cs = Var(F)
    Estimate curvature;  ///< s.Hs / s.Cs with H = C + <R f f'>, R = D - F what the step leaves of
                         ///< D: 1 where that is nothing, as of a target in the span; above 2 steps
                         ///< of the natural gradient leap ever farther over the minimum
  };
  Along along(const std::vector<double>& step) const {
    const auto change = features_.project(step);
    const double square = mean_square(change);
    const Estimate slope = mean_of([&](std::size_t n) { return change[n] * centred_[n]; });
    const Estimate bent =
        mean_of([&](std::size_t n) { return (centred_[n] - change[n]) * change[n] * change[n]; });
    if (square == 0) return {slope, 0, {1, 0}};
    return {slope, square, {1 + bent.value / square, bent.error / square}};
  }
  /// Half the variance of A - S that the second step would take away beyond the first, so many nats
  /// of KL(p||q), where the two come from the same samples and nearly cancel: what their noise adds
  /// is taken off, and the error is the scatter of that variance under noise of random signs.
  /// O(samples K).
  Estimate gain(const Step& first, const Step& second) const {
    std::vector<double> step(size_), noise(second.noise);
    for (int k = 0; k < size_; ++k) step[k] = second.step[k] - first.step[k];
    for (std::size_t n = 0; n < noise.size(); ++n) noise[n] -= first.noise[n];
    const auto along = features_.project(step);
    const double found = mean_square(along) / 2;
    constexpr int replicas = 8;
    double by_noise = 0, scatter = 0;
    for (unsigned replica = 1; replica <= replicas; ++replica) {
      std::vector<double> sum(size_);
      for (std::size_t n = 0; n < noise.size(); ++n) {
        const bool minus = std::popcount(static_cast<unsigned>(n / size_) & replica) % 2 != 0;
        sum[n % size_] += minus ? -noise[n] : noise[n];
      }
      auto noisy = features_.project(sum);
      const double own = mean_square(noisy) / 2;
      for (std::size_t n = 0; n < noisy.size(); ++n) noisy[n] += along[n];
      by_noise += own / replicas;
      scatter += std::pow(mean_square(noisy) / 2 - found - own, 2) / replicas;
    }
    return {found - by_noise, std::sqrt(scatter)};
  }
  /// Cov(f, D) / Var(f) error a coupling alone, for plain gradients.
  std::vector<double> diagonal_error() const {
    std::vector<double> error(gradient_error_);
    for (int k = 0; k < size_; ++k) error[k] /= variance_[k];
    return error;
  }

 private:
  const Team& team() const { return features_.samples().team(); }
  double mean_square(const std::vector<double>& x) const {
    return exact_sum(team(), x, [](double v) { return v * v; }) / count_;
  }
  /// Of value(own sample), with the error that the groups' scatter tells.
  template <class Value>
  Estimate mean_of(Value&& value) const {
    const auto draws = static_cast<std::size_t>(features_.samples().draws);
    std::vector<double> by_chain(centred_.size() / draws);
    for (std::size_t n = 0; n < centred_.size(); ++n) by_chain[n / draws] += value(n);
    const auto& samples = features_.samples();
    const auto sums =
        sums_of_groups(team(), samples.threads, groups_, by_chain, 1, samples.first_chain());
    const auto noise = deviations_of_groups(sums, 1, groups_, 1 / count_);
    return {std::accumulate(sums.begin(), sums.end(), 0.0) / count_,
            std::sqrt(noise_variance(noise, 1)[0])};
  }
  /// Of [k * own chains + chain], the sums over each group's chains, [group][k].
  std::vector<double> by_group(const std::vector<double>& score) const {
    const auto& samples = features_.samples();
    return sums_of_groups(team(), samples.threads, groups_, score, size_, samples.first_chain());
  }
  std::vector<double> deviations(std::span<const double> score) const {
    return deviations_of_groups(score, size_, groups_, 1 / count_);
  }
  static constexpr const char* hint =
      "draw more samples (sampler.chains, learn.draws), or tie couplings";

  FreeFactor factor_of(const SymmetricMatrix& gram, double& ridge) const {
    return factor_with_ridge(gram, std::vector<char>(size_, 0), ridge, hint);
  }
  /// Of <weight f f'>, or nothing where that is not positive definite.
  std::optional<FreeFactor> curved(std::vector<double> weight, double ridge) const {
    double shift = std::max(-*std::min_element(weight.begin(), weight.end()), 0.0);
    team().max(std::span(&shift, 1));
    for (double& w : weight) w += shift;
    auto hessian = features_.weighted_covariance(weight);
    hessian.add(gram_, -shift);
    return hessian.factor(std::vector<char>(size_, 0), ridge);
  }
  /// Mean over all samples, from sums by group.
  std::vector<double> total(std::span<const double> score) const {
    std::vector<double> out(size_);
    for (std::size_t n = 0; n < score.size(); ++n) out[n % size_] += score[n];
    for (double& x : out) x /= count_;
    return out;
  }
  /// Noise of the equations that the step solves, < f (D - weight f.step) > = 0.
  std::vector<double> score_noise(std::span<const double> step,
                                  std::span<const double> weight) const {
    auto rest = features_.project(step);
    for (std::size_t n = 0; n < rest.size(); ++n)
      rest[n] = centred_[n] - (weight.empty() ? 1 : weight[n]) * rest[n];
    return deviations(by_group(features_.scores(rest)));
  }
  /// The step by a factor of <weight f f'>, with its noise and significance.
  void solve(const FreeFactor& factor, std::span<const double> weight, bool correct_bias,
             Step& result) const {
    result.step = gradient_;
    factor.solve(result.step, 1);
    const auto noise_gradient = score_noise(result.step, weight);
    result.noise = noise_gradient;
    const int groups = static_cast<int>(noise_gradient.size()) / size_;
    factor.solve(result.noise, groups);
    if (!correct_bias) {
      const double noise = std::sqrt(dot(noise_gradient, result.noise));
      result.significance =
          noise > 0 ? std::sqrt(std::max(dot(gradient_, result.step), 0.0)) / noise : 0;
      return;
    }
    auto second = features_.project_groups(result.noise);
    for (std::size_t n = 0; n < second.size() && !weight.empty(); ++n) second[n] *= weight[n];
    const auto score = by_group(features_.scores(second));
    auto bias = total(score), part = deviations(score);
    factor.solve(bias, 1);
    factor.solve(part, groups);
    for (int k = 0; k < size_; ++k) result.step[k] += bias[k];
    for (std::size_t n = 0; n < part.size(); ++n) result.noise[n] += part[n] / 2;
  }

  FeatureStatistics<T> features_;
  int size_;
  ChainGroups groups_;
  double count_;
  std::vector<double> centred_, gradient_, gradient_error_, variance_;
  SymmetricMatrix gram_;  ///< Cov(f, f), of dense()
};

}  // namespace quartic
