#include "quartic/graph/graph.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

#include "quartic/core/error.hpp"
#include "quartic/graph/lattice.hpp"

namespace quartic {
namespace {

std::vector<Edge> edges_with_hidden(const Graph& visible, int hidden, bool gates) {
  if (hidden < 1 || visible.hidden_sites() > 0)
    throw BadInput(
        fmt::format("{} hidden sites cannot be added to {}", hidden, visible.description()),
        "at least one, to a graph without");
  std::vector<Edge> edges(visible.edges().begin(), visible.edges().end());
  for (int round = 0; round < (gates ? 2 : 1); ++round)
    for (int i = 0; i < visible.sites(); ++i)
      for (int j = 0; j < hidden; ++j) edges.push_back({i, visible.sites() + j});
  return edges;
}

}  // namespace

Graph::Graph(int sites, std::vector<Edge> edges)
    : edges_(std::move(edges)), row_(static_cast<std::size_t>(std::max(sites, 0)) + 1) {
  if (sites < 1)
    throw BadInput(fmt::format("a graph needs at least one site, got {}", sites),
                   "give the number of sites");
  for (std::size_t e = 0; e < edges_.size(); ++e) {
    const auto [i, j] = edges_[e];
    if (i < 0 || j < 0 || i >= sites || j >= sites || i == j) {
      throw BadInput(
          fmt::format("edge {} joins sites {} and {} of a graph with {} sites", e, i, j, sites),
          i == j ? "an edge joins two different sites" : "sites count from 0");
    }
    ++row_[i + 1];
    ++row_[j + 1];
  }
  for (int i = 0; i < sites; ++i) row_[i + 1] += row_[i];
  neighbours_.resize(2 * edges_.size());
  std::vector<std::int64_t> next(row_.begin(), row_.end() - 1);
  for (std::size_t e = 0; e < edges_.size(); ++e) {
    const auto [i, j] = edges_[e];
    neighbours_[next[i]++] = {j, static_cast<std::int32_t>(e)};
    neighbours_[next[j]++] = {i, static_cast<std::int32_t>(e)};
  }
}

Graph::Graph(const Lattice& lattice, std::vector<Edge> edges)
    : Graph(lattice.sites(), std::move(edges)) {
  lattice_ = std::make_shared<const Lattice>(lattice);
}

Graph::Graph(std::shared_ptr<const Graph> visible, int hidden, HiddenValues values, bool gates)
    : Graph(visible->sites() + hidden, edges_with_hidden(*visible, hidden, gates)) {
  gates_ = gates ? visible->sites() * hidden : 0;
  visible_ = std::move(visible), hidden_values_ = values;
}

bool Graph::adjacent(int i, int j) const {
  const auto list = neighbours(i);
  return std::any_of(list.begin(), list.end(), [j](const Neighbour& n) { return n.site == j; });
}

std::string Graph::description() const {
  if (visible_)
    return fmt::format("{}, {}{} {} hidden", visible_->description(), hidden_sites(),
                       gated() ? " gated" : "", name(hidden_values_));
  if (!lattice_) return fmt::format("edge list, {} sites, {} edges", sites(), edge_count());
  std::string boundary;
  const auto& periodic = lattice_->periodic;
  if (!periodic.empty()) {
    const bool all = std::find(periodic.begin(), periodic.end(), false) == periodic.end();
    const bool none = std::find(periodic.begin(), periodic.end(), true) == periodic.end();
    boundary = all ? " periodic" : none ? " open" : " mixed boundary";
  }
  return fmt::format("{} {}{}", lattice_->name, fmt::join(lattice_->extent, "x"), boundary);
}

}  // namespace quartic
