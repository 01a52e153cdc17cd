// The ensemble of fields and the schedule of moves that samples an action.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "quartic/field/action.hpp"
#include "quartic/field/field_block.hpp"

namespace quartic {

struct SamplerOptions {
  int chains = 1024;               ///< a multiple of 16
  std::optional<int> reflections;  ///< reflections a sweep; empty: tuned during warm-up
  bool flips = true;               ///< global sign flips
  int metropolis_hits = 0;         ///< > 0: many-hit Metropolis instead of the independence kernel
  int threads = 0;                 ///< 0: all cores; never changes the results
};

/// Exact state of a sampler: fields [chain][site] in their own precision widened to double, and the
/// random streams, four 32-bit words a chain.
struct SamplerState {
  std::vector<double> phi;             ///< chains x sites
  std::vector<std::uint32_t> streams;  ///< chains x 4
  int reflections = 1;
};

}  // namespace quartic
