// Free energies by annealed importance sampling from the uncoupled action.
#pragma once

#include <cstdint>

#include "quartic/field/action.hpp"
#include "quartic/stats/estimate.hpp"

namespace quartic {

struct AnnealingOptions {
  int chains = 1024;  ///< annealed trajectories, a multiple of 16
  int steps =
      0;  ///< 0: chosen by a pilot so that the weights keep nearly all of their effective number
  int threads = 0;  ///< 0: all cores; never changes the results
};

struct AnnealingResult {
  Estimate free_energy;  ///< F = -ln Z
  Estimate weight_ess;   ///< effective fraction of the trajectories' weights
  int steps = 0;
  bool ok = true;  ///< false where fewer than 50 trajectories carry the weight
};

/// F(theta) along S_beta = -beta sum w phi phi + sum (r phi + a phi^2 + b phi^4), beta from 0 to 1.
/// At beta = 0 the normaliser is the product of the sites' Z1, exact, and the draws are exact and
/// independent; the weights of exp(-W) average to Z / Z_0 without bias for any number of steps
/// (Neal, Stat. Comput. 11 (2001) 125). Independent of threads. O(steps * chains * (V + E)). Throws
/// BadInput if the action is not normalisable.
template <class T>
AnnealingResult anneal_free_energy(const Action& action, const AnnealingOptions& options,
                                   std::uint64_t seed);

}  // namespace quartic
