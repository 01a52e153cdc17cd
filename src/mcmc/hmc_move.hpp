// Hybrid Monte Carlo (Duane, Kennedy, Pendleton & Roweth, Phys. Lett. B 195, 216, 1987) for a block
// of chains: Gaussian momenta p, Hamilton's equations of H = sum p^2 / 2 + S(phi) integrated by a
// reversible, volume-preserving scheme, the end accepted with probability min(1, exp(-dH)).
#pragma once

#include "mcmc/local_moves.hpp"
#include "quartic/core/aligned.hpp"
#include "quartic/mcmc/sampler.hpp"

namespace quartic {

/// Working memory of one thread, sized at first use.
template <class T>
struct HmcScratch {
  AlignedVector<T> momentum, start;     ///< [site][lane]
  AlignedVector<double> energy_change;  ///< [lane], dH of the last trajectory
  AlignedVector<T> accepted;            ///< [lane], 1 or 0
};

/// One trajectory of length steps * step_size for every chain. Returns how many were accepted; a
/// chain whose energy diverged is not. O(steps (V + E)).
template <class T>
double hmc_sweep(const SweepBlock<T>& block, HmcScratch<T>& scratch, int steps, double step_size,
                 Integrator integrator);

/// The trajectory alone, from the block's fields and `scratch.momentum`.
template <class T>
void hmc_integrate(const SweepBlock<T>& block, HmcScratch<T>& scratch, int steps, double step_size,
                   Integrator integrator);

}  // namespace quartic
