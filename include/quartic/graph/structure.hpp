// Structure of a graph: colourings and maximal cliques.
#pragma once

#include <vector>

#include "quartic/graph/graph.hpp"

namespace quartic {

/// A proper colouring: neighbours differ. Greedy, O(V + E); two colours wherever the graph is
/// bipartite, at most (largest degree + 1) otherwise.
struct Colouring {
  std::vector<int> colour;  ///< one entry a site
  int colours = 0;
};
Colouring colour(const Graph& graph);

/// All maximal cliques, each as ascending sites, in lexicographic order. A site without neighbours
/// is a clique of its own. Bron-Kerbosch (Boost.Graph) on each site's neighbourhood: O(V) on graphs
/// of bounded degree; exponential in the size of the largest clique at worst.
std::vector<std::vector<int>> maximal_cliques(const Graph& graph);

}  // namespace quartic
