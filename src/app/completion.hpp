// Rows of which something is known, completed by a network: inpainting and denoising.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "app/verb.hpp"
#include "quartic/runfile/network_run.hpp"

namespace quartic::app {

struct CompletionOptions {
  std::string given;  ///< file of rows; NaN is unknown
  std::string hide;   ///< a region of every row that is to be unknown as well, "14:,:"
  double noise = 0;   ///< standard deviation of what was observed, in the units of the data
  bool mean = false;  ///< the posterior's mean instead of a draw
  int rows = 0;       ///< the first so many; 0: all
  int warm_up = 200, sweeps = 100;  ///< before the draw, or before and within the mean
};

/// Writes the completed rows in the units of the data, and says how good they are where that is
/// known.
ErrorCode complete(const NetworkRun& run, const CompletionOptions& options,
                   const std::filesystem::path& file, const Globals& globals);

/// Whether a value of a row lies in a region such as "14:28,3" or ":,7:" of its shape, [value].
/// Throws BadInput for what is no such region.
std::vector<bool> in_region(const std::string& region, const std::vector<std::size_t>& shape);

}  // namespace quartic::app
