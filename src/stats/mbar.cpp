#include "quartic/stats/mbar.hpp"

#include <fmt/format.h>

#include <Eigen/Cholesky>
#include <algorithm>
#include <cmath>

#include "core/symmetric_eigen.hpp"
#include "quartic/core/error.hpp"
#include "quartic/stats/shared_samples.hpp"

namespace quartic {
namespace {

using Eigen::MatrixXd;
using Eigen::VectorXd;

/// The equations for given samples: K ensembles, F_0 = 0.
class Equations {
 public:
  Equations(const std::vector<std::vector<double>>& actions, std::span<const ChainSet> sets)
      : actions_(actions), count_(static_cast<Eigen::Index>(actions.size())) {
    for (Eigen::Index k = 0; k < count_.size(); ++k)
      count_[k] = static_cast<double>(sets[k].samples());
  }

  std::size_t samples() const { return actions_.front().size(); }
  const VectorXd& counts() const { return count_; }

  /// ln sum_k N_k exp(F_k - S_k(n)) and the share of each ensemble in it.
  double mixture(std::size_t n, const VectorXd& f, VectorXd& share) const {
    for (Eigen::Index k = 0; k < f.size(); ++k)
      share[k] = std::log(count_[k]) + f[k] - actions_[k][n];
    const double most = share.maxCoeff();
    share = (share.array() - most).exp();
    const double sum = share.sum();
    share /= sum;
    return most + std::log(sum);
  }

  /// sum_n ln mixture(n) - sum_k N_k F_k, convex in F; its gradient and Hessian.
  double objective(const VectorXd& f, VectorXd& gradient, MatrixXd& hessian) const {
    VectorXd share(f.size());
    double value = -count_.dot(f);
    gradient = -count_;
    hessian.setZero(f.size(), f.size());
    for (std::size_t n = 0; n < samples(); ++n) {
      value += mixture(n, f, share);
      gradient += share;
      hessian.noalias() -= share * share.transpose();
    }
    hessian.diagonal() += gradient + count_;
    return value;
  }

  /// Averages of S_k - S_0 over both ensembles, a start that is never far.
  VectorXd start(std::span<const ChainSet> sets) const {
    VectorXd f = VectorXd::Zero(count_.size());
    std::size_t first = sets[0].samples();
    for (Eigen::Index k = 1; k < f.size(); ++k) {
      f[k] = (mean_difference(k, 0, sets[0].samples()) +
              mean_difference(k, first, sets[k].samples())) /
             2;
      first += sets[k].samples();
    }
    return f;
  }

 private:
  double mean_difference(Eigen::Index k, std::size_t first, std::size_t count) const {
    double sum = 0;
    for (std::size_t n = first; n < first + count; ++n) sum += actions_[k][n] - actions_[0][n];
    return sum / static_cast<double>(count);
  }

