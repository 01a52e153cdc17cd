// Annealed importance sampling between independent units and a network.
#pragma once

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "network/path_model.hpp"

namespace quartic {

/// Chains on a path of models (network/path.hpp).
template <class T>
class Annealing {
 public:
  Annealing(const NetworkPath& path, int chains, std::uint64_t seed, Stream stream, int threads)
      : models_(path),
        now_(models_.at(0)),
        chains_(path.base().visible.size(), path.base().hidden.size(), chains, seed, stream),
        threads_(thread_count(threads, path.base())),
        scratch_(make_scratch(threads_, now_.layers)) {}

  Chains<T>& chains() { return chains_; }
  /// Exact draws of the base.
  void start_at_base() {
    start_at(0);
    for_each_part(chains_.blocks(), threads_, [&](int block, int thread) {
      chains_.update_visible(now_.layers, block, scratch_[thread], true);
    });
  }
  /// The model at t from now on.
  void start_at(double t) {
    now_ = models_.at(t);
    chains_.set_scale(now_.scale[0]);
  }
  /// Sweeps where the chains are: hidden units always afresh given the visible ones, because only
  /// the visible ones are known to have the weights.
  void sweep(int count) {
    for_each_part(chains_.blocks(), threads_, [&](int block, int thread) {
      for (int k = 0; k < count; ++k) {
        heed_stop();
        chains_.field_on_hidden(now_.layers, block, scratch_[thread]);
        transition(now_.layers, block, scratch_[thread]);
      }
    });
  }
  /// Goes on to t, adding (f_t - f_before) of every chain to work, with one sweep there.
  void go(double t, std::vector<double>& work) {
    const PathModel<T> before = std::exchange(now_, models_.at(t));
    chains_.set_scale(now_.scale[0]);
    for_each_part(chains_.blocks(), threads_, [&](int block, int thread) {
      auto& scratch = scratch_[thread];
      const auto& kernels = now_.layers.hidden_type->template kernels<T>();
      double old_log[chains_in_block] = {}, new_log[chains_in_block] = {};
      chains_.field_on_hidden(before.layers, block, scratch);
      auto units = chains_.hidden_block(before.layers, block, scratch);
      units.scale = before.scale.data();
      kernels.log_normaliser(units, old_log);
      if (now_.layers.w != before.layers.w) chains_.field_on_hidden(now_.layers, block, scratch);
      kernels.log_normaliser(chains_.hidden_block(now_.layers, block, scratch), new_log);
      double visible[chains_in_block] = {};
      const auto phi = chains_.visible(block);
      add_visible_difference(before.visible, now_.visible, phi.data, phi.stride,
                             chains_.count(block), visible);
      for (int lane = 0; lane < chains_.count(block); ++lane)
        work[chains_.first(block) + lane] += visible[lane] + old_log[lane] - new_log[lane];
      transition(now_.layers, block, scratch);
    });
  }

 private:
  /// With the field on the hidden units in scratch.
  void transition(const CoupledLayers<T>& layers, int block, NetworkScratch<T>& scratch) {
    chains_.update_hidden(layers, block, scratch, true);
    chains_.field_on_visible(layers, block, scratch);
    chains_.update_visible(layers, block, scratch);
  }

  PathModels<T> models_;
  PathModel<T> now_;
  Chains<T> chains_;
  int threads_;
  std::vector<NetworkScratch<T>> scratch_;
};

struct AnnealingStops {
  std::vector<double> t;  ///< from 0 to 1
  double length = 0;      ///< thermodynamic length, int sqrt(Var df/dt) dt
  std::vector<double> work,
      ends;  ///< of the pilot's chains, and where they ended, [chain][visible]
};
/// Stops at equal steps of length, from a short run of few chains; a tenth of them evenly spaced,
/// where the pilot saw nothing.
template <class T>
AnnealingStops plan_stops(const NetworkPath& path, int steps, std::uint64_t seed, int threads) {
  constexpr int chains = 128;
  const int knots = std::max(40, 4 * path.segments());
  Annealing<T> pilot(path, chains, seed, Stream::pilot, threads);
  pilot.start_at_base();
  std::vector<double> length{0}, works(chains);
  double total = 0;
  for (int k = 1; k <= knots; ++k) {
    std::vector<double> work(chains);
    pilot.go(static_cast<double>(k) / knots, work);
    pilot.sweep(2);
    double mean = 0, square = 0;
    for (const double w : work) mean += w / chains;
    for (const double w : work) square += (w - mean) * (w - mean) / chains;
    for (int chain = 0; chain < chains; ++chain) works[chain] += work[chain];
    total += std::sqrt(square);
    length.push_back(total);
  }
  for (int k = 0; k <= knots; ++k) {
    const double even = static_cast<double>(k) / knots;
    length[k] = total > 0 ? 0.9 * length[k] / total + 0.1 * even : even;
  }
  std::vector<double> stops{0};
  int knot = 0;
  for (int n = 1; n < steps; ++n) {
    const double wanted = static_cast<double>(n) / steps;
    while (knot < knots - 1 && length[knot + 1] < wanted) ++knot;
    const double within = (wanted - length[knot]) / (length[knot + 1] - length[knot]);
    stops.push_back((knot + within) / knots);
  }
  stops.push_back(1);
  return {stops, total, works, pilot.chains().visible_rows()};
}

}  // namespace quartic
