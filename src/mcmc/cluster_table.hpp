// A graph laid out for cluster updates: sites in a local order, edges in that order, and blocks of
// consecutive sites that a spreading update visits again only when a neighbouring block changed.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "quartic/field/action.hpp"

namespace quartic {

/// An edge by the rows of phi at its ends.
struct ClusterEdge {
  std::int32_t first, second;
};

/// An edge seen from one of its ends.
struct HalfEdge {
  std::int32_t position;  ///< of the other end
  std::int32_t edge;
};

/// A site with r != 0, tied to the ghost spin.
struct GhostTie {
  std::int32_t site, position;
};

struct ClusterTable {
  /// Half-edges of one position. Inside a block, `link` leads to the position before; the list
  /// [outside, earlier, later) holds what leads to other blocks, then what leads to earlier
  /// positions of the block, then to later ones; it ends where the next position's begins.
  struct Place {
    std::int32_t outside, earlier, later;
    std::int32_t link;  ///< no_edge where there is none
  };
  static constexpr int most_lanes = 64;

  std::vector<std::int32_t> order;  ///< the site at each position
  std::vector<ClusterEdge> edges;   ///< by position of the first end; padded to pairs
  std::vector<float> strength;      ///< 2 w / ln 2: no bond with probability 2^(-strength phi phi)
  std::vector<std::int32_t> slot;   ///< where each of the graph's edges stands in `edges`
  std::int32_t no_edge;             ///< an edge of strength 0, which never becomes a bond
  std::vector<GhostTie> ghost;      ///< sites with r != 0; padded to pairs
  std::vector<float> ghost_strength;  ///< -2 r / ln 2
  std::vector<Place> places;          ///< positions + 1
  std::vector<HalfEdge> half_edges;
  std::vector<std::int32_t> block_begin;  ///< blocks + 1, in positions
  std::vector<std::int32_t> block_of;     ///< each position's block
  std::vector<std::uint8_t> level;        ///< geometrically distributed, high where labels compete

  /// O(V + E) for a named lattice, which keeps its order; an edge list is put in reverse
  /// Cuthill-McKee order where that shortens its edges, O(V + E log(degree)).
  explicit ClusterTable(const Graph& graph);
  /// O(V + E).
  void set(const Action& action);
  int sites() const { return static_cast<int>(order.size()); }
  int blocks() const { return static_cast<int>(block_begin.size()) - 1; }

 private:
  void place_half_edges(std::span<const std::int32_t> position);
};

/// Sites in an order that keeps neighbours close: the given order, or reverse Cuthill-McKee
/// (George & Liu, 1981) where that at least halves the mean distance of neighbours.
std::vector<std::int32_t> local_order(const Graph& graph);

}  // namespace quartic
