// The tempered chains of a network's training.
#pragma once

#include <vector>

#include "network/coupled_layers.hpp"
#include "quartic/network/learner.hpp"
#include "quartic/network/tempering.hpp"

namespace quartic {

/// A ladder between independent units that have the data's moments and the network as it is now:
/// by temperature, or along the snapshots of the training.
template <class T>
class TrainingLadder {
 public:
  /// `typical`: independent visible units with the data's moments; `offset`: the mean of <h | phi>
  /// over the data, to a good approximation: a base whose layers do not fit to each other leaves
  /// chains in wrong modes.
  TrainingLadder(const Network& start, const Layer& typical, const std::vector<double>& offset,
                 const TrainingOptions& options, std::uint64_t seed);

  /// k sweeps with the network as it is now.
  void sweep(const Network& now, const std::vector<double>& offset,
             const std::vector<TrainingSnapshot>& snapshots);
  /// ln Z of that network, by more sweeps with it.
  Estimate log_z(int sweeps);
  void adapt() { tempering_.adapt(); }

  std::vector<double> visible() const { return tempering_.visible(); }
  std::vector<double> hidden() const { return tempering_.hidden(); }
  NetworkTemperingState state() const { return tempering_.state(); }
  void restore(const NetworkTemperingState& state, std::size_t snapshots);

 private:
  NetworkPath temperatures(const Network& now, const std::vector<double>& offset) const;
  void follow(std::size_t segments);

  TrainingOptions options_;
  Layer typical_;
  NetworkTempering<T> tempering_;
  std::size_t segments_ = 1;  ///< of the path that the rungs' places refer to
  double log_z_of_base_ = 0;
};

}  // namespace quartic
