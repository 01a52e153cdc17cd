// New rows of a model, in the units of the data that it learned from: what `quartic generate` does.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "quartic/core/estimate.hpp"
#include "quartic/run/any_run.hpp"

namespace quartic {

struct GenerateOptions {
  int rows = 1000;
  int sweeps = 10;    ///< between rows of one chain
  int warm_up = 200;  ///< sweeps before the first
  bool mean = false;  ///< of a network or stack: <phi | h> of a drawn h
};

struct GeneratedRows {
  std::vector<double> values;           ///< [row][value], in the units of the data
  bool wide = false;                    ///< float32 would lose what the columns vary by
  std::vector<std::size_t> shape;       ///< rows first
  int chains = 0;                       ///< rows n and n + chains are of one chain
  Estimate mean;                        ///< of all values; the error takes rows as independent
  std::vector<std::string> names = {};  ///< of the columns, where the run knows them
};

/// Draws from the action, network or stack of a run, from where its own chains ended. O(rows (V +
/// E) sweeps / chains) for fields. Throws BadInput for means of what has no hidden units.
GeneratedRows generate(const AnyRun& run, const GenerateOptions& options, const Session& session);

struct CompletionOptions {
  std::string given;  ///< file of rows; NaN is unknown
  std::string hide;   ///< a region of every row that is to be unknown as well, "14:,:"
  double noise = 0;   ///< standard deviation of what was observed, in the units of the data
  bool mean = false;  ///< the posterior's mean instead of a draw
  int rows = 0;       ///< the first so many; 0: all
  int warm_up = 200, sweeps = 100;  ///< before the draw, or before and within the mean
};

/// Of values that were hidden on purpose, root mean squares: how far the completions are from them,
/// and how far the columns' means over the given rows would be.
struct CompletionError {
  Estimate completed, column_means;
};

struct CompletedRows {
  std::vector<double> values;      ///< [row][value], in the units of the data
  bool wide = false;               ///< float32 would lose what the columns vary by
  std::vector<std::size_t> shape;  ///< rows first
  double unknown = 0;              ///< fraction of the values
  std::optional<CompletionError> error;
  std::vector<std::string> names = {};  ///< of the columns, where the run knows them
};

/// Rows of which something is known, completed by the network of a run: inpainting and denoising.
/// Throws BadInput for runs without a network and where nothing is unknown.
CompletedRows complete(const AnyRun& run, const CompletionOptions& options, const Session& session);

/// Whether a value of a row lies in a region such as "14:28,3" or ":,7:" of its shape, [value].
/// Throws BadInput for what is no such region.
std::vector<bool> in_region(const std::string& region, const std::vector<std::size_t>& shape);

}  // namespace quartic
