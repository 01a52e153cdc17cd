// Starts in every well that an action has, and the wells' shares of the ensemble.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "quartic/core/progress.hpp"
#include "quartic/field/mean_field.hpp"
#include "quartic/mcmc/sampler.hpp"

namespace quartic {

/// Where chains of a sample are begun: from uncoupled sites (start 0) and from every mean field of
/// the action (start k: minimum k - 1), so that no well that the mean field knows is overlooked
/// because uncoupled sites do not lead there.
class Wells {
 public:
  /// As mean_fields; with few chains fewer minima are kept, four chains a start.
  Wells(const Action& action, int chains);

  /// Whether there is anything but uncoupled sites to begin from: wells that more than the sign of
  /// an even action tells apart.
  bool several() const { return several_; }
  int starts() const { return several_ ? static_cast<int>(minima_.size()) + 1 : 1; }
  const std::vector<MeanField>& minima() const { return minima_; }

  /// Fields of every chain as exact draws of its start's uncoupled action; chain c from start c
  /// modulo starts(). Its streams go on. O(starts chains (V + E)).
  template <class T>
  void start(Sampler<T>& sampler) const;
  int start_of(int chain) const { return chain % starts(); }

  /// The minimum that a field is nearest to, in units of each site's width. O(minima V).
  template <class T>
  int nearest(FieldBlock<const T> block, int lane) const;
  /// The same of every chain of a sampler, of all ranks'.
  template <class T>
  std::vector<std::int32_t> nearest(const Sampler<T>& sampler) const;
  /// Whether the fields have forgotten their starts: their products with every minimum do not
  /// differ between the starts.
  template <class T>
  bool forgotten(const Sampler<T>& sampler) const;

 private:
  Action action_;
  std::vector<MeanField> minima_;
  std::vector<double> width_;
  bool several_ = false;
};

/// The mean of every chain, of series[chain * draws + draw].
std::vector<double> chain_means(std::span<const double> series, int chains);

/// Whether the means of chains of different groups differ more than chance allows (analysis of
/// variance, p < 1e-6): averages that remember where they began. series[chain * draws + draw].
bool groups_differ(std::span<const double> series, int chains, std::span<const std::int32_t> group);

/// The part of Z of each well, from annealing.
struct WellShare {
  double share = 0;      ///< Z_well / Z
  double effective = 0;  ///< trajectories that Z_well rests on; 0: none stays there, it is no well
};

/// Anneals from every start to the action, `chains` trajectories each of as many steps as keep the
/// work's variance near 1 (at most max_steps), and sorts them by the well that they end in:
/// Z_well = Z_start <exp(-W) [ends in the well]> for every start (Jarzynski, Phys. Rev. Lett. 78
/// (1997) 2690), of which the one with most effective trajectories is taken. O(starts steps chains
/// (V + E)).
template <class T>
std::vector<WellShare> well_shares(const Wells& wells, const Action& action,
                                   const SamplerOptions& sampler, std::uint64_t seed,
                                   const ProgressCallback& progress = {});

}  // namespace quartic
