// Annealed importance sampling between independent units and a network.
#pragma once

#include <vector>

#include "network/coupled_layers.hpp"
#include "quartic/network/network.hpp"

namespace quartic {

/// Chains on the line of actions (1 - beta) S_base + beta S_network. The networks have to outlive
/// it.
template <class T>
class Annealing {
 public:
  Annealing(const Network& network, const Network& base, int chains, std::uint64_t seed,
            Stream stream, int threads);

  Chains<T>& chains() { return chains_; }
  /// Exact draws of the base.
  void start_at_base();
  void start_at_network();
  /// Sweeps where the chains are: hidden units always afresh given the visible ones, because only
  /// the visible ones are known to have the weights.
  void sweep(int count);
  /// Goes on to beta, adding (f_beta - f_before) of every chain to work, with one sweep there.
  void go(double beta, std::vector<double>& work);

 private:
  void set(CoupledLayers<T>& layers, double beta);
  /// With the field on the hidden units in scratch.
  void transition(const CoupledLayers<T>& layers, int block, NetworkScratch<T>& scratch);

  const Network &network_, &base_;
  CoupledLayers<T> now_, next_;
  Chains<T> chains_;
  int threads_;
  std::vector<NetworkScratch<T>> scratch_;
  double beta_ = 0;
};

struct AnnealingStops {
  std::vector<double> beta;  ///< from 0 to 1
  double length = 0;         ///< thermodynamic length, int sqrt(Var df/dbeta) dbeta
};
/// Stops at equal steps of length, from a short run of few chains; a tenth of them evenly spaced,
/// where the pilot saw nothing.
template <class T>
AnnealingStops plan_stops(const Network& network, const Network& base, int steps,
                          std::uint64_t seed, int threads);

}  // namespace quartic
