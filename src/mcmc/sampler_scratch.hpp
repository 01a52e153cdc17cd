// Working memory of one thread of a sampler, and the moves that need it.
#pragma once

#include "mcmc/cluster_moves.hpp"
#include "mcmc/local_moves.hpp"

namespace quartic {

struct SamplerScratch {
  ClusterScratch cluster;
};

}  // namespace quartic
