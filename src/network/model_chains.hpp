// The chains of the model's term of the gradient: persistent, started at the data, or tempered.
#pragma once

#include <optional>
#include <vector>

#include "network/gradient.hpp"
#include "network/training_ladder.hpp"
#include "quartic/network/learner.hpp"

namespace quartic {

/// Chains of the network in training, and the term of the gradient that they give. All work is done
/// by blocks of chains; nothing depends on threads.
template <class T>
class ModelChains {
 public:
  /// They start from the network without w: unlike data they do not overstate what it has learned.
  ModelChains(const CoupledLayers<T>& layers, HigherMoments higher, const TrainingOptions& options,
              std::uint64_t seed, std::vector<NetworkScratch<T>>& scratch);
  /// From now on they are the network's own of a ladder (TrainingLadder, with its arguments).
  void temper(const Network& start, const Layer& typical, const std::vector<double>& offset);

  int size() const { return chains_.size(); }
  int blocks() const { return chains_.blocks(); }
  bool tempered() const { return ladder_.has_value(); }

  /// Before the blocks of an update: sweeps of the ladder with the network as it is now.
  void sweep_ladder(const Network& now, const std::vector<double>& offset,
                    const std::vector<TrainingSnapshot>& snapshots);
  /// Contrastive divergence: chains at the rows, [row][visible], hidden units drawn afresh from the
  /// field in `work`.
  void start_at(const T* rows, const CoupledLayers<T>& layers, int block, NetworkScratch<T>& work);
  /// Sweeps a block, unless the ladder has done so, and gathers its sums.
  void gather_block(const CoupledLayers<T>& layers, int block, NetworkScratch<T>& work);
  const GradientTerm<T>& term() const { return term_; }
  /// Subtracts <phi_i h_j> of `units` visible units from `first` on, [unit][hidden].
  void subtract_products(int first, int units, T* from);

  /// ln Z by more sweeps of the ladder, which then places its rungs anew. Only where tempered.
  Estimate log_z(const Network& now, const std::vector<double>& offset,
                 const std::vector<TrainingSnapshot>& snapshots);

  /// [chain][visible].
  std::vector<double> visible_rows() const { return chains_.visible_rows(); }
  void store(TrainingState& state) const;
  bool fits(const TrainingState& state) const;
  void restore(const TrainingState& state);

 private:
  void follow_ladder();

  TrainingOptions options_;
  HigherMoments higher_;
  std::uint64_t seed_;
  Chains<T> chains_;
  std::optional<TrainingLadder<T>> ladder_;  ///< whose own chains `chains_` follow
  GradientTerm<T> term_;
};

}  // namespace quartic
