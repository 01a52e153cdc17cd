// The quartic density p(x) ~ exp(-b x^4 - a x^2 + j x): the one kernel that samplers, networks,
// free energies and likelihoods all use.
#pragma once

#include <span>

#include "quartic/core/random.hpp"

namespace quartic {

/// ln Z1 and the raw moments of the quartic density, Z1(a, b, j) = int exp(-b x^4 - a x^2 + j x)
/// dx.
struct QuarticMoments {
  double log_normaliser;
  double mean;
  double second;  ///< <x^2>
  double fourth;  ///< <x^4>
  double variance() const { return second - mean * mean; }
};

/// Reference in float64, relative error below 1e-12 for single and double wells, |j| up to 1e3 and
/// beyond, b from 0 (with a > 0) to 1e4. Trapezoidal sums on x >= 0 with both signs of x folded
/// together: the folded integrand has one mode, so one window serves single and double wells, and
/// the sum converges exponentially. O(100) exponentials. Throws BadInput unless b > 0, or b = 0 and
/// a > 0, all finite.
QuarticMoments quartic_moments(double a, double b, double j);

/// ln Z1 alone.
double log_quartic_normaliser(double a, double b, double j);

/// One exact, independent draw: rejection from a Gaussian on the folded density, then the sign by
/// its exact odds exp(2 j |x|) : 1. Expected trials O(1) for every a, b, j.
double draw_quartic(double a, double b, double j, RandomStream& random);

/// ln Z1 and the moments for many (a_i, b_i, j_i) at once, on the widest SIMD target of the
/// machine. All spans have one length; outputs may be empty when not wanted. Same accuracy as the
/// reference. Throws BadInput as quartic_moments does, naming the index.
void quartic_moments(std::span<const double> a, std::span<const double> b,
                     std::span<const double> j, std::span<double> log_normaliser,
                     std::span<double> mean, std::span<double> second, std::span<double> fourth);

}  // namespace quartic
