// The normaliser of a network by annealing in both directions and by parallel tempering, and
// log-likelihoods as intervals.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "quartic/core/estimate.hpp"
#include "quartic/core/log_likelihood.hpp"
#include "quartic/core/progress.hpp"
#include "quartic/network/path.hpp"

namespace quartic {

struct LogZOptions {
  int chains = 512;   ///< annealed
  int steps = 1000;   ///< stops between base and network; the error falls as 1 / sqrt(steps)
  int ladders = 64;   ///< independent ladders of parallel tempering, a multiple of 16 from 32 on
  int sweeps = 2000;  ///< of the ladders, the first half to equilibrate; 0: no tempering
  int rungs = 0;      ///< of a ladder; 0: so many that neighbours exchange about every other time
  int equilibration = 200;  ///< without tempering: sweeps of the network before the way back
  bool modes = true;        ///< look for modes that annealing misses, at the cost of many sweeps
  bool exact = true;        ///< take the exact value where there is one (network/exact.hpp)
  int threads = 0;          ///< 0: all cores; never changes the results
  ProgressCallback progress;
};

/// ln Z by parallel tempering: the acceptance ratios of neighbouring rungs (stats/
/// acceptance_ratio.hpp, ladder_ratio).
struct LadderLogZ {
  Estimate value;  ///< error: with autocorrelation and exchanges, and what half the difference of
                   ///< the two below has beyond that
  Estimate from_base;                     ///< of the ladders that started from the base,
  Estimate from_network;                  ///< and of those that started from the other end
  std::vector<double> betas, acceptance;  ///< rungs, and exchanges of each with the next
  double round_trips = 0;                 ///< base - network - base, a ladder
  double r_hat = 1;                       ///< the worse of ln Z and of the network's own rung
  double tau = 0.5;                       ///< autocorrelation time in sweeps, the longer of both
  bool ok = true;
  std::string reason;  ///< why not: few exchanges or round trips, halves that differ, R-hat
};

/// ln Z as a sum over the network's mean-field modes, each annealed from independent units of its
/// own (estimate_log_z).
struct ModesLogZ {
  Estimate value;                 ///< ln sum_m Z_m
  std::vector<Estimate> log_z;    ///< ln Z_m, the heaviest first; both directions of annealing
  std::vector<Estimate> forward;  ///< ln Z_m by annealing there alone, too small if anything
  std::vector<Estimate> reverse;  ///< by annealing back
  std::vector<double> share;      ///< Z_m / Z
  std::vector<double> seen;       ///< the same among the configurations of tempering
  bool ok = true;
  std::string reason;  ///< why not: a mode of weight whose two directions do not meet
};

/// ln Z, and what it is known from.
struct LogZ {
  Estimate value;     ///< the best: exact, the ladder's (or `annealed` without tempering), or the
                      ///< modes' where that misses one of them
  Estimate annealed;  ///< both directions by Bennett's acceptance ratio
  Estimate forward;   ///< annealed importance sampling; from few chains too small
  Estimate reverse;   ///< the same from the network back to the base; from few chains too large
  Estimate forward_ess;  ///< effective fraction of the weights, in (0, 1]
  Estimate reverse_ess;
  Estimate overlap;                  ///< of the works of both directions, in [0, 1]
  std::optional<LadderLogZ> ladder;  ///< none where exact or without tempering
  std::optional<ModesLogZ> modes;    ///< where there are several, or where the others are not ok
  double bound = -std::numeric_limits<double>::infinity();  ///< mean-field: ln Z is not below it
  bool exact = false;
  bool ok = true;
  std::string reason;  ///< why not: the first that failed of what `ok` asks for
};

/// Three estimates that have to agree, and a sum over modes where they miss one.
///
/// Annealed importance sampling (Neal, Stat. Comput. 11 (2001) 125; Salakhutdinov & Murray, ICML
/// 2008) from the path's base to the network, and back. Hidden units are summed out of the weights:
/// f_t(phi) = sum_i E_i(phi_i) - sum_j ln Z1_j. Stops lie at equal steps of the pilot's
/// thermodynamic length. <Z_forward> = Z, so that forward is below ln Z on average, and above it by
/// x with probability at most exp(-x); reverse the other way round if it starts at p.
///
/// Parallel tempering (network/tempering.hpp) along the same path. Half of the ladders start from
/// the annealed chains of the way there, the other half on every rung from `start`, visible
/// values [chain][visible]: persistent chains, or data; where none are given, draws of the base,
/// which fall into the nearest modes of each rung. Samples of the network's rung are where the way
/// back starts. Without tempering it starts at `start`, or the ends of the way there, after some
/// sweeps, and both directions can agree on too small an ln Z: a mode that neither reaches is seen
/// by neither.
///
/// Modes: a transition of first order between base and network hides a phase from all of these. So
/// mean-field solutions are sought from many starts; where there are several, Z = sum_m Z_m, each
/// by annealing both ways from the solution's own independent units, held in the mode (ModesLogZ),
/// and their configurations are where the second half of the ladders starts. The sum is the value
/// where the rest missed a mode or is not ok by itself.
///
/// `ok` asks for: ladders in equilibrium (LadderLogZ::ok), at least 10 effective chains in each
/// direction, overlap of the works, no two of the estimates that contradict each other by more than
/// 4 errors, and every mode that matters among the ladders' configurations; or else that both
/// directions meet in every mode of weight and nothing that is ok finds more than their sum. In any
/// case ln Z is not below the mean-field bound. A mode that is no mean-field solution found and
/// that no start and no rung reaches stays unseen even then. The base decides how hard a straight
/// line is: base_network(network, moments, rows) has the hidden units' moments as well.
///
/// Errors of annealing by jackknife over chains; none is below the rounding of the works. O((steps
/// chains + rungs sweeps ladders) visible hidden). Throws BadInput for fewer than 16 chains, 2
/// steps, 32 ladders or 100 sweeps, or ladders that are no multiple of 16. T is the precision of
/// the chains; works are summed in float64.
template <class T>
LogZ estimate_log_z(const NetworkPath& path, const LogZOptions& options, std::uint64_t seed,
                    std::span<const double> start = {});

/// Of rows whose free energies have that mean.
LogLikelihood log_likelihood(const Estimate& free_energy, const LogZ& log_z);

/// Mean ln p of a set of rows[row][visible]. O(rows visible hidden).
LogLikelihood log_likelihood(const Network& network, std::span<const float> rows, const LogZ& log_z,
                             int threads = 0);

/// Why rows prove that ln Z is too small, or nothing: the probabilities of different configurations
/// of discrete visible units cannot add up to more than 1. Rows with other values than the units'
/// are left out. O(rows visible hidden).
std::optional<std::string> contradiction(const Network& network, std::span<const float> rows,
                                         const LogZ& log_z, int threads = 0);

}  // namespace quartic
