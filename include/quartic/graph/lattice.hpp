// Lattices by name and extent: the geometry behind a graph, and pairs of sites at a displacement.
#pragma once

#include <array>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "quartic/graph/graph.hpp"

namespace quartic {

/// The geometry of a named lattice. Sites are numbered row-major (the last coordinate runs
/// fastest), so an array of site values reshapes to `extent` in C order.
///
/// Names: chain, square, cubic, hypercubic (any dimension), triangular (square with one diagonal,
/// (+1,+1)), king (square with both diagonals), honeycomb (two-site cell; the last extent counts
/// the sites of a row pairwise), complete (extent = {n}), bipartite (extent = {visible, hidden}).
struct Lattice {
  std::string name;
  std::vector<int> extent;
  std::vector<bool> periodic;  ///< one entry a direction; empty for complete and bipartite

  int sites() const;
  std::vector<int> coordinates(int site) const;
  /// The site displaced by `displacement`, wrapped where periodic; nothing beyond an open boundary.
  std::optional<int> displaced(int site, std::span<const int> displacement) const;
};

/// Builds the graph of a named lattice. On a periodic extent of 2 both edges between the same pair
/// count. Throws BadInput for an unknown name (nearest name suggested), a wrong number of extents,
/// an extent below 1 (below 2 where periodic), or open/periodic on complete and bipartite graphs.
///
/// Usage:
///
///     const auto graph = std::make_shared<Graph>(make_lattice({"square", {4, 4}, {true, true}}));
///     const std::vector<Edge> diagonals = diagonal_pairs(*graph->lattice());
Graph make_lattice(const Lattice& lattice);

/// The names make_lattice knows.
std::span<const std::string_view> lattice_names();

/// All pairs (site, site + displacement), each site once as first: V pairs on a periodic lattice.
std::vector<Edge> pairs_at(const Lattice& lattice, std::span<const int> displacement);

/// Pairs along the axes (for triangular, king, honeycomb: the graph's own nearest pairs of the
/// underlying square lattice are the axis pairs; triangular counts its three directions).
std::vector<Edge> nearest_pairs(const Lattice& lattice);

/// Next-nearest neighbours: face diagonals on chain-free hypercubic lattices, king and square
/// (2V pairs in two dimensions). Throws BadInput where the lattice has none.
std::vector<Edge> diagonal_pairs(const Lattice& lattice);

/// Elementary squares (i, i+x, i+y, i+x+y) of every coordinate plane. Throws BadInput where there
/// are none.
std::vector<std::array<int, 4>> plaquettes(const Lattice& lattice);

}  // namespace quartic
