#include "learn/newton_step.hpp"

#include <algorithm>
#include <cmath>

#include "quartic/core/error.hpp"

namespace quartic {
namespace {

/// How much of a covariance must be its diagonal where it was estimated from few samples (Ledoit &
/// Wolf, J. Multivar. Anal. 88, 365, 2004); a feature of a local theory is correlated with about
/// ten others.
double shrinkage(double size, double samples) {
  return size / (size + 10 * samples);
}

}  // namespace

SampledMean sampled_mean(std::span<const double> sums, int size, const ChainGroups& groups,
                         int draws) {
  SampledMean out;
  const double count = static_cast<double>(groups.chains) * draws;
  out.mean.resize(size);
  for (std::size_t n = 0; n < sums.size(); ++n) out.mean[n % size] += sums[n] / count;
  out.deviations = deviations_of_groups(sums, size, groups, 1 / count);
  out.error = noise_variance(out.deviations, size);
  for (double& e : out.error) e = std::sqrt(e);
  return out;
}

template <class T>
NewtonModel::NewtonModel(const FeatureStatistics<T>& features, std::span<const double> decay)
    : hessian_(features.covariance()), decay_(decay.begin(), decay.end()) {
  const int size = features.size();
  const Parameters& parameters = features.parameters();
  std::vector<double> still(size);  // a hidden unit that is always the same moves nowhere
  for (int k = 0; k < size; ++k) {
    if (hessian_.diagonal()[k] > 0) continue;
    const CouplingKind kind = parameters.kind(k);
    if (k >= parameters.end(kind) - parameters.hidden_count(kind)) {
      still[k] = 1e30;
      continue;
    }
    throw Diverged("the samples do not vary along " + parameters.label(k),
                   "freeze that kind of coupling, or start from weaker couplings");
  }
  hessian_.add_to_diagonal(still);
  const double n = features.count();
  if (n > 4.0 * size) {
    // The inverse of a covariance that was estimated from n samples is too large by n / (n - K -
    // 1).
    hessian_.scale(n / (n - size - 1));
  } else {
    const double share = shrinkage(size, n);
    auto own = hessian_.diagonal();
    for (double& x : own) x *= share;
    hessian_.scale(1 - share);
    hessian_.add_to_diagonal(own);
  }
  hessian_.add_to_diagonal(decay_);
}

NewtonStep NewtonModel::step(std::span<const double> theta, std::span<const double> gradient,
                             std::span<const double> lower, double ridge) const {
  const int size = hessian_.size();
  auto right = hessian_.apply(theta);
  for (int k = 0; k < size; ++k) right[k] += gradient[k];
  auto optimum = minimise_quadratic(hessian_, right, lower, ridge);
  NewtonStep out{std::move(optimum.x), std::move(optimum.at_bound), 0, optimum.ridge,
                 std::move(optimum.factor)};
  for (int k = 0; k < size; ++k) out.step[k] -= theta[k];
  out.decrement2 = std::max(dot(gradient, out.step), 0.0);
  return out;
}

std::vector<double> NewtonModel::variance(const NewtonStep& at,
                                          std::span<const double> deviations) const {
  std::vector<double> x(deviations.begin(), deviations.end());
  solve_held(hessian_, at.at_bound, at.factor, x);
  return noise_variance(x, hessian_.size());
}

std::vector<double> NewtonModel::fisher_variance(const NewtonStep& at, double rows) const {
  // (H^-1 C H^-1)_kk = y.Cy with y = H^-1 e_k and C = H - decay.
  const int size = hessian_.size();
  std::vector<double> out(size), y(size);
  for (int k = 0; k < size; ++k) {
    std::fill(y.begin(), y.end(), 0.0);
    y[k] = 1;
    solve_held(hessian_, at.at_bound, at.factor, y);
    double shrunk = 0;
    for (int l = 0; l < size; ++l)
      if (l == k || !at.at_bound[l]) shrunk += decay_[l] * y[l] * y[l];
    out[k] = std::max(y[k] - shrunk, 0.0) / rows;
  }
  return out;
}

template NewtonModel::NewtonModel(const FeatureStatistics<float>&, std::span<const double>);
template NewtonModel::NewtonModel(const FeatureStatistics<double>&, std::span<const double>);

}  // namespace quartic
