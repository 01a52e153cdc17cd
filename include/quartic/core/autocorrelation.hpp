// Mean, error and integrated autocorrelation time of a series from many chains (Gamma method).
#pragma once

#include <span>

#include "quartic/core/fields.hpp"

namespace quartic {

/// Result of the Gamma method (Wolff, Comput. Phys. Commun. 156 (2004) 143) over replica chains.
struct SeriesEstimate {
  double mean = 0;
  double error = 0;  ///< standard error of the mean, autocorrelation included
  double tau = 0.5;  ///< integrated autocorrelation time, 1/2 + sum rho, in draws
  double tau_error = 0;
  double ess = 0;            ///< effective sample size, N / (2 tau)
  int window = 0;            ///< where the sum of rho was cut, in draws
  bool window_found = true;  ///< false: the chains are too short for their tau
  double r_hat = 1;          ///< split R-hat (Gelman et al., BDA3); near 1 where all chains agree
};

template <FieldsOf<SeriesEstimate> E, class Visit>
void fields(E& e, Visit&& visit) {
  members(visit, "value", e.mean, "error", e.error, "tau", e.tau, "tau_error", e.tau_error, "ess",
          e.ess, "r_hat", e.r_hat, "window", e.window, "window_found", e.window_found);
}

/// Chains of equal length, series[chain * draws + draw].
///
/// The sum of autocorrelations is cut by Wolff's automatic window (eqs. 50-52, S = 2) and corrected
/// for the subtracted mean (eq. 49). It is looked for again in series joined into bins of 2, 4, 8,
/// ... draws, where a slow mode that is small beside fast noise stands out; a significantly larger
/// sum found there replaces it. The error combines it with the scatter between the chains' means,
/// each weighted by its own uncertainty. docs/errors.md has the formulas.
///
/// window_found is false where no window closes, or where the chains' means scatter far more than
/// their autocorrelation explains. The error is then from that scatter alone, widened by Student's
/// factor for chains - 1 degrees of freedom, and stays right for independent chains however short;
/// tau is only a lower bound. With a single chain error and tau are lower bounds.
///
/// tau below 1/2 (antithetic draws) is reported as it is, but never so low that ESS exceeds
/// N log10 N. A constant series has error 0 and ESS N. A single value has an infinite error, values
/// that are not finite give NaN with ESS 0; both with window_found false. R-hat is NaN below four
/// draws a chain, infinite where each chain is constant at another value.
/// O(chains * draws * min(window, 256)). Throws BadInput for an empty or ragged series.
SeriesEstimate estimate_series(std::span<const double> series, int chains);

/// The same from means over bins of `bin_length` draws each, bins[chain * bins + bin]. `variance`
/// is that of single draws about the mean, <x^2> - <x>^2; with it tau is in draws and does not
/// depend on the bins. Throws BadInput also for bin_length < 1.
SeriesEstimate estimate_binned_series(std::span<const double> bins, int chains, int bin_length,
                                      double variance);

/// The drift of a series between its two halves, in standard errors: with d_c the mean of the
/// second half of chain c minus that of its first half, |mean(d)| sqrt(chains) / sd(d). Chains are
/// independent, so at rest this is a t-statistic for any autocorrelation within a chain: above 3 by
/// chance once in 370 times (many chains). series[chain * draws + draw]; a middle draw of an odd
/// number is left out. 0 for fewer than two draws or where nothing varies. O(chains * draws).
/// Throws BadInput for fewer than two chains or a ragged series.
double drift(std::span<const double> series, int chains);

}  // namespace quartic
