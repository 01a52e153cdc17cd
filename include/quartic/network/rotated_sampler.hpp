// Sampling of columns of which something is known, where the visible units are turned ones.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "quartic/core/hidden.hpp"
#include "quartic/core/random.hpp"
#include "quartic/network/network.hpp"

namespace quartic {

/// As ConditionalSampler, one chain a row of observations y_c = v_c + noise_c xi_c, NaN where v_c
/// was not observed, for the columns v of which phi_i = sum_c rotation[c][i] v_c are the network's
/// units. No unit is known by itself, but along any direction d of the unknown columns
///   S(v + t d) = c4 t^4 + c3 t^3 + c2 t^2 + c1 t + const, given the hidden units,
/// and t is drawn exactly, once for each principal direction of what a Gaussian of these couplings
/// would have: a Gaussian is mixed by one sweep. Chains begin at its conditional mean. Each has its
/// own random stream, results do not depend on threads.
class RotatedSampler {
 public:
  /// rotation[column][unit], observed[row][column]; `noise`: a standard deviation a column, or one
  /// for all, not negative; 0: what is observed is known. O(columns^3) for each pattern of what is
  /// known. Throws BadInput for two-valued visible units, a network that is not normalisable, a
  /// rotation or rows of another width, infinite values and noise that cannot be.
  RotatedSampler(const Network& network, std::span<const double> rotation,
                 std::span<const double> observed, std::span<const double> noise,
                 std::uint64_t seed, Stream stream = Stream::generate, int threads = 0);

  /// O(count rows columns (columns + hidden)).
  void sweep(int count);
  std::vector<double> columns() const;  ///< v, [row][column]

 private:
  struct Parts;
  Hidden<Parts> parts_;
};

}  // namespace quartic
