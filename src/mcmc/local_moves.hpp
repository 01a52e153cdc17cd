// One sweep of a local move over a block of chains, on the machine's SIMD target.
#pragma once

#include <cstdint>

#include "mcmc/sweep_table.hpp"

namespace quartic {

/// A block of chains and what drives them. `scale` multiplies every w (annealing from w = 0).
template <class T>
struct SweepBlock {
  const SweepTable<T>* table;
  T scale;
  T* phi;                             ///< [site][lane], 64-byte aligned rows
  std::uint32_t* words;               ///< [4][lane], the chains' random streams
  int lanes;                          ///< a multiple of 16
  int hits = 1;                       ///< tries a site, for Metropolis
  std::int32_t begin = 0;             ///< turns of the table's order to make, from here
  std::int32_t end = table->sites();  ///< to here; begin is even

  double updates() const { return static_cast<double>(end - begin) * lanes; }  ///< of sites
};

/// Hidden sites are drawn exactly by the first two and the heat bath. Each returns how many
/// proposals were accepted, over sites, lanes (and hits).
/// Independence Metropolis: one Gaussian proposal a site from an envelope of its conditional with
/// bounded importance weight: exact, and no loop. Any (a, b, j).
template <class T>
double independence_sweep(const SweepBlock<T>& block);
/// Reflection x -> 2c - x at a centre c(j), accepted with probability min(1, exp(-dS)).
template <class T>
double reflection_sweep(const SweepBlock<T>& block);
/// Many-hit Metropolis, uniform proposals: the plain cross-check of the other kernels.
template <class T>
double metropolis_sweep(const SweepBlock<T>& block);
/// Heat bath: exact independent draws from each conditional, by masked rejection.
template <class T>
double heat_bath_sweep(const SweepBlock<T>& block);
/// Global sign flip of whole chains, accepted with probability min(1, exp(2 sum r phi)).
template <class T>
double flip_sweep(const SweepBlock<T>& block);

}  // namespace quartic
