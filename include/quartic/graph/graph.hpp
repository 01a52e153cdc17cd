// The graph of a Markov random field: sites, edges, neighbours.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "quartic/core/words.hpp"

namespace quartic {

struct Lattice;

/// The values of hidden sites: 0 and 1, or -1 and 1.
enum class HiddenValues { binary, spin };
template <>
inline constexpr auto words_of<HiddenValues> = word_list("binary", "spin");

/// An undirected edge between two different sites. Parallel edges are allowed and all count.
struct Edge {
  std::int32_t first;
  std::int32_t second;
  bool operator==(const Edge&) const = default;
};

/// One neighbour of a site and the edge that leads to it.
struct Neighbour {
  std::int32_t site;
  std::int32_t edge;
};

/// What a graph takes at least, with a few numbers a site and edge of what lives on it.
inline double graph_bytes(double sites, double edges) {
  return 128 * sites + 64 * edges;
}

/// An undirected multigraph without self-loops, in compressed rows (CSR). Immutable.
///
/// Usage:
///
///     const Graph triangle(3, {{0, 1}, {1, 2}, {2, 0}});
///     int sum = 0;
///     for (const Neighbour& neighbour : triangle.neighbours(0)) sum += neighbour.site;  // 1 + 2
class Graph {
 public:
  /// O(V + E). Throws BadInput for a site out of range or a self-loop, naming the edge.
  Graph(int sites, std::vector<Edge> edges);
  /// The same with the geometry that the edges came from.
  Graph(const Lattice& lattice, std::vector<Edge> edges);
  /// `visible` with hidden sites behind its own, each joined to all of them: the edge of site i and
  /// hidden site j comes behind the others, as number E + i hidden + j; with gates a second one
  /// follows for each, in the same order. Throws BadInput for no hidden sites, or where there are
  /// some already.
  Graph(std::shared_ptr<const Graph> visible, int hidden, HiddenValues values, bool gates = false);

  int sites() const { return static_cast<int>(row_.size()) - 1; }
  int edge_count() const { return static_cast<int>(edges_.size()); }
  /// Hidden sites, the last of all; the others take real values.
  int hidden_sites() const { return visible_ ? sites() - visible_->sites() : 0; }
  int visible_sites() const { return sites() - hidden_sites(); }
  int visible_edges() const { return visible_ ? visible_->edge_count() : edge_count(); }
  bool is_hidden(int site) const { return site >= visible_sites(); }
  HiddenValues hidden_values() const { return hidden_values_; }
  /// The lower of a hidden site's two values, the upper being 1.
  double hidden_low() const { return hidden_values_ == HiddenValues::spin ? -1 : 0; }
  /// Edges from here on are gates: they couple h_j to the square of phi_i, -w phi_i^2 h_j.
  int first_gate() const { return edge_count() - gates_; }
  bool gated() const { return gates_ > 0; }
  /// The graph without its hidden sites; nullptr where there are none.
  const std::shared_ptr<const Graph>& visible() const { return visible_; }
  std::span<const Edge> edges() const { return edges_; }
  std::span<const Neighbour> neighbours(int site) const {
    return {neighbours_.data() + row_[site], neighbours_.data() + row_[site + 1]};
  }
  int degree(int site) const { return static_cast<int>(row_[site + 1] - row_[site]); }
  bool adjacent(int i, int j) const;  ///< O(degree)

  /// The geometry, if the graph is a named lattice without hidden sites; else nullptr.
  const Lattice* lattice() const { return lattice_.get(); }
  /// "square 4x4 periodic", "edge list, 9 sites, 12 edges", "square 4x4 open, 3 binary hidden",
  /// "square 4x4 open, 3 gated binary hidden".
  std::string description() const;

 private:
  std::vector<Edge> edges_;
  std::vector<std::int64_t> row_;
  std::vector<Neighbour> neighbours_;
  std::shared_ptr<const Lattice> lattice_;
  std::shared_ptr<const Graph> visible_;
  HiddenValues hidden_values_ = HiddenValues::binary;
  int gates_ = 0;
};

/// A graph from a text file with one edge a line, "i j" or "i j w", zero-based sites; blank lines
/// and lines that begin with # are skipped; an optional line "sites N" fixes the number of sites
/// (otherwise the largest site + 1). Throws BadInput naming file and line.
Graph read_edge_list(const std::filesystem::path& file);

/// The third column, one weight an edge; empty where there is none. Throws as above.
std::vector<double> read_edge_weights(const std::filesystem::path& file);

}  // namespace quartic
