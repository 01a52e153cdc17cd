// Several ensembles as one sample: the multistate Bennett acceptance ratio (multi-histogram
// reweighting without histograms).
#pragma once

#include <span>
#include <vector>

#include "quartic/core/estimate.hpp"
#include "quartic/stats/jackknife.hpp"
#include "quartic/stats/reweighting.hpp"

namespace quartic {

struct Mbar {
  std::vector<Estimate> free_energy;  ///< F_k - F_0 of every ensemble, F = -ln Z
  /// What turns all samples together into one of exp(-S_0) / Z_0: with it and S_0 as action,
  /// Reweighting averages over all ensembles at once.
  LogWeights log_weight;
  double spectral_gap = 1;  ///< 1 less the second eigenvalue of the overlap matrix; 0: disconnected
  int iterations = 0;
};

/// Shirts and Chodera, J. Chem. Phys. 129 (2008) 124105, eq. (11): F_k = -ln sum_n exp(-S_k(n)) /
/// sum_l N_l exp(F_l - S_l(n)) over the samples n of all ensembles. Solved by Newton's method with
/// step control on the convex objective. actions[k][n] is S_k of sample n, the samples of the
/// ensembles one after another as `sets` says. Errors by jackknife over groups of chains.
/// O(ensembles^2 samples) an iteration. Throws BadInput for fewer than one ensemble, lengths that
/// do not fit, ensembles that do not overlap, or that share samples.
Mbar solve_mbar(const std::vector<std::vector<double>>& actions, std::span<const ChainSet> sets);

}  // namespace quartic
