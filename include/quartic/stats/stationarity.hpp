// Whether averages over an ensemble of chains have come to rest.
#pragma once

#include <span>

namespace quartic {

/// The drift of a series between its two halves, in standard errors: with d_c the mean of the
/// second half of chain c minus that of its first half, |mean(d)| sqrt(chains) / sd(d). Chains are
/// independent, so at rest this is a t-statistic for any autocorrelation within a chain: above 3 by
/// chance once in 370 times (many chains). series[chain * draws + draw]; a middle draw of an odd
/// number is left out. 0 for fewer than two draws or where nothing varies. O(chains * draws).
/// Throws BadInput for fewer than two chains or a ragged series.
double drift(std::span<const double> series, int chains);

}  // namespace quartic
