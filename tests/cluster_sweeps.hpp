// Cluster moves as a whole: signs are chosen, then turned. Both return how many.
#pragma once

#include "mcmc/cluster_moves.hpp"

namespace quartic {

template <class T>
double fill_sweep(const ClusterBlock<T>& block) {
  const double count = choose_fill(block);
  turn_signs(block);
  return count;
}
template <class T>
double swendsen_wang_sweep(const ClusterBlock<T>& block) {
  const double count = choose_swendsen_wang(block);
  turn_signs(block);
  return count;
}

}  // namespace quartic
