// A free-energy difference from non-equilibrium work in both directions.
#pragma once

#include <span>
#include <string>

#include "quartic/stats/estimate.hpp"

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

}  // namespace quartic
