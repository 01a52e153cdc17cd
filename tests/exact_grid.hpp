// Small fields on a grid: averages by the trapezoidal rule, and with them the couplings that
// learning must reach, for tests.
#pragma once

#include <Eigen/Dense>
#include <cmath>
#include <functional>
#include <memory>
#include <vector>

#include "quartic/core/aligned.hpp"
#include "quartic/field/features.hpp"
#include "quartic/field/target.hpp"

namespace quartic::testing {

/// All points of nodes^sites, for up to four sites. The rule converges faster than any power for
/// such integrands.
class ExactGrid {
 public:
  ExactGrid(int sites, double half_width, int nodes = 16) : sites_(sites), lanes_(1) {
    std::size_t points = 1;
    for (int i = 0; i < sites; ++i) points *= nodes;
    lanes_ = static_cast<int>(points);
    phi_.resize(points * sites);
    for (int i = 0; i < sites; ++i) {
      std::size_t stride = 1;
      for (int j = 0; j < i; ++j) stride *= nodes;
      for (std::size_t n = 0; n < points; ++n)
        phi_[i * points + n] =
            -half_width + 2 * half_width * static_cast<double>(n / stride % nodes) / (nodes - 1);
    }
  }
  int points() const { return lanes_; }
  FieldBlock<const double> block() const { return {phi_.data(), sites_, lanes_}; }

  std::vector<double> values(const Target& target) const {
    std::vector<double> out(lanes_);
    target.evaluate(block(), std::span(out));
    return out;
  }
  std::vector<double> values(const Action& action) const {
    std::vector<double> out(lanes_);
    evaluate_action(action, block(), out);
    return out;
  }
  /// [k * points + point]
  std::vector<double> features(const Parameters& parameters) const {
    std::vector<double> out(static_cast<std::size_t>(parameters.size()) * lanes_);
    evaluate_features(parameters, block(), out.data(), lanes_);
    return out;
  }
  /// exp(-S) of every point, summing to 1.
  static std::vector<double> weights(const std::vector<double>& action) {
    const double least = *std::min_element(action.begin(), action.end());
    std::vector<double> out;
    double sum = 0;
    for (const double s : action) out.push_back(std::exp(least - s)), sum += out.back();
    for (double& w : out) w /= sum;
    return out;
  }

 private:
  int sites_, lanes_;
  AlignedVector<double> phi_;
};

/// Means and covariances of f, and < y f f' > of their deviations.
struct GridMoments {
  Eigen::VectorXd mean, with_y;
  Eigen::MatrixXd covariance, third;
};
inline GridMoments grid_moments(const std::vector<double>& weights, const std::vector<double>& f,
                                std::vector<double> y) {
  const auto points = static_cast<Eigen::Index>(weights.size());
  const auto size = static_cast<Eigen::Index>(f.size()) / points;
  const Eigen::Map<const Eigen::VectorXd> p(weights.data(), points);
  Eigen::Map<Eigen::VectorXd> centred_y(y.data(), points);
  centred_y.array() -= p.dot(centred_y);
  Eigen::MatrixXd x = Eigen::Map<const Eigen::MatrixXd>(f.data(), points, size);
  GridMoments out;
  out.mean = x.transpose() * p;
  x.rowwise() -= out.mean.transpose();
  const Eigen::MatrixXd weighted = p.asDiagonal() * x;
  out.with_y = weighted.transpose() * centred_y;
  out.covariance = weighted.transpose() * x;
  out.third = weighted.transpose() * (centred_y.asDiagonal() * x);
  return out;
}

/// Where the Bogoliubov bound <A - S> + F is least, by Newton's method from `start`.
inline std::vector<double> best_couplings(const Target& target, const Parameters& parameters,
                                          Action start, const ExactGrid& grid) {
  const auto a = grid.values(target), f = grid.features(parameters);
  for (int iteration = 0; iteration < 60; ++iteration) {
    const auto s = grid.values(start);
    std::vector<double> difference(a);
    for (std::size_t n = 0; n < a.size(); ++n) difference[n] -= s[n];
    const auto m = grid_moments(ExactGrid::weights(s), f, difference);
    // Far away the bound need not be convex; C is positive definite.
    const bool near = m.with_y.dot(m.covariance.ldlt().solve(m.with_y)) < 1e-2;
    const Eigen::MatrixXd hessian = near ? (m.covariance + m.third).eval() : m.covariance;
    const Eigen::VectorXd step = (near ? 1.0 : 0.5) * hessian.ldlt().solve(m.with_y);
    auto theta = parameters.gather(start);
    for (std::size_t k = 0; k < theta.size(); ++k) theta[k] += step[static_cast<int>(k)];
    parameters.scatter(theta, start);
    if (step.norm() < 1e-12) break;
  }
  return parameters.gather(start);
}

}  // namespace quartic::testing
