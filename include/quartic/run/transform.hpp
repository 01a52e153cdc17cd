// Hidden features of rows: what `quartic transform` does. A network is a stack of one.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "quartic/core/estimate.hpp"
#include "quartic/network/likelihood.hpp"
#include "quartic/run/any_run.hpp"

namespace quartic {

struct TransformOptions {
  std::string data;          ///< as fit reads it: columns, threshold and scaling are the run's
  std::optional<int> layer;  ///< of a stack, 1 is that of the data; empty: the top one
  bool sample = false;       ///< draws of the hidden units, not expectations
};

struct Features {
  std::vector<float> hidden;  ///< [row][unit]
  std::size_t rows = 0;
  int units = 0, layers = 0;  ///< of the top layer; how many there are
  /// Mean ln p of the rows, or, of more than one layer, what it is at least; empty before the
  /// training is finished.
  std::optional<Estimate> log_likelihood;
  std::optional<LogZ> log_z;  ///< that it rests on
};

/// O(rows visible hidden). Throws BadInput for runs without hidden units, for a layer that is not
/// there, and as open_data_set does.
Features transform(const AnyRun& run, const TransformOptions& options, const Session& session);

}  // namespace quartic
