// Learning a network from data: contrastive divergence, persistent and tempered chains.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "quartic/core/data_source.hpp"
#include "quartic/core/estimate.hpp"
#include "quartic/network/network.hpp"
#include "quartic/network/sampler.hpp"
#include "quartic/network/start.hpp"
#include "quartic/network/tempering.hpp"
#include "quartic/network/train_row.hpp"
#include "quartic/network/training_options.hpp"

namespace quartic {

/// The network as it was after some updates; after none independent units instead (base_network).
struct TrainingSnapshot {
  std::int64_t updates = 0;
  NetworkPath::Knot network;
};
/// The path from the first snapshot through all others to a network. Throws BadInput without any.
NetworkPath trajectory(const std::vector<TrainingSnapshot>& snapshots, const Network& now);

/// Everything that an exact restart needs besides options, data and seed. Values widened.
struct TrainingState {
  int epoch = 0;
  std::int64_t updates = 0;
  std::array<std::vector<double>, 7> couplings;       ///< w, r, a, b, s, m, n
  std::array<std::vector<double>, 7> first_moments;   ///< velocities, or Adam's first moments
  std::array<std::vector<double>, 7> second_moments;  ///< Adam's
  std::vector<double> hidden_offset;                  ///< of centring
  NetworkSamplerState chains;
  std::optional<NetworkTemperingState> ladder;  ///< with tempering
  std::vector<TrainingSnapshot> snapshots;
};

/// Stochastic ascent of the mean ln p of data. A row's term is -f with the hidden units'
/// conditional expectations, the model's comes from the chains the same way:
///   dw_ij = <phi_i <h_j>>_data - <phi_i <h_j>>_model, and so for r ... n.
/// Centring (Montavon & Mueller; Melchior, Fischer & Wiskott, J. Mach. Learn. Res. 17 (2016) 99):
/// w follows <(phi - mu)(h - lambda)>, mu the data's mean, lambda a running mean of <h>; r and s
/// take up the difference. Steps are in units of the data's spread: w_ij and r_i, a_i, b_i of a
/// continuous unit are preconditioned with the covariance of (phi, phi^2, phi^4) in the data, the
/// natural gradient of the unit alone, so one rate serves data of any scale. b, n, and a where
/// there is no b, at most halve in an update and so stay positive.
///
/// With `rungs` the chains of the model term are the network's own of a tempered ladder (Desjardins
/// et al., AISTATS 2010; network/tempering.hpp), which pass between modes where Gibbs sampling does
/// not; k counts sweeps of the ladder, and an update costs `rungs` times as many products for them,
/// twice that along the trajectory. The base has the data's moments, and hidden units with the
/// running mean of <h>, or along the trajectory that of the start. The rungs are placed anew after
/// every epoch.
///
/// The learner is a state machine: `step` does one epoch; state() and restore() are exact. Results
/// do not depend on threads. An update costs 2k + 3 products of batch x visible x hidden. T is the
/// precision of w and the chains.
///
/// Usage:
///
///     const std::vector<float> rows{0, 0, 1, 1, 0, 0, 1, 1, 0, 1};  // [row][visible]
///     const auto data = std::make_shared<ArraySource>(rows, 2);
///     const ColumnMoments moments = column_moments(*data);
///     const Network start = initial_network(Unit::binary, Unit::binary, 3, moments);
///     NetworkLearner<float> learner(data, moments, start, {.epochs = 20, .batch = 5}, 1);
///     while (!learner.finished()) learner.step();
///     const auto free_energy = free_energies(learner.network(), rows);
template <class T>
class NetworkLearner {
 public:
  /// `moments` are those of `data`. Throws BadInput for options that cannot be, data of another
  /// width than the network, or a network that is not normalisable.
  NetworkLearner(std::shared_ptr<const DataSource> data, const ColumnMoments& moments,
                 const Network& start, const TrainingOptions& options, std::uint64_t seed);
  ~NetworkLearner();
  NetworkLearner(NetworkLearner&&) noexcept;
  NetworkLearner& operator=(NetworkLearner&&) noexcept;

  /// One epoch. Throws Diverged (naming epoch, update and what ran away) on NaN, exploding chains
  /// or a network that is no longer normalisable, after going back to the last good epoch: state()
  /// is then that epoch's.
  TrainRow step();
  /// One update on given rows, [row][visible], of any number: what `step` does with every batch.
  void update(std::span<const float> rows);
  bool finished() const;

  int epoch() const;
  std::int64_t updates() const;
  const TrainingOptions& options() const;
  void set_rate(double rate, double final_rate);
  Network network() const;
  /// Visible values of the chains, [chain][visible].
  std::vector<double> chain_values() const;

  /// So far, where they are kept.
  const std::vector<TrainingSnapshot>& snapshots() const;

  TrainingState state() const;
  void restore(const TrainingState& state);

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace quartic
