// Lists of edges: what one that stands twice means.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "quartic/core/words.hpp"
#include "quartic/graph/graph.hpp"

namespace quartic {

/// Of an edge that is listed again, in the same direction or the other: refused; one edge, whose
/// weights must agree; or two edges, whose couplings add up.
enum class Duplicates { refuse, merge, add };
template <>
inline constexpr auto words_of<Duplicates> = word_list("refuse", "merge", "add");

struct EdgeListed {
  int sites = 0;
  std::vector<Edge> edges;
  std::vector<double> weights;  ///< of all edges or of none
};

/// As read_edge_list and read_edge_weights, at once.
EdgeListed read_edges(const std::filesystem::path& file, Duplicates duplicates);

/// What `duplicates` makes of a list; throws BadInput, which begins with `where`, also for more
/// sites than this machine has memory for.
void resolve_duplicates(EdgeListed& list, Duplicates duplicates, const std::string& where);

}  // namespace quartic
