// The weights of a network in training: their gradient and the optimiser's step.
#pragma once

#include <cstdint>
#include <vector>

#include "network/gradient.hpp"
#include "network/model_chains.hpp"

namespace quartic {

/// What an update of w takes besides the two terms of the gradient.
struct WeightStep {
  double rate;
  std::int64_t time;                  ///< updates, from 1 on
  const std::vector<double>& offset;  ///< lambda of centring
  const MomentDifference &visible, &hidden;
};

/// What centring makes of it: how far r_i and s_j go with w, so that the network stays the same up
/// to the step's own change.
struct WeightMove {
  std::vector<double> visible_shift, hidden_shift;
  double gradient_norm = 0;  ///< root mean square over the entries of w
};

/// Momentum or Adam over w, its gradient tile by tile: never held whole. O(rows visible hidden).
template <class T>
class WeightAscent {
 public:
  /// `mean` and `deviation`: of the data's columns.
  WeightAscent(const CoupledLayers<T>& layers, const TrainingOptions& options,
               std::vector<double> mean, std::vector<double> deviation, int threads);

  WeightMove step(CoupledLayers<T>& layers, const DataTerm<T>& data, ModelChains<T>& model,
                  const WeightStep& update);

  AlignedVector<T> first;   ///< velocities, or Adam's first moments
  AlignedVector<T> second;  ///< Adam's; empty for momentum

 private:
  TrainingOptions options_;
  std::vector<double> mean_, deviation_;
  int threads_;
  std::vector<AlignedVector<T>> tile_gradient_;  ///< one a thread
  std::vector<AlignedVector<T>> tile_shift_;     ///< one a tile
};

}  // namespace quartic
