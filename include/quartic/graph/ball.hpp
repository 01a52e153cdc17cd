// Sites within a graph distance.
#pragma once

#include <span>
#include <vector>

#include "quartic/graph/graph.hpp"

namespace quartic {

/// Breadth-first searches on one graph, which must outlive it. O(edges of what is found) each.
class GraphBall {
 public:
  explicit GraphBall(const Graph& graph) : graph_(&graph), mark_(graph.sites(), 0) {}

  /// The sites at most `radius` edges away from one of the centre's, nearest first, the centre's
  /// own in front.
  const std::vector<int>& around(std::span<const int> centre, int radius);
  /// Edges between two sites; most + 1 where there are more.
  int distance(int one, int other, int most);
  /// Whether `site` was found last.
  bool holds(int site) const { return mark_[site] == stamp_; }

 private:
  const Graph* graph_;
  std::vector<int> mark_, found_;
  int stamp_ = 0;
};

}  // namespace quartic
