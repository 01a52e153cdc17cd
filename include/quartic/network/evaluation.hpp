// How well a network describes data, short of the likelihood.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "quartic/core/estimate.hpp"
#include "quartic/network/network.hpp"

namespace quartic {

/// Mean over rows and units of (phi_i - <phi_i | h>)^2 with h drawn from p(h | phi). Error:
/// standard, over rows. rows[row][visible]. Independent of threads (0: all cores).
Estimate reconstruction_error(const Network& network, std::span<const float> rows,
                              std::uint64_t seed, int threads = 0);

/// Mean free energy of held-out rows minus that of training rows: near zero at first, it grows as
/// the network overfits (Hinton, A Practical Guide to Training RBMs, 2010). Needs no ln Z.
Estimate free_energy_gap(const Network& network, std::span<const float> train,
                         std::span<const float> held_out, int threads = 0);

/// Singular values of w, descending. O(visible hidden min(visible, hidden)).
std::vector<double> singular_values(const Network& network);

}  // namespace quartic
