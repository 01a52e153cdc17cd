// A graph laid out for cluster updates: sites in a local order, edges in that order, and blocks of
// consecutive sites that a spreading update visits again only when a neighbouring block changed.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "quartic/field/action.hpp"

namespace quartic {

/// An edge by the sites at its ends, in the orientation that the graph gives it.
struct ClusterEdge {
  std::int32_t first, second;
};

/// One bit of a word a chain.
struct BoardBit {
  std::int32_t word;
  std::uint32_t bit;
};

/// A way into a tile of 32 sites from a tile (perhaps itself): the bits of `from`, rotated left by
/// `rotation`, arrive where `bonds` and `keep` have a bit. Inward bonds stand at the target's bits;
/// outward ones at the bits of `from`, and rotate with them.
struct BoardPath {
  std::int32_t from, bonds;
  std::uint32_t rotation, keep;
  bool inward;
};

/// Bonds as boards, 32 sites to a word for each chain: edges whose ends are equally far apart share
/// a word, and one operation follows all of them. Good for lattices, whose edges repeat.
struct ClusterBoards {
  static constexpr int tile_sites = 32;
  /// Chains that are filled together lie together, [lane / 16][word][lane % 16]: rows of all lanes
  /// would leave most of the cache's sets unused.
  static constexpr int group = 16;
  static std::ptrdiff_t index(int word, int words, int lane) {
    return (static_cast<std::ptrdiff_t>(lane / group) * words + word) * group + lane % group;
  }
  int tiles = 0, words = 0;            ///< words of bonds a chain; the last takes what never bonds
  std::vector<BoardBit> edge;          ///< where each of the table's edges has its bit
  std::vector<std::int32_t> path_row;  ///< tiles + 1
  std::vector<BoardPath> paths;        ///< into each tile from others, and its own beyond `run`
  std::vector<std::int32_t> run;       ///< by tile: the word that joins each site to the one before
  std::vector<std::uint8_t> repeat;    ///< by tile: its own paths can open after its run was filled
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
  static constexpr int max_lanes = 64;

  std::vector<std::int32_t> order;    ///< the site at each position
  std::vector<ClusterEdge> edges;     ///< by position of the later end; padded to pairs
  std::vector<float> minus_strength;  ///< -2 w / ln 2: no bond with probability 2^(that phi phi)
  std::vector<std::int32_t> slot;     ///< where each of the graph's edges stands in `edges`
  std::int32_t no_edge;               ///< an edge of strength 0, which never becomes a bond
  std::vector<GhostTie> ghost;        ///< sites with r != 0; padded to pairs
  std::vector<float> minus_ghost_strength;  ///< 2 r / ln 2
  std::vector<Place> places;                ///< positions + 1
  std::vector<HalfEdge> half_edges;
  std::vector<std::int32_t> block_begin;  ///< blocks + 1, in positions
  std::vector<std::int32_t> block_of;     ///< each position's block
  std::vector<std::uint8_t> level;        ///< geometrically distributed, high where labels compete
  ClusterBoards boards;                   ///< empty where too few edges share a word
  std::vector<BoardBit> ghost_bit;        ///< tile and bit of each ghost tie

  /// O(V + E) for a named lattice, which keeps its order; an edge list is put in reverse
  /// Cuthill-McKee order where that shortens its edges, O(V + E log(degree)).
  explicit ClusterTable(const Graph& graph);
  /// O(V + E).
  void set(const Action& action);
  int sites() const { return static_cast<int>(order.size()); }
  bool has_boards() const { return boards.tiles > 0; }
  int blocks() const { return static_cast<int>(block_begin.size()) - 1; }

 private:
  void sort_edges(const Graph& graph, std::span<const std::int32_t> position);
  void place_half_edges(std::span<const std::int32_t> position);
};

/// The boards of a table's edges; empty where a word would hold fewer than 5 edges on average.
ClusterBoards make_boards(const ClusterTable& table, std::span<const std::int32_t> position);

/// In which order to turn chosen signs so that a local pass over bands of sites can follow closely:
/// it needs the signs of a band and of its neighbours.
struct TurnPlan {
  std::vector<std::array<std::int32_t, 2>> steps;  ///< ranges of positions
  std::vector<std::int32_t> before;  ///< by band of sites: steps to make before its local pass
};

/// O(V + E). One step for all where positions are not the sites' own order.
TurnPlan plan_turns(const Graph& graph, std::span<const std::int32_t> order, int band);

/// By band of sites: how many of the table's edges, in whole pairs, have all their ends in it and
/// in the bands before, so that their bonds can be drawn once a pass has left it.
std::vector<std::int32_t> edges_behind(const ClusterTable& table, int band);

/// Sites in an order that keeps neighbours close: the given order, or reverse Cuthill-McKee
/// (George & Liu, 1981) where that at least halves the mean distance of neighbours.
std::vector<std::int32_t> local_order(const Graph& graph);

}  // namespace quartic
