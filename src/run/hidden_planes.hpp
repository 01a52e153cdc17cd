// Where the hidden units of a field begin.
#pragma once

#include <cstdint>

#include "quartic/core/data_source.hpp"
#include "quartic/core/progress.hpp"
#include "quartic/field/action.hpp"

namespace quartic {

/// Gives the hidden sites of `action` the planes at which the two-valued units of a network turn
/// that is learned exactly on whitened rows (network/exact_learner.hpp), the best of some random
/// starts, of Gaussian visible units, which leave two modes to the hidden ones: w, and r of the
/// hidden site, where Sum_i w_i phi_i = r is the plane, and the deviation of the left side is 1. A
/// random plane rarely parts what has two modes, and from one that does not the climb of ln p,
/// which is not concave, ends at a density of one mode. The first exact_units sites get a plane,
/// none of more than 512 columns, and none where a network learns nothing. On 4096 rows at most:
/// O(rows columns^2) and that of the learning. Throws Interrupted where `progress` says to stop.
void place_hidden_units(Action& action, const DataSource& rows, std::uint64_t seed, int threads,
                        const ProgressCallback& progress = {});

}  // namespace quartic
