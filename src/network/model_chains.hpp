// The chains of the model's term of the gradient: persistent, started at the data, or tempered.
#pragma once

#include <optional>
#include <vector>

#include "network/gradient.hpp"
#include "network/training_kernels.hpp"
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
              std::uint64_t seed, std::vector<NetworkScratch<T>>& scratch)
      : options_(options),
        higher_(higher),
        seed_(seed),
        chains_(layers.visible_units(), layers.hidden_units(), options.chains, seed,
                Stream::fields) {
    term_.visible.resize(blocks()), term_.hidden.resize(blocks());
    term_.hidden_mean.resize(static_cast<std::size_t>(layers.hidden_units()) * chains_.stride());
    chains_.set_scale(T(0));
    for_each_part(blocks(), static_cast<int>(scratch.size()), [&](int block, int thread) {
      chains_.update_visible(layers, block, scratch[thread], true);
      chains_.update_hidden(layers, block, scratch[thread], true);
    });
    chains_.set_scale(T(1));
  }
  /// From now on they are the network's own of a ladder (TrainingLadder, with its arguments).
  void temper(const Network& start, const Layer& typical, const std::vector<double>& offset) {
    ladder_.emplace(start, typical, offset, options_, seed_);
  }

  int size() const { return chains_.size(); }
  int blocks() const { return chains_.blocks(); }
  bool tempered() const { return ladder_.has_value(); }

  /// Before the blocks of an update: sweeps of the ladder with the network as it is now.
  void sweep_ladder(const Network& now, const std::vector<double>& offset,
                    const std::vector<TrainingSnapshot>& snapshots) {
    ladder_->sweep(now, offset, snapshots);
    follow_ladder();
  }
  /// Contrastive divergence: chains at the rows, [row][visible], hidden units drawn afresh from the
  /// field in `work`.
  void start_at(const T* rows, const CoupledLayers<T>& layers, int block, NetworkScratch<T>& work) {
    const int visible = layers.visible_units();
    const auto phi = chains_.visible(block);
    const T* from = rows + static_cast<std::ptrdiff_t>(chains_.first(block)) * visible;
    for (int lane = 0; lane < chains_.count(block); ++lane)
      for (int i = 0; i < visible; ++i)
        phi.unit(i)[lane] = from[static_cast<std::ptrdiff_t>(lane) * visible + i];
    chains_.update_hidden(layers, block, work, true);
  }
  /// Sweeps a block, unless the ladder has done so, and gathers its sums.
  void gather_block(const CoupledLayers<T>& layers, int block, NetworkScratch<T>& work) {
    if (ladder_) {
      chains_.field_on_hidden(layers, block, work);
    } else {
      chains_.sweep(layers, block, options_.steps, work);
    }
    auto& sums = term_.hidden[block];
    sums.assign(3 * static_cast<std::size_t>(layers.hidden_units()), 0.0);
    layers.hidden_type->template kernels<T>().moments(
        chains_.hidden_block(layers, block, work),
        {term_.hidden_mean.data() + chains_.first(block), chains_.stride(), chains_.count(block),
         sums.data(), higher_.hidden});
    auto& powers = term_.visible[block];
    powers.assign(3 * static_cast<std::size_t>(layers.visible_units()), 0.0);
    const auto phi = chains_.visible(block);
    add_power_sums(phi.data, phi.stride, layers.visible_units(), chains_.count(block),
                   higher_.visible, powers.data());
  }
  /// What ranks have gathered of their own blocks, everywhere.
  void share(const Team& team) {
    chains_.share_visible(team);
    term_.share(team,
                {static_cast<std::size_t>(chains_.visible_units()),
                 static_cast<std::size_t>(chains_.hidden_units())},
                chains_.stride());
  }
  const GradientTerm<T>& term() const { return term_; }
  /// Subtracts <phi_i h_j> of `units` visible units from `first` on, [unit][hidden].
  void subtract_products(int first, int units, T* from) {
    const int hidden = chains_.hidden_units();
    multiply(Transpose::no, Transpose::yes, units, hidden, size(), chains_.visible().unit(first),
             chains_.stride(), term_.hidden_mean.data(), chains_.stride(), T(1), from, hidden,
             T(-1) / static_cast<T>(size()));
  }

  /// ln Z by more sweeps of the ladder, which then places its rungs anew. Only where tempered.
  Estimate log_z(const Network& now, const std::vector<double>& offset,
                 const std::vector<TrainingSnapshot>& snapshots) {
    constexpr int sweeps = 32;
    ladder_->sweep(now, offset, snapshots);  // works have to be of the network as it is now
    const Estimate log_z = ladder_->log_z(sweeps);
    follow_ladder();
    ladder_->adapt();  // after it nothing is counted, as after a restart
    return log_z;
  }

  /// [chain][visible].
  std::vector<double> visible_rows() const { return chains_.visible_rows(); }
  void store(TrainingState& state) {
    if (options_.team) chains_.share_rest(*options_.team);
    state.chains = chains_.state();
    if (ladder_) state.ladder = ladder_->state();
  }
  bool fits(const TrainingState& state) const {
    return chains_.fits(state.chains) && state.ladder.has_value() == tempered();
  }
  void restore(const TrainingState& state) {
    if (ladder_) ladder_->restore(*state.ladder, state.snapshots.size());
    chains_.restore(state.chains);
  }

 private:
  void follow_ladder() {
    chains_.set_visible_rows(ladder_->visible());
    chains_.set_hidden_rows(ladder_->hidden());
  }

  TrainingOptions options_;
  HigherMoments higher_;
  std::uint64_t seed_;
  Chains<T> chains_;
  std::optional<TrainingLadder<T>> ladder_;  ///< whose own chains `chains_` follow
  GradientTerm<T> term_;
};

}  // namespace quartic
