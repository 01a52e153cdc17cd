// The graph of a Markov random field: sites, edges, neighbours.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace quartic {

struct Lattice;

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

  int sites() const { return static_cast<int>(row_.size()) - 1; }
  int edge_count() const { return static_cast<int>(edges_.size()); }
  std::span<const Edge> edges() const { return edges_; }
  std::span<const Neighbour> neighbours(int site) const {
    return {neighbours_.data() + row_[site], neighbours_.data() + row_[site + 1]};
  }
  int degree(int site) const { return static_cast<int>(row_[site + 1] - row_[site]); }
  bool adjacent(int i, int j) const;  ///< O(degree)

  /// The geometry, if the graph is a named lattice; nullptr for an edge list.
  const Lattice* lattice() const { return lattice_.get(); }
  /// "square 4x4 periodic" or "edge list, 9 sites, 12 edges".
  std::string description() const;

 private:
  std::vector<Edge> edges_;
  std::vector<std::int64_t> row_;
  std::vector<Neighbour> neighbours_;
  std::shared_ptr<const Lattice> lattice_;
};

/// A graph from a text file with one edge a line, "i j" or "i j w", zero-based sites; blank lines
/// and lines that begin with # are skipped; an optional line "sites N" fixes the number of sites
/// (otherwise the largest site + 1). Throws BadInput naming file and line.
Graph read_edge_list(const std::filesystem::path& file);

/// The third column, one weight an edge; empty where there is none. Throws as above.
std::vector<double> read_edge_weights(const std::filesystem::path& file);

}  // namespace quartic
