// Means and covariances of the quartic density for many fields at once: what a likelihood's
// gradient and Hessian need.
#pragma once

#include <array>
#include <span>

namespace quartic {

/// Rows of one length, one entry a field j: of the density ~ exp(-b x^4 - a x^2 + j x) with
/// t = (x, x^2, x^4), ln Z1, <t> and Cov(t, t).
struct QuarticCovarianceRows {
  std::span<double> log_normaliser;
  std::array<std::span<double>, 3> mean;
  std::array<std::span<double>, 6> covariance;  ///< 00, 01, 11, 02, 12, 22
};

/// One (a, b), many j, on the widest SIMD target of the machine. Relative error of Z1 and the means
/// below 1e-9, of the covariances below 1e-7 in units of <t_k^2>: a third of the points of
/// quartic_moments (core/quartic_density.hpp) and one exponential each, for sums over millions of
/// data. Throws BadInput as quartic_moments does, naming the index.
void quartic_covariances(double a, double b, std::span<const double> j,
                         const QuarticCovarianceRows& out);

}  // namespace quartic
