// Working memory of one thread of an ensemble, and the moves that need it.
#pragma once

#include "mcmc/cluster_moves.hpp"
#include "mcmc/hmc_move.hpp"
#include "mcmc/local_moves.hpp"

namespace quartic {

template <class T>
struct EnsembleScratch {
  ClusterScratch cluster;
  HmcScratch<T> hmc;
  AlignedVector<std::uint32_t> words;  ///< streams split off for the moves of one sweep
};

/// What a block keeps between its sweeps: bonds that were drawn while the fields were in the cache.
/// No part of the state: they are drawn again, to the same bits, where they are not here.
struct BondsAhead {
  AlignedVector<std::uint32_t> bonds;  ///< boards
  AlignedVector<std::uint32_t> words;  ///< the bonds' streams, behind them
  bool drawn = false;
};

}  // namespace quartic
