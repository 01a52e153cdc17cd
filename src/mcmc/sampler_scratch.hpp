// Working memory of one thread of a sampler, and the moves that need it.
#pragma once

#include "mcmc/cluster_moves.hpp"
#include "mcmc/hmc_move.hpp"
#include "mcmc/local_moves.hpp"

namespace quartic {

template <class T>
struct SamplerScratch {
  ClusterScratch cluster;
  HmcScratch<T> hmc;
};

}  // namespace quartic
