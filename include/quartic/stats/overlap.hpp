// Overlap of two ensembles from samples of one: moments of A - S and of the weights exp(-(A - S)).
#pragma once

#include <span>

#include "quartic/core/estimate.hpp"
#include "quartic/core/team.hpp"

namespace quartic {

/// All from D = A - S on samples of p = exp(-S)/Z. Errors by jackknife over groups of chains (or
/// long bins of few chains), which accounts for the autocorrelation within chains and for the
/// correlation between the numbers.
struct Overlap {
  Estimate difference;       ///< <D>
  Estimate variance;         ///< Var(D)
  Estimate log_mean_weight;  ///< ln <exp(-D)> = F - F_A
  Estimate
      weight_ess;  ///< <w>^2 / <w^2>, w = exp(-D): effective fraction of the samples, in (0, 1]
  Estimate gap;    ///< <D> + ln <exp(-D)> = KL(p||q) >= 0
  Estimate half_variance;  ///< Var(D) / 2, the gap to leading order
};

/// Those of all chains that a rank has; the blocks that ranks share.
struct OwnChains {
  int first = 0, count = 0;
  Shares shares = {0, 1};
  const Team* team = nullptr;
};

/// difference[chain * draws + draw] of equally long chains; of one's own, where ranks share them.
/// What ranks tell each other does not grow with the chains, beyond 64 of them. O(samples). Throws
/// BadInput for fewer than two chains or 64 samples.
Overlap measure_overlap(std::span<const double> difference, int chains, const OwnChains& own = {});

}  // namespace quartic
