// Annealed importance sampling between independent units and a network.
#pragma once

#include <vector>

#include "network/path_model.hpp"

namespace quartic {

/// Chains on a path of models (network/path.hpp).
template <class T>
class Annealing {
 public:
  Annealing(const NetworkPath& path, int chains, std::uint64_t seed, Stream stream, int threads);

  Chains<T>& chains() { return chains_; }
  /// Exact draws of the base.
  void start_at_base();
  /// The model at t from now on.
  void start_at(double t);
  /// Sweeps where the chains are: hidden units always afresh given the visible ones, because only
  /// the visible ones are known to have the weights.
  void sweep(int count);
  /// Goes on to t, adding (f_t - f_before) of every chain to work, with one sweep there.
  void go(double t, std::vector<double>& work);

 private:
  /// With the field on the hidden units in scratch.
  void transition(const CoupledLayers<T>& layers, int block, NetworkScratch<T>& scratch);

  PathModels<T> models_;
  PathModel<T> now_;
  Chains<T> chains_;
  int threads_;
  std::vector<NetworkScratch<T>> scratch_;
};

struct AnnealingStops {
  std::vector<double> t;  ///< from 0 to 1
  double length = 0;      ///< thermodynamic length, int sqrt(Var df/dt) dt
};
/// Stops at equal steps of length, from a short run of few chains; a tenth of them evenly spaced,
/// where the pilot saw nothing.
template <class T>
AnnealingStops plan_stops(const NetworkPath& path, int steps, std::uint64_t seed, int threads);

}  // namespace quartic
