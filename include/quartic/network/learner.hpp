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
#include "quartic/core/fields.hpp"
#include "quartic/core/hidden.hpp"
#include "quartic/core/progress.hpp"
#include "quartic/network/network.hpp"
#include "quartic/network/sampler.hpp"
#include "quartic/network/start.hpp"
#include "quartic/network/tempering.hpp"
#include "quartic/network/training_options.hpp"

namespace quartic {

/// One epoch as the history has it, measured on the epoch's last batch and the chains after it.
struct TrainRow {
  int epoch = 0;              ///< epochs done
  std::int64_t updates = 0;   ///< updates done
  double rate = 0;            ///< of the epoch's last update
  double gradient_norm = 0;   ///< of w, root mean square over its entries
  double weight_norm = 0;     ///< root mean square of w_ij times the deviation of phi_i
  double max_weight = 0;      ///< max |w_ij|
  Estimate data_free_energy;  ///< mean free energy of the batch's rows
  /// and of the chains; far above the data's: the chains lag behind
  Estimate model_free_energy;
  /// with tempering, ln Z by 32 more sweeps of the ladder: its error knows nothing of modes that
  /// the ladder has not reached; 0 with error 0: none
  Estimate log_z;
  /// root mean square z-score of <phi_i>, batch against chains; about 1 where they agree
  double moment_score = 0;
};

template <FieldsOf<TrainRow> Row, class Visit>
void fields(Row& row, Visit&& visit) {
  members(visit, "epoch", row.epoch, "updates", row.updates, "rate", row.rate, "gradient_norm",
          row.gradient_norm, "weight_norm", row.weight_norm, "max_weight", row.max_weight,
          "data_free_energy", row.data_free_energy, "model_free_energy", row.model_free_energy,
          "log_z", row.log_z, "moment_score", row.moment_score);
}

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

  /// One epoch. Throws Diverged (naming epoch, update and what ran away) on NaN, exploding chains
  /// or a network that is no longer normalisable, after going back to the last good epoch: state()
  /// is then that epoch's.
  TrainRow step(const ProgressCallback& progress = {});
  /// One update on given rows, [row][visible], of any number: what `step` does with every batch.
  void update(std::span<const float> rows);
  bool finished() const;

  int epoch() const;
  std::int64_t updates() const;
  const TrainingOptions& options() const;
  Network network() const;
  /// Visible values of the chains, [chain][visible].
  std::vector<double> chain_values() const;

  /// So far, where they are kept.
  const std::vector<TrainingSnapshot>& snapshots() const;

  TrainingState state() const;
  void restore(const TrainingState& state);

 private:
  struct Parts;
  Hidden<Parts> parts_;
};

}  // namespace quartic
