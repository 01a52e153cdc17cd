// The Hammersley-Clifford factorisation p = (1/Z) prod_c psi_c over maximal cliques, and the local
// Markov property.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "quartic/field/action.hpp"

namespace quartic {

/// ln psi_c of an action: each single-site term shared equally among the maximal cliques that hold
/// the site, each edge term (parallel edges too) among those that hold both its ends, so that
/// sum_c ln psi_c = -S.
class Factorisation {
 public:
  /// The cost of maximal_cliques, then O(sum over cliques of size * degree).
  explicit Factorisation(const Action& action);

  /// Maximal cliques, each as ascending sites, in lexicographic order.
  const std::vector<std::vector<int>>& cliques() const { return cliques_; }
  /// ln psi of one clique for one configuration (one value a site of the graph). O(sites and edges
  /// of the clique).
  double log_factor(int clique, std::span<const double> phi) const;

 private:
  Action action_;
  std::vector<std::vector<int>> cliques_;
  std::vector<std::vector<int>> edges_;  ///< of each clique
  std::vector<int> site_share_;          ///< cliques that hold a site
  std::vector<int> edge_share_;          ///< cliques that hold an edge
};

/// Largest |sum_c ln psi_c + S| / max(1, sum of |terms of S|) over random Gaussian configurations:
/// rounding error, if the factorisation is right. O(configurations * (V + E + size of all
/// cliques)).
double factorisation_defect(const Action& action, int configurations, std::uint64_t seed);

/// What check_markov found.
struct MarkovCheck {
  double max_change;   ///< of ln p(phi_i = x | rest) when non-neighbours change
  double max_control;  ///< of the same when one neighbour changes; 0 where all w vanish
  bool holds;          ///< max_change is rounding error of S
};

/// Verifies p(phi_i | all others) = p(phi_i | neighbours): for each site and random configuration,
/// all non-neighbours are replaced by fresh random values, and ln p(phi_i = x | rest), normalised
/// over a grid of x and computed from the whole action S alone, is compared. As a control the same
/// is done with one neighbour replaced. Above 256 sites 256 of them, evenly spread, are checked.
/// O(configurations * min(V, 256) * (V + E)). Throws BadInput if the action is not normalisable or
/// configurations < 1.
MarkovCheck check_markov(const Action& action, int configurations, std::uint64_t seed);

}  // namespace quartic
