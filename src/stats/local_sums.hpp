// Sums over the sites and pairs of a graph, for all chains of a block in one pass.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "quartic/field/action.hpp"
#include "quartic/field/field_block.hpp"

namespace quartic {

/// Partners of each site in compressed rows; every pair is listed once, at its first site.
struct PairRows {
  std::vector<std::int32_t> row;      ///< sites + 1
  std::vector<std::int32_t> partner;  ///< second site of the pair

  PairRows() = default;
  PairRows(int sites, std::span<const Edge> pairs);
  bool empty() const { return partner.empty(); }
};

/// The sums in their order; products over nearest and diagonal pairs.
enum LocalSum : int { sum_phi, sum_phi2, sum_phi4, sum_nn, sum_nnn, sum_action, local_sum_count };

/// What the pass sums over. The action comes from the sums over sites and pairs where couplings are
/// homogeneous, else from its own couplings.
struct LocalSums {
  int sites = 0;
  PairRows nearest, diagonal;
  bool homogeneous = false;
  double w_nearest = 0, w_diagonal = 0, r = 0, a = 0, b = 0;  ///< where homogeneous
  PairRows edges;                                             ///< where not, with what follows
  std::vector<double> weight, site_r, site_a, site_b;
  /// Wells so deep that a phi^2 + b phi^4 would cancel: b (phi^2 - v)^2 with v = -a / 2b is summed
  /// instead, and the action is the sum plus `floor` = - sum b v^2.
  std::vector<double> site_well;
  double floor = 0;
  /// The longest wave along each of the longest extents of a periodic lattice: cos(2 pi x / L) and
  /// sin(2 pi x / L) by direction and site, [2 * direction (+ 1)][site].
  std::vector<std::vector<double>> waves;
  int longest_extent = 0;  ///< 0: no such lattice

  explicit LocalSums(const Action& action);
  int size() const { return local_sum_count + static_cast<int>(waves.size()); }
};

/// out[q * lanes + lane]: the sums by LocalSum, then those of phi times each wave. Float fields are
/// summed in float over runs of 64 sites, and those sums in float64. O((V + E) lanes).
template <class T>
void local_sums(const LocalSums& sums, FieldBlock<const T> phi, double* out);

}  // namespace quartic
