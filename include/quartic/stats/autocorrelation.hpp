// Mean, error and integrated autocorrelation time of a series from many chains (Gamma method).
#pragma once

#include <span>

namespace quartic {

/// Result of the Gamma method (Wolff, Comput. Phys. Commun. 156 (2004) 143) over replica chains.
struct SeriesEstimate {
  double mean = 0;
  double error = 0;  ///< standard error of the mean, autocorrelation included
  double tau = 0.5;  ///< integrated autocorrelation time, 1/2 + sum rho, in draws
  double tau_error = 0;
  double ess = 0;            ///< effective sample size, N / (2 tau)
  int window = 0;            ///< where the sum of rho was cut
  bool window_found = true;  ///< false: the chains are too short for their tau
  double r_hat = 1;          ///< split R-hat (Gelman et al., BDA3); near 1 where all chains agree
};

/// Chains of equal length, series[chain * draws + draw]. The window is the first W with W >= 5
/// tau(W). O(chains * draws * window). Throws BadInput for an empty or ragged series.
SeriesEstimate estimate_series(std::span<const double> series, int chains);

}  // namespace quartic
