// Sampling of visible units of which something is known: inpainting and denoising.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "quartic/core/hidden.hpp"
#include "quartic/core/random.hpp"
#include "quartic/network/network.hpp"

namespace quartic {

/// Gibbs sampling of p(phi, h | y), one chain a row of observations y_i = phi_i + noise_i xi_i, xi
/// standard normal; NaN where phi_i was not observed. The posterior is a network again,
///   -ln p(phi, h | y) = S(phi, h) + sum_observed (phi_i - y_i)^2 / (2 noise_i^2) + const,
/// with r_i -> r_i - y_i / noise_i^2 and a_i -> a_i + 1 / (2 noise_i^2), so that quartic and
/// Gaussian units are denoised by their own conditionals; of a binary unit noise with variance 1 /
/// (2 ln((1 - e) / e)) is the same as flips with probability e. Without noise observed units are
/// clamped. Each chain has its own random stream, results do not depend on threads. T is the
/// precision of the values.
template <class T>
class ConditionalSampler {
 public:
  /// observed[row][visible]; `noise`: a standard deviation a unit, or one for all, not negative.
  /// Chains start at what was observed, elsewhere as draws of the network without w. Throws
  /// BadInput for a network that is not normalisable, rows of another width or with infinite
  /// values, noise that cannot be, and, without noise, values that a discrete unit does not take.
  ConditionalSampler(const Network& network, std::span<const double> observed,
                     std::span<const double> noise, std::uint64_t seed,
                     Stream stream = Stream::generate, int threads = 0);

  int chains() const;
  /// O(count chains visible hidden).
  void sweep(int count);
  std::vector<double> visible() const;  ///< [row][visible]
  /// <phi | h, y>, [row][visible]: averaged over sweeps the mean of the posterior, which has the
  /// least squared error of all estimates.
  std::vector<double> visible_means() const;

 private:
  struct Parts;
  Hidden<Parts> parts_;
};

}  // namespace quartic
