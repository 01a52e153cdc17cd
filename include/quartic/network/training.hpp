// Learning a network from data: contrastive divergence, persistent and tempered chains.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "quartic/core/data_source.hpp"
#include "quartic/core/estimate.hpp"
#include "quartic/network/network.hpp"
#include "quartic/network/sampler.hpp"
#include "quartic/network/start.hpp"
#include "quartic/network/tempering.hpp"
#include "quartic/network/train_row.hpp"

namespace quartic {

/// Where the chains of the model term start at every update.
enum class ChainStart {
  persistent,  ///< where they ended (Tieleman, ICML 2008): PCD-k
  data         ///< at the batch (Hinton, Neural Comput. 14 (2002) 1771): CD-k
};
template <>
inline constexpr auto words_of<ChainStart> = word_list("persistent", "data");

enum class NetworkOptimiser {
  momentum,  ///< stochastic gradient with momentum
  adam       ///< Kingma & Ba, arXiv:1412.6980
};
template <>
inline constexpr auto words_of<NetworkOptimiser> = word_list("momentum", "adam");

/// What lies between independent units and the network on a ladder of persistent chains.
enum class Tempering {
  temperature,  ///< the straight line of actions (Desjardins et al., AISTATS 2010)
  trajectory    ///< the network at earlier updates (Bereux et al., arXiv:2405.15376)
};
template <>
inline constexpr auto words_of<Tempering> = word_list("temperature", "trajectory");

/// How the rate goes from `rate` to `final_rate` over the epochs.
enum class RateSchedule { constant, linear, exponential };
template <>
inline constexpr auto words_of<RateSchedule> = word_list("constant", "linear", "exponential");

struct TrainingOptions {
  int epochs = 10;
  int batch = 500;  ///< rows an update
  int chains = 0;   ///< of the model term; 0: as many as rows in a batch (always so for CD), and
                    ///< with tempering the next multiple of 16
  int steps = 1;    ///< k, sweeps of Gibbs sampling an update
  ChainStart start = ChainStart::persistent;
  int rungs = 1;  ///< > 1: persistent chains by parallel tempering, their number a multiple of 16
  Tempering tempering = Tempering::temperature;
  bool snapshots = false;  ///< keep the network after 4, 6, 8, 12, 16, 24, ... updates; always so
                           ///< for tempering along the trajectory
  NetworkOptimiser optimiser = NetworkOptimiser::momentum;
  double rate = 0.05;
  double final_rate = 0.005;  ///< of the schedules that are not constant
  RateSchedule schedule = RateSchedule::constant;
  double momentum = 0;
  double weight_decay = 0;  ///< d ln p / dw gains - weight_decay * w
  bool centring = true;
  /// Train m of quartic hidden units as well. Their n, and m of Gaussian ones, stay: h -> c h with
  /// w -> w / c changes nothing else, so that another n or m would be the same machine.
  bool hidden_shape = false;
  bool shuffle = true;  ///< draw the rows of batches anew every epoch
  int threads = 0;      ///< 0: all cores; never changes the results
};

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
