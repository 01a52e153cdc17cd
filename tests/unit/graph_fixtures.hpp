// Graphs that several tests share.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "quartic/core/random.hpp"
#include "quartic/field/target.hpp"
#include "quartic/graph/graph.hpp"
#include "quartic/graph/lattice.hpp"

namespace quartic::testing {

/// Every kind of lattice, with periodic extents 2 and 3 and open and mixed boundaries.
inline std::vector<Lattice> all_lattices() {
  return {{"chain", {7}, {true}},
          {"chain", {2}, {true}},
          {"chain", {3}, {true}},
          {"chain", {5}, {false}},
          {"chain", {1}, {false}},
          {"square", {4, 6}, {true, true}},
          {"square", {2, 2}, {true, true}},
          {"square", {3, 3}, {true, true}},
          {"square", {2, 5}, {true, true}},
          {"square", {4, 3}, {false, false}},
          {"square", {3, 4}, {true, false}},
          {"cubic", {4, 4, 4}, {true, true, true}},
          {"cubic", {2, 3, 4}, {true, true, false}},
          {"hypercubic", {2, 2, 2, 2}, {true, true, true, true}},
          {"hypercubic", {4, 4, 4, 4}, {true, true, true, true}},
          {"triangular", {4, 5}, {true, true}},
          {"triangular", {3, 3}, {true, true}},
          {"triangular", {2, 2}, {true, true}},
          {"triangular", {4, 4}, {false, false}},
          {"king", {5, 6}, {true, true}},
          {"king", {3, 3}, {true, true}},
          {"king", {2, 2}, {true, true}},
          {"king", {4, 5}, {false, false}},
          {"honeycomb", {4, 6}, {true, true}},
          {"honeycomb", {2, 2}, {true, true}},
          {"honeycomb", {3, 5}, {false, false}},
          {"complete", {6}, {}},
          {"bipartite", {3, 4}, {}}};
}

inline Graph random_graph(int sites, double density, std::uint64_t seed) {
  RandomStream random(seed, Stream::check, 1000);
  std::vector<Edge> edges;
  for (int i = 0; i < sites; ++i)
    for (int j = i + 1; j < sites; ++j) {
      if (random.uniform() < density) edges.push_back({i, j});
      if (random.uniform() < 0.1 * density) edges.push_back({j, i});  // sometimes parallel
    }
  return {sites, edges};
}

inline TermSpec term(std::string name, double coupling) {
  return {std::move(name), coupling, {}, {}, {}};
}

}  // namespace quartic::testing
