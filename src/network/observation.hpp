// What is known of visible units or columns: rows with gaps, and their noise.
#pragma once

#include <fmt/format.h>

#include <cmath>
#include <span>
#include <vector>

#include "quartic/core/error.hpp"

namespace quartic {

/// One standard deviation a unit.
inline std::vector<double> checked_noise(std::span<const double> noise, std::size_t units) {
  if (noise.size() != 1 && noise.size() != units)
    throw BadInput(fmt::format("{} values of noise for {} visible units", noise.size(), units),
                   "give one standard deviation, or one a visible unit");
  for (const double sigma : noise)
    if (!(sigma >= 0 && std::isfinite(sigma)))
      throw BadInput(fmt::format("noise of standard deviation {:g}", sigma),
                     "it is finite and not negative; 0 clamps the unit");
  if (noise.size() == units) return {noise.begin(), noise.end()};
  return std::vector<double>(units, noise[0]);
}

inline void require_whole_rows(std::span<const double> observed, std::size_t units) {
  if (observed.empty() || observed.size() % units != 0)
    throw BadInput(fmt::format("{} observed values for {} visible units", observed.size(), units),
                   "give whole rows, NaN where a value is unknown");
}

}  // namespace quartic
