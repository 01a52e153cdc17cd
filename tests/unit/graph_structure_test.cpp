#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "quartic/core/error.hpp"
#include "quartic/graph/lattice.hpp"
#include "quartic/graph/structure.hpp"
#include "unit/graph_fixtures.hpp"

namespace quartic {
namespace {

struct Counts {
  Lattice lattice;
  int sites, edges, colours;
  std::size_t cliques;
  std::size_t largest;
};

// Edges count twice on a periodic extent of 2; cliques do not.
const Counts counted[] = {
    {{"chain", {7}, {true}}, 7, 7, 3, 7, 2},
    {{"chain", {2}, {true}}, 2, 2, 2, 1, 2},
    {{"chain", {3}, {true}}, 3, 3, 3, 1, 3},
    {{"chain", {5}, {false}}, 5, 4, 2, 4, 2},
    {{"chain", {1}, {false}}, 1, 0, 1, 1, 1},
    {{"square", {4, 6}, {true, true}}, 24, 48, 2, 48, 2},
    {{"square", {2, 2}, {true, true}}, 4, 8, 2, 4, 2},
    {{"square", {3, 3}, {true, true}}, 9, 18, 3, 6, 3},
    {{"square", {4, 3}, {false, false}}, 12, 17, 2, 17, 2},
    {{"square", {3, 4}, {true, false}}, 12, 21, 3, 13, 3},
    {{"cubic", {4, 4, 4}, {true, true, true}}, 64, 192, 2, 192, 2},
    {{"hypercubic", {2, 2, 2, 2}, {true, true, true, true}}, 16, 64, 2, 32, 2},
    {{"hypercubic", {4, 4, 4, 4}, {true, true, true, true}}, 256, 1024, 2, 1024, 2},
    {{"triangular", {4, 4}, {false, false}}, 16, 33, 3, 18, 3},
    {{"triangular", {6, 6}, {true, true}}, 36, 108, 3, 72, 3},
    {{"triangular", {2, 2}, {true, true}}, 4, 12, 4, 1, 4},
    {{"king", {4, 5}, {false, false}}, 20, 55, 4, 12, 4},
    {{"king", {6, 6}, {true, true}}, 36, 144, 4, 36, 4},
    {{"king", {3, 3}, {true, true}}, 9, 36, 9, 1, 9},
    {{"king", {2, 2}, {true, true}}, 4, 16, 4, 1, 4},
    {{"honeycomb", {4, 6}, {true, true}}, 24, 36, 2, 36, 2},
    {{"honeycomb", {2, 2}, {true, true}}, 4, 6, 2, 4, 2},
    {{"complete", {6}, {}}, 6, 15, 6, 1, 6},
    {{"bipartite", {3, 4}, {}}, 7, 12, 2, 12, 2},
};

void expect_proper(const Graph& graph, const std::string& what) {
  const auto colouring = colour(graph);
  int max_degree = 0;
  for (int i = 0; i < graph.sites(); ++i) {
    EXPECT_GE(colouring.colour[i], 0) << what;
    EXPECT_LT(colouring.colour[i], colouring.colours) << what;
    max_degree = std::max(max_degree, graph.degree(i));
  }
  for (const auto [i, j] : graph.edges()) EXPECT_NE(colouring.colour[i], colouring.colour[j]);
  EXPECT_LE(colouring.colours, max_degree + 1) << what;
}

/// All maximal cliques by trying every set of sites.
std::vector<std::vector<int>> brute_force(const Graph& graph) {
  const int n = graph.sites();
  const auto complete = [&](unsigned set) {
    for (int i = 0; i < n; ++i)
      for (int j = i + 1; j < n; ++j)
        if ((set >> i & 1U) && (set >> j & 1U) && !graph.adjacent(i, j)) return false;
    return true;
  };
  std::vector<std::vector<int>> cliques;
  for (unsigned set = 1; set < 1U << n; ++set) {
    if (!complete(set)) continue;
    bool maximal = true;
    for (int i = 0; i < n; ++i)
      if (!(set >> i & 1U) && complete(set | 1U << i)) maximal = false;
    if (!maximal) continue;
    std::vector<int> sites;
    for (int i = 0; i < n; ++i)
      if (set >> i & 1U) sites.push_back(i);
    cliques.push_back(sites);
  }
  std::sort(cliques.begin(), cliques.end());
  return cliques;
}

TEST(GraphStructure, CountsOnEveryLattice) {
  for (const auto& c : counted) {
    const Graph graph = make_lattice(c.lattice);
    const auto what = graph.description();
    EXPECT_EQ(graph.sites(), c.sites) << what;
    EXPECT_EQ(graph.edge_count(), c.edges) << what;
    const auto cliques = maximal_cliques(graph);
    EXPECT_EQ(cliques.size(), c.cliques) << what;
    for (const auto& clique : cliques) EXPECT_LE(clique.size(), c.largest) << what;
    const int colours = colour(graph).colours;
    if (c.colours == 2 || c.colours == 1 || graph.sites() < 10) {
      EXPECT_EQ(colours, c.colours) << what;
    } else {
      EXPECT_GE(colours, c.colours) << what;
    }
  }
}

TEST(GraphStructure, ColouringsAreProper) {
  for (const auto& lattice : testing::all_lattices()) {
    const Graph graph = make_lattice(lattice);
    expect_proper(graph, graph.description());
  }
  for (int seed = 0; seed < 40; ++seed)
    expect_proper(testing::random_graph(30, 0.02 * seed, seed), "random " + std::to_string(seed));
}

TEST(GraphStructure, CliquesAgreeWithBruteForce) {
  for (int seed = 0; seed < 60; ++seed) {
    const Graph graph = testing::random_graph(1 + seed % 9, 0.1 + 0.014 * seed, seed);
    EXPECT_EQ(maximal_cliques(graph), brute_force(graph)) << "seed " << seed;
  }
  for (const auto& lattice : testing::all_lattices())
    if (lattice.sites() <= 12) {
      const Graph graph = make_lattice(lattice);
      EXPECT_EQ(maximal_cliques(graph), brute_force(graph)) << graph.description();
    }
}

TEST(GraphStructure, SmallPeriodicRowsAreTriangles) {
  const auto cliques = maximal_cliques(make_lattice({"square", {3, 3}, {true, true}}));
  const std::vector<std::vector<int>> expected{{0, 1, 2}, {0, 3, 6}, {1, 4, 7},
                                               {2, 5, 8}, {3, 4, 5}, {6, 7, 8}};
  EXPECT_EQ(cliques, expected);
}

TEST(GraphStructure, LonelySitesAndParallelEdges) {
  const Graph graph(4, {{2, 0}, {0, 2}, {2, 0}});
  const std::vector<std::vector<int>> expected{{0, 2}, {1}, {3}};
  EXPECT_EQ(maximal_cliques(graph), expected);
  EXPECT_EQ(colour(graph).colours, 2);
}

}  // namespace
}  // namespace quartic
