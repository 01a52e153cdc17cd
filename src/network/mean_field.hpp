// Mean-field solutions of a network: where its modes are, and how much each weighs at least.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "quartic/network/network.hpp"

namespace quartic {

/// Independent units, each in the field that the other layer's means exert on it:
///   q(phi, h) ~ exp(- sum_i (E_i(phi_i) - j_i phi_i) - sum_j (E_j(h_j) - k_j h_j)),
///   j = W <h>_q, k = W^T <phi>_q.
struct MeanFieldMode {
  std::vector<double> visible_field, hidden_field;  ///< j and k
  std::vector<double> visible_mean;                 ///< <phi>_q
  /// <-S>_q + entropy of q, which is at most ln Z for any product measure (Gibbs, Bogoliubov,
  /// Feynman): an exact lower bound, whether or not the equations are solved.
  double bound = 0;
};

/// The same units uncoupled, in the mode's fields.
Network base_of_mode(const Network& network, const MeanFieldMode& mode);

/// The solutions reached from many starts, the largest bound first: layers without field, at their
/// lowest and highest values, hidden units one at a time, those that a visible unit turns on,
/// random values of different densities on either side, half of all this after some rounds without
/// the fields that prefer a phase, and the given rows, [row][visible], of which some are taken. The
/// layers are updated in turn, each to its optimum given the other, so that the bound only grows.
/// Solutions whose visible units nearly overlap (symmetric Kullback-Leibler divergence below 16)
/// count once; no more than `most` are returned, none that is more than 25 below the best. O(256
/// visible hidden) a round of at most 200. Independent of threads.
std::vector<MeanFieldMode> mean_field_modes(const Network& network, std::span<const double> rows,
                                            int most, std::uint64_t seed, int threads = 0);

}  // namespace quartic