  const std::vector<std::vector<double>>& actions_;
  VectorXd count_;
};

/// The Newton step with F_0 = 0 kept: solves for the others.
VectorXd newton(const MatrixXd& hessian, const VectorXd& gradient) {
  const Eigen::Index others = gradient.size() - 1;
  VectorXd step = VectorXd::Zero(gradient.size());
  if (others > 0)
    step.tail(others) =
        -hessian.bottomRightCorner(others, others).ldlt().solve(gradient.tail(others));
  return step;
}

/// Shares of the ensembles in each other's samples, made symmetric: its largest eigenvalue is 1,
/// the second reaches 1 where they fall apart.
double spectral_gap(const MatrixXd& hessian, const VectorXd& counts) {
  if (counts.size() < 2) return 1;
  // The Hessian is diag(N) - sum share share^T at the solution.
  const VectorXd root = counts.cwiseSqrt().cwiseInverse();
  const MatrixXd scaled = root.asDiagonal() * hessian * root.asDiagonal();
  return symmetric_eigen(scaled).values[1];
}

void check(const std::vector<std::vector<double>>& actions, std::span<const ChainSet> sets) {
  std::size_t samples = 0;
  for (const auto& set : sets) samples += set.samples();
  bool fits = !actions.empty() && actions.size() == sets.size();
  for (const auto& s : actions) fits = fits && s.size() == samples;
  if (!fits)
    throw BadInput(fmt::format("MBAR needs the {} actions of all {} samples", sets.size(), samples),
                   "evaluate every action on the samples of all ensembles");
}

/// Solves; leaves the Hessian at the solution.
VectorXd solve(const Equations& equations, std::span<const ChainSet> sets, MatrixXd& hessian,
               int& iterations) {
  VectorXd f = equations.start(sets), gradient, next_gradient;
  MatrixXd next_hessian;
  double value = equations.objective(f, gradient, hessian);
  constexpr int most = 200;
  constexpr double tolerance = 1e-9;  // far below any statistical error
  for (iterations = 0; iterations < most; ++iterations) {
    VectorXd step = newton(hessian, gradient);
    double scale = std::min(1.0, 5 / std::max(step.cwiseAbs().maxCoeff(), 1e-300));
    if (!step.allFinite()) break;
    if (step.cwiseAbs().maxCoeff() < tolerance) return f;
    for (int halving = 0;; ++halving, scale /= 2) {
      const double next = equations.objective(f + scale * step, next_gradient, next_hessian);
      const double expected = scale * gradient.dot(step);
      const double rounding = 1e-12 * std::abs(value);
      if (next <= value + 0.1 * expected + rounding || halving == 40) {
        f += scale * step, value = next;
        std::swap(gradient, next_gradient), std::swap(hessian, next_hessian);
        break;
      }
    }
  }
  throw BadInput("the ensembles do not overlap: MBAR finds no free-energy differences",
                 "add runs between them");
}

}  // namespace

Mbar solve_mbar(const std::vector<std::vector<double>>& actions, std::span<const ChainSet> sets) {
  check(actions, sets);
  if (const auto shared = shared_samples(actions, sets))
    throw BadInput(fmt::format("{} samples of ensemble {} are those of ensemble {} again",
                               shared->count, shared->second + 1, shared->first + 1),
                   "give every ensemble samples of its own");
  const Equations equations(actions, sets);
  Mbar result;
  MatrixXd hessian;
  const VectorXd f = solve(equations, sets, hessian, result.iterations);
  result.spectral_gap = spectral_gap(hessian, equations.counts());
  // The variance of the least known difference is about 1 / (samples of an ensemble * gap).
  if (result.spectral_gap * equations.counts().minCoeff() < 20)
    throw BadInput(fmt::format("the ensembles do not overlap: spectral gap {:.1e} of the overlap "
                               "matrix for {:.0f} samples",
                               result.spectral_gap, equations.counts().minCoeff()),
                   "add runs between them");

  auto& weights = result.log_weight;
  weights.groups = jackknife_groups(sets, independent_bin(slowest_autocorrelation(sets, actions)));
  const auto& groups = weights.groups;
  const Eigen::Index ensembles = f.size();
  weights.value.resize(equations.samples());
  weights.derivative.assign(ensembles, std::vector<double>(equations.samples()));
  std::vector<std::vector<double>> shares(groups.size(), std::vector<double>(ensembles));
  VectorXd share(ensembles);
  for (int g = 0; g < groups.size(); ++g) {
    for (std::size_t n = groups.first[g]; n < groups.first[g + 1]; ++n) {
      weights.value[n] = -actions[0][n] - equations.mixture(n, f, share);
      for (Eigen::Index k = 0; k < ensembles; ++k)
        weights.derivative[k][n] = -share[k], shares[g][k] += share[k];
    }
  }
  // How F moves when a group is left out: one Newton step, exact to first order.
  const LeaveOneOut leave(groups, shares);
  for (int g = 0; g < groups.size(); ++g) {
    const auto without = leave.without(g);
    const VectorXd gradient =
        Eigen::Map<const VectorXd>(without.data(), ensembles) - equations.counts();
    const VectorXd step = newton(hessian, gradient);
    weights.deviation.emplace_back(step.data(), step.data() + ensembles);
  }
  const auto errors = jackknife_errors(groups, weights.deviation);
  for (Eigen::Index k = 0; k < ensembles; ++k) result.free_energy.push_back({f[k], errors[k]});
  return result;
}

}  // namespace quartic
