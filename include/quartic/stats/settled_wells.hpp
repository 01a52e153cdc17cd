// Chains that began in every well of an action, and what becomes of those that the moves do not
// join.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "quartic/core/progress.hpp"
#include "quartic/stats/measurement.hpp"
#include "quartic/stats/wells.hpp"

namespace quartic {

/// What a warm-up found.
struct SettledWells {
  std::string text;                 ///< in words; empty: one well, or all are joined
  std::vector<std::int32_t> of{};   ///< the well of each chain; empty: as the text
  std::vector<double> unvisited{};  ///< [observable], as Measurement::set_wells takes it; infinite
                                    ///< where parallel tempering does not join the wells either
};

/// After a warm-up that began in all wells: whether the moves join them, which is so where averages
/// of the last sweeps (`window`) and fields have forgotten their starts and chains of every well
/// have changed it since the window began (`before`: their wells then). Where they do not, anneals
/// to learn the wells' shares (well_shares), and gives every well the chains that are due to it:
/// chains of wells that have too many take the field of one in a well that has too few; random
/// streams stay, and the sweeps that follow part them.
template <class T>
SettledWells settle_wells(Sampler<T>& sampler, const Wells& wells, const Action& action,
                          const Measurement& window, const std::vector<std::int32_t>& before,
                          std::uint64_t seed, const ProgressCallback& progress);

}  // namespace quartic
