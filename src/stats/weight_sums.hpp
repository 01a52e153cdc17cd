// Sums of complex weights over groups of samples: what every estimate of reweighting is a function
// of.
#pragma once

#include <cmath>
#include <complex>
#include <cstddef>
#include <vector>

#include "quartic/stats/reweighting.hpp"

namespace quartic {

/// Which sum stands where; from `series` on pairs (real, imaginary) of sum x w, terms first, then
/// observables. norm: sum of the weights that the samples carried before, root: sum |w|^(1/2).
enum WeightSum : std::size_t { norm, root, modulus, square, real, imag, series };

/// ln |w| of every sample at one point, and its phase -Im B less the phases' mean; the same of the
/// mirrored samples -phi. A sample and its mirror image count as one of weight (w + w') / 2.
struct Exponents {
  struct Half {
    std::vector<double> log_modulus;
    std::vector<double> phase;  ///< Im B less its mean; empty: real
  };
  Half own, mirrored;  ///< mirrored: empty where B is even, as then w' = w
  double largest = -INFINITY, mean_phase = 0;

  /// ln (|w| + |w'|) / 2 of every sample.
  std::vector<double> log_modulus() const;
};
Exponents weight_exponents(const ReweightingSample& sample,
                           const std::vector<std::complex<double>>& couplings);

/// (w + w') / 2 and w' of every sample relative to the largest |w|; the imaginary parts are empty
/// for a real point, w' where B is even.
struct SampleWeights {
  std::vector<double> real, imag, mirrored_real, mirrored_imag;

  SampleWeights(const Exponents& exponents);
};

/// Sums over samples [first, last), relative to the largest weights, and after them their
/// derivatives by each of LogWeights' numbers; fills `weights` of these samples.
std::vector<double> weight_sums(const ReweightingSample& sample, const Exponents& exponents,
                                double max_before, std::size_t first, std::size_t last,
                                SampleWeights& weights);

/// Of the influences u on an average, (sum u^2)^2 / sum u^4 for the real parts of observables, then
/// the imaginary parts, then the average phase: how many samples carry their errors.
std::vector<double> error_carriers(const ReweightingSample& sample, const SampleWeights& weights,
                                   const JackknifeGroups& groups, const ReweightedPoint& point,
                                   const std::vector<double>& sums, int threads);

inline constexpr std::size_t weight_chunk = 128;

/// exp(l - i phi) for many samples at once:
/// modulus = exp(log_modulus - offset) and, unless `phase` is null, real and imag = modulus
/// exp(-i phase) for `count` <= weight_chunk samples, on the widest SIMD target. log_modulus <=
/// offset.
void complex_weights(const double* log_modulus, const double* phase, double offset,
                     std::size_t count, double* modulus, double* real, double* imag);

}  // namespace quartic
