// How a network is learned from data.
#pragma once

#include <algorithm>
#include <cstddef>

#include "quartic/core/team.hpp"
#include "quartic/core/words.hpp"

namespace quartic {

/// Where the chains of the model term start at every update.
enum class ChainStart {
  persistent,  ///< where they ended (Tieleman, ICML 2008): PCD-k
  data         ///< at the batch (Hinton, Neural Comput. 14 (2002) 1771): CD-k
};

enum class NetworkOptimiser {
  momentum,  ///< stochastic gradient with momentum
  adam       ///< Kingma & Ba, arXiv:1412.6980
};

/// What lies between independent units and the network on a ladder of persistent chains.
enum class Tempering {
  temperature,  ///< the straight line of actions (Desjardins et al., AISTATS 2010)
  trajectory    ///< the network at earlier updates (Bereux et al., arXiv:2405.15376)
};

/// How the rate goes from `rate` to `final_rate` over the epochs.
enum class RateSchedule { constant, linear, exponential };

template <>
inline constexpr auto words_of<ChainStart> = word_list("persistent", "data");
template <>
inline constexpr auto words_of<NetworkOptimiser> = word_list("momentum", "adam");
template <>
inline constexpr auto words_of<Tempering> = word_list("temperature", "trajectory");
template <>
inline constexpr auto words_of<RateSchedule> = word_list("constant", "linear", "exponential");

struct TrainingOptions {
  int epochs = 10;
  int batch = 0;   ///< rows an update; 0: see batch_rows
  int chains = 0;  ///< of the model term; 0: as many as rows in a batch (always so for CD), and
                   ///< with tempering the next multiple of 16
  int steps = 1;   ///< k, sweeps of Gibbs sampling an update
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
  /// Who shares rows, chains and w; outlives the learner; null: nobody. Never changes the results.
  const Team* team = nullptr;
};

/// Rows an update of so many: `batch`, or by default a twentieth of them, from 64 to 500, so that
/// an epoch of a small table has updates, too.
inline int batch_rows(const TrainingOptions& options, std::size_t rows) {
  constexpr std::size_t updates = 20, fewest = 64, most = 500;
  const std::size_t wanted = options.batch > 0 ? static_cast<std::size_t>(options.batch)
                                               : std::clamp(rows / updates, fewest, most);
  return static_cast<int>(std::min(wanted, rows));
}

/// So many hidden units learn so many rows by chains where nobody says how many: one for 15, from 2
/// to 64.
inline int default_hidden_units(std::size_t rows) {
  constexpr std::size_t rows_a_unit = 15, fewest = 2, most = 64;
  return static_cast<int>(std::clamp(rows / rows_a_unit, fewest, most));
}

}  // namespace quartic
