// Free-energy differences by thermodynamic integration.
#pragma once

#include <cstdint>
#include <string>

#include "quartic/core/progress.hpp"
#include "quartic/stats/annealing.hpp"

namespace quartic {

struct IntegrationOptions {
  SamplerOptions sampler;
  double error = 0.01;      ///< wanted standard error of the difference
  int max_sweeps = 100000;  ///< a chain, at most
  ProgressCallback progress;
};

struct IntegrationResult {
  Estimate difference;  ///< F_1 - F_0 = int <D>_beta dbeta, D = S_1 - S_0; error: both parts below
  double statistical_error = 0;
  double quadrature_error = 0;  ///< what of the two rules' difference noise does not explain
  Estimate hysteresis;          ///< upward minus downward pass; 0 where each node equilibrates
  int nodes = 0;
  int sweeps = 0;  ///< a chain, in all
  bool ok = true;
  std::string reason;  ///< why not: hysteresis, or the wanted error was not reached
};

/// Gauss-Kronrod quadrature (7 nodes, the 3 of Gauss among them) on panels of equal thermodynamic
/// length, so that the integrand is smooth on each however fast the fields change. All chains visit
/// the nodes up and down the path until the error is small enough, and each chain gives one value
/// of the whole integral: their spread is an error that knows of every autocorrelation. Averaging
/// both directions cancels the lag behind equilibrium to first order; their difference shows it.
/// The path begins at uncoupled fields. Independent of threads. O(sweeps chains (V + E)). Throws
/// BadInput where it does not, or the wanted error is not positive.
template <class T>
IntegrationResult integrate_path(const AnnealingPlan& plan, const IntegrationOptions& options,
                                 std::uint64_t seed);

}  // namespace quartic
