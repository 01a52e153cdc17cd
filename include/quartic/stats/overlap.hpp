// Overlap of two ensembles from samples of one: moments of A - S and of the weights exp(-(A - S)).
#pragma once

#include <span>

#include "quartic/core/estimate.hpp"

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

/// difference[chain * draws + draw] of equally long chains. O(samples). Throws BadInput for fewer
/// than two chains or 64 samples.
Overlap measure_overlap(std::span<const double> difference, int chains);

}  // namespace quartic
