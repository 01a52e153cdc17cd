// Groups of samples for errors by the jackknife.
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <vector>

#include "quartic/core/estimate.hpp"

namespace quartic {

/// Chains of equal length from one ensemble, stored [chain][draw].
struct ChainSet {
  int chains = 0;
  int draws = 0;
  /// Sets of one number, not 0, were drawn with the same random numbers, chain by chain (runs of
  /// one seed): their fields are alike even where their actions differ, and so are their errors.
  int family = 0;
  std::size_t samples() const { return static_cast<std::size_t>(chains) * draws; }
};

/// Whether groups of a set are whole chains (64 or more of them) rather than bins within chains.
bool whole_chains(const ChainSet& set);

/// Consecutive groups of samples that are independent of each other: whole chains where there are
/// 64 or more in a set, bins within chains otherwise. Each set of chains is a stratum; groups of
/// sets of one family depend on each other one by one, in their order.
struct JackknifeGroups {
  std::vector<std::size_t> first;  ///< group g holds samples [first[g], first[g + 1])
  std::vector<int> stratum;        ///< one a group, ascending
  int shortest_bin = 0;            ///< draws; 0 where every group is whole chains
  std::vector<int> family{};       ///< [stratum], see ChainSet; empty: all independent

  int size() const { return static_cast<int>(stratum.size()); }
  std::size_t length(int group) const { return first[group + 1] - first[group]; }
};

/// 64 to 256 groups a set: whole chains, or bins of at least
/// `min_bin` draws where that leaves 64 of them. Throws BadInput for a set of fewer than 64
/// samples, and for sets of one family that have other chains in a group, or other bins.
JackknifeGroups jackknife_groups(std::span<const ChainSet> sets, double min_bin = 1);

/// The longest integrated autocorrelation time (draws) of series [series][sample] in those sets
/// whose groups are bins within chains; 1/2 where there are none.
double slowest_autocorrelation(std::span<const ChainSet> sets,
                               const std::vector<std::vector<double>>& series);

/// The shortest bins, in draws, that count as independent: where correlations fall off like
/// exp(-t / T), with integrated time tau, the variance of means over L draws is 2 tau Var / L
/// (1 - (tau - 1 / (4 tau)) / L), so that bins of 20 (tau - 1 / (4 tau)) make an error too small by
/// 2.5 %. None are needed of draws that are independent, tau = 1/2.
double independent_bin(double tau);

/// Standard errors of several functions of sums over samples, by leaving out one group at a time
/// (groups of unequal size: Busing, Meijer, van der Leeden, Stat. Comput. 9 (1999) 3; strata: the
/// group's stratum is scaled up to its full size, and variances of strata add; of one family,
/// deviations of the groups do). `deviation` holds for each group the functions' values without it,
/// less their values with all: [group][function].
std::vector<double> jackknife_errors(const JackknifeGroups& groups,
                                     const std::vector<std::vector<double>>& deviation);

/// Sums of all samples but those of one group, with its stratum scaled up to its full size: from
/// sums [group][quantity].
class LeaveOneOut {
 public:
  LeaveOneOut(const JackknifeGroups& groups, const std::vector<std::vector<double>>& sums);
  const std::vector<double>& total() const { return total_; }
  std::vector<double> without(int group) const;

 private:
  const JackknifeGroups* groups_;
  const std::vector<std::vector<double>>* sums_;
  std::vector<double> total_;
  std::vector<std::vector<double>> stratum_total_;
  std::vector<std::size_t> stratum_length_;
};

/// Several functions of the means of several quantities: fills `values` from `means`. Must be free
/// of side effects.
using FunctionOfMeans =
    std::function<void(std::span<const double> means, std::span<double> values)>;

/// Values and jackknife errors of `functions` functions of the means over all samples; sums
/// [group][quantity] are over a group's samples. The value is that of the overall means: its bias
/// falls off as 1/samples, the error only as 1/sqrt(samples). With `correct_bias` the leading 1/N
/// is removed (f_J = f - sum_g (1 - n_g/N) (f_g - f), f_g without group g), which adds noise.
/// O(groups * (quantities + cost of the functions)).
std::vector<Estimate> jackknife(const JackknifeGroups& groups,
                                const std::vector<std::vector<double>>& sums, int functions,
                                const FunctionOfMeans& function, bool correct_bias = false);

}  // namespace quartic
