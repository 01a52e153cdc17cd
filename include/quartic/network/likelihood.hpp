// The normaliser of a network by annealing in both directions, and log-likelihoods as intervals.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "quartic/core/progress.hpp"
#include "quartic/network/network.hpp"
#include "quartic/stats/estimate.hpp"

namespace quartic {

struct LogZOptions {
  int chains = 512;
  int steps = 1000;         ///< stops between base and network; the error falls as 1 / sqrt(steps)
  int equilibration = 200;  ///< sweeps of the network before the way back
  bool exact = true;        ///< take the exact value where there is one (network/exact.hpp)
  int threads = 0;          ///< 0: all cores; never changes the results
  ProgressCallback progress;
};

/// ln Z, and what it is known from.
struct LogZ {
  Estimate value;        ///< the best: exact, or both directions by Bennett's acceptance ratio
  Estimate forward;      ///< annealed importance sampling; from few chains too small
  Estimate reverse;      ///< the same from the network back to the base; from few chains too large
  Estimate forward_ess;  ///< effective fraction of the weights, in (0, 1]
  Estimate reverse_ess;
  Estimate overlap;  ///< of the works of both directions, in [0, 1]
  bool exact = false;
  bool ok = true;
  std::string reason;  ///< why not: the directions overlap too little, or disagree
};

/// `ok` looks at the chains it is given: a mode that neither the way there nor `start` reaches is
/// seen by neither, and both directions can then agree on too small an ln Z (4 nats were seen on a
/// trained network of 16 hidden units). Trust it where chains pass between the modes.
///
/// Annealed importance sampling (Neal, Stat. Comput. 11 (2001) 125; Salakhutdinov & Murray, ICML
/// 2008) from `base`, which has the same units and w = 0 and so an exact normaliser, along the
/// straight line between the two actions, and back. Hidden units are summed out of the weights:
/// f_beta(phi) = sum_i E_i(phi_i) - sum_j ln Z1_j. Stops lie at equal steps of the pilot's
/// thermodynamic length. The way back starts at `start`, visible values [chain][visible] near
/// equilibrium (persistent chains; taken again from the first where there are fewer than chains),
/// or at the ends of the way there, after some sweeps. Errors by jackknife over chains. O(steps
/// chains visible hidden). Throws BadInput where base and network do not fit, base is coupled,
/// either is not normalisable, or for fewer than 16 chains or 2 steps. T is the precision of the
/// chains; works are summed in float64.
template <class T>
LogZ estimate_log_z(const Network& network, const Network& base, const LogZOptions& options,
                    std::uint64_t seed, std::span<const double> start = {});

/// Mean ln p of a set of rows.
struct Likelihood {
  Estimate value;     ///< error: that of ln Z
  double lower = 0;   ///< with ln Z from the way back
  double upper = 0;   ///< with ln Z from the way there
  double spread = 0;  ///< standard error of the mean over the rows: how far another set may differ
};
/// rows[row][visible]. O(rows visible hidden).
Likelihood log_likelihood(const Network& network, std::span<const float> rows, const LogZ& log_z,
                          int threads = 0);

}  // namespace quartic
