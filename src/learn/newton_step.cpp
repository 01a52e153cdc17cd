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

SampledMean sampled_mean(std::span<const double> sums, int size, int chains, int draws) {
  SampledMean out;
  out.mean.resize(size), out.error.resize(size);
  const int groups = std::min(chains, 64);
  out.deviations.assign(groups, std::vector<double>(size));
  const double count = static_cast<double>(chains) * draws;
  const double scale = std::sqrt(groups / (groups - 1.0)) / count;
  for (int k = 0; k < size; ++k) {
    const double* row = sums.data() + static_cast<std::ptrdiff_t>(k) * chains;
    double total = 0, square = 0;
    for (int c = 0; c < chains; ++c) total += row[c];
    for (int g = 0; g < groups; ++g) {
      const int begin = chains * g / groups, end = chains * (g + 1) / groups;
      double sum = 0;
      for (int c = begin; c < end; ++c) sum += row[c];
      const double deviation = scale * (sum - total * (end - begin) / chains);
      out.deviations[g][k] = deviation;
      square += deviation * deviation;
    }
    out.mean[k] = total / count, out.error[k] = std::sqrt(square);
  }
  return out;
}

template <class T>
NewtonStep newton_step(const FeatureStatistics<T>& features, const SampledMean& sampled,
                       const NewtonProblem& problem) {
  const int size = features.size();
  auto hessian = features.covariance();
  for (int k = 0; k < size; ++k) {
    if (hessian.diagonal()[k] > 0) continue;
    throw Diverged("the samples do not vary along " + features.parameters().label(k),
                   "freeze that kind of coupling, or start from weaker couplings");
  }
  const double n = features.count();
  if (n > 4.0 * size) {
    // The inverse of a covariance that was estimated from n samples is too large by n / (n - K -
    // 1).
    hessian.scale(n / (n - size - 1));
  } else {
    const double share = shrinkage(size, n);
    auto own = hessian.diagonal();
    for (double& x : own) x *= share;
    hessian.scale(1 - share);
    hessian.add_to_diagonal(own);
  }
  hessian.add_to_diagonal(problem.decay);
  auto right = hessian.apply(problem.theta);
  for (int k = 0; k < size; ++k) right[k] += problem.gradient[k];
  const auto optimum = minimise_quadratic(hessian, right, problem.lower, problem.ridge);
  NewtonStep out;
  out.ridge = optimum.ridge, out.step = optimum.x;
  for (int k = 0; k < size; ++k) out.step[k] -= problem.theta[k];
  out.decrement2 = std::max(dot(problem.gradient, out.step), 0.0);
  for (const auto& deviation : sampled.deviations) {
    auto x = deviation;
    optimum.factor.solve(x, 1);
    out.noise2 += dot(deviation, x);
  }
  const auto factor = factor_with_ridge(hessian, std::vector<char>(size, 0), out.ridge,
                                        "draw more samples, or tie couplings");
  out.data_variance.resize(size), out.noise_variance.resize(size);
  for (const auto& deviation : sampled.deviations) {
    auto x = deviation;
    factor.solve(x, 1);
    for (int k = 0; k < size; ++k) out.noise_variance[k] += x[k] * x[k];
  }
  // (H^-1 C H^-1)_kk = y.Cy with y = H^-1 e_k and C = H - decay.
  std::vector<double> y(size);
  for (int k = 0; k < size; ++k) {
    std::fill(y.begin(), y.end(), 0.0);
    y[k] = 1;
    factor.solve(y, 1);
    double shrunk = 0;
    for (int l = 0; l < size; ++l) shrunk += problem.decay[l] * y[l] * y[l];
    out.data_variance[k] = std::max(y[k] - shrunk, 0.0) / problem.rows;
  }
  return out;
}

template NewtonStep newton_step(const FeatureStatistics<float>&, const SampledMean&,
                                const NewtonProblem&);
template NewtonStep newton_step(const FeatureStatistics<double>&, const SampledMean&,
                                const NewtonProblem&);

}  // namespace quartic
