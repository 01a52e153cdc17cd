// Free-energy differences from work in both directions: non-equilibrium trajectories between two
// ensembles, and a ladder of ensembles each of which overlaps with the next.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "quartic/core/autocorrelation.hpp"
#include "quartic/core/estimate.hpp"

namespace quartic {

/// dF = F_1 - F_0 from the work of trajectories from 0 to 1 (forward) and from 1 to 0 (reverse).
/// Crooks (Phys. Rev. E 60 (1999) 2721): P_F(W) = P_R(-W) exp(W - dF). Errors by jackknife over
/// groups of trajectories.
struct WorkEstimate {
  Estimate difference;   ///< dF by the acceptance ratio, the best combination of both directions
  Estimate forward;      ///< -ln <exp(-W_F)>, annealed importance sampling
  Estimate reverse;      ///< +ln <exp(-W_R)>, the same backwards
  Estimate upper;        ///< <W_F> >= dF
  Estimate lower;        ///< -<W_R> <= dF
  Estimate forward_ess;  ///< effective fraction of the weights exp(-W_F), in (0, 1]
  Estimate reverse_ess;
  Estimate overlap;  ///< int 2 P_F(W) P_R(-W) / (P_F(W) + P_R(-W)) dW, in [0, 1]; 1: reversible
  bool ok = true;
  std::string reason;  ///< why not: too little overlap, or the two directions disagree
};

/// The Bennett acceptance ratio (Bennett, J. Comput. Phys. 22 (1976) 245; Shirts et al., Phys. Rev.
/// Lett. 91 (2003) 140601): dF solves sum_F f(M + W_F - dF) = sum_R f(-M + W_R + dF), f(x) = 1 / (1
/// + exp(x)), M = ln(n_F / n_R). One value a trajectory; a trajectory and the one of the same
/// number in the other direction may depend on each other, all others are independent. O(n). Throws
/// BadInput for fewer than two trajectories in a direction or a work that is not finite.
WorkEstimate acceptance_ratio(std::span<const double> forward, std::span<const double> reverse);

/// dF between the first and the last of several ensembles.
struct LadderEstimate {
  /// dF with error, tau, ESS and R-hat: those of the series y of the formula below, so that
  /// neither autocorrelation nor exchanges of configurations between ensembles escape them.
  SeriesEstimate difference;
  std::vector<double> step;     ///< F_k+1 - F_k
  std::vector<double> overlap;  ///< of ensembles k and k + 1, as in WorkEstimate
};

/// The acceptance ratio between each ensemble and the next, from instantaneous works:
/// forward[k][chain * draws + draw] = S_k+1 - S_k on samples of ensemble k, reverse[k] = S_k -
/// S_k+1 on samples of k + 1. Draw t of chain c was made at the same time in all ensembles, which
/// may have exchanged configurations; different chains are independent. To first order the sum of
/// all dF_k departs from its expectation by the mean of
///   y(c, t) = sum_k (f(W_R + dF_k) - f(W_F - dF_k)) / s_k,
///   s_k = <f (1 - f)>_F + <f (1 - f)>_R,
/// whose error is by the Gamma method. O(pairs samples). Throws BadInput for no pair, ragged
/// series or a work that is not finite.
LadderEstimate ladder_ratio(const std::vector<std::vector<double>>& forward,
                            const std::vector<std::vector<double>>& reverse, int chains);

}  // namespace quartic
