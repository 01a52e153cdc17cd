// Hamiltonian trajectories (hybrid Monte Carlo: Duane, Kennedy, Pendleton, Roweth, Phys. Lett. B
// 195, 216, 1987) of a block of chains.
#pragma once

#include "mcmc/local_moves.hpp"
#include "quartic/core/aligned.hpp"
#include "quartic/mcmc/sampler.hpp"

namespace quartic {

/// Working memory of one thread, sized at first use.
template <class T>
struct HmcScratch {
  AlignedVector<T> momentum, before;  ///< [site][lane]
};

/// One trajectory of `steps` steps of length `step_size` of each chain under H = sum pi^2 / 2 + S,
/// fresh Gaussian momenta, accepted with probability min(1, exp(-dH)), dH in float64. Returns how
/// many chains accepted. Omelyan: the second-order minimum-norm integrator (Omelyan, Mryglod, Folk,
/// Comput. Phys. Commun. 151, 272, 2003), two forces a step. O(steps (V + E)).
template <class T>
double hmc_sweep(const SweepBlock<T>& block, HmcScratch<T>& scratch, int steps, double step_size,
                 Integrator integrator);

/// The integration alone, on given momenta: reversible, and preserves volume.
template <class T>
void integrate(const SweepBlock<T>& block, T* momentum, int steps, double step_size,
               Integrator integrator);

}  // namespace quartic
