#include "mcmc/cluster_table.hpp"

#include <algorithm>
#include <bit>
#include <boost/graph/adjacency_list.hpp>
#include <boost/graph/cuthill_mckee_ordering.hpp>
#include <boost/graph/properties.hpp>
#include <cmath>
#include <numbers>
#include <numeric>

#include "quartic/core/random.hpp"
#include "quartic/graph/lattice.hpp"

namespace quartic {
namespace {

double total_distance(const Graph& graph, std::span<const std::int32_t> position) {
  double sum = 0;
  for (const auto& [i, j] : graph.edges()) sum += std::abs(position[i] - position[j]);
  return sum;
}

std::vector<std::int32_t> inverse(std::span<const std::int32_t> order) {
  std::vector<std::int32_t> position(order.size());
  for (std::size_t k = 0; k < order.size(); ++k) position[order[k]] = static_cast<std::int32_t>(k);
  return position;
}

std::vector<std::int32_t> reverse_cuthill_mckee(const Graph& graph) {
  using Boost =
      boost::adjacency_list<boost::vecS, boost::vecS, boost::undirectedS,
                            boost::property<boost::vertex_color_t, boost::default_color_type,
                                            boost::property<boost::vertex_degree_t, int>>>;
  Boost copy(static_cast<std::size_t>(graph.sites()));
  for (const auto& [i, j] : graph.edges()) boost::add_edge(i, j, copy);
  std::vector<std::int32_t> order(graph.sites());
  boost::cuthill_mckee_ordering(copy, order.rbegin(), boost::get(boost::vertex_color, copy),
                                boost::make_degree_map(copy));
  return order;
}

/// A block is a row of the lattice where rows are short, so that most of its edges are links.
int block_length(const Graph& graph) {
  const auto* lattice = graph.lattice();
  if (lattice != nullptr && !lattice->periodic.empty()) {
    const int row = lattice->extent.back();
    if (row >= 16 && row <= 128) return row;
  }
  return 32;
}

/// Trailing zeros of fixed random words: a label needs a level that does not depend on the signs,
/// and levels that halve in number make ties between large clusters rare.
std::vector<std::uint8_t> fixed_levels(int sites) {
  RandomStream random(0, Stream::fields, 0);
  std::vector<std::uint8_t> level(sites);
  for (auto& l : level) l = static_cast<std::uint8_t>(std::min(14, std::countr_zero(random())));
  return level;
}

}  // namespace

std::vector<std::int32_t> local_order(const Graph& graph) {
  std::vector<std::int32_t> given(graph.sites());
  std::iota(given.begin(), given.end(), 0);
  if (graph.lattice() != nullptr || graph.edge_count() == 0) return given;
  auto reordered = reverse_cuthill_mckee(graph);
  const bool shorter = 2 * total_distance(graph, inverse(reordered)) < total_distance(graph, given);
  return shorter ? reordered : given;
}

TurnPlan plan_turns(const Graph& graph, std::span<const std::int32_t> order, int band) {
  const std::int32_t sites = graph.sites(), bands = (sites + band - 1) / band;
  if (!std::is_sorted(order.begin(), order.end()))
    return {{{0, sites}}, std::vector<std::int32_t>(bands, 1)};
  TurnPlan plan;
  std::vector<bool> planned(bands, false);
  const auto need = [&](std::int32_t site) {
    const std::int32_t b = site / band;
    if (planned[b]) return;
    planned[b] = true;
    plan.steps.push_back({b * band, std::min(sites, (b + 1) * band)});
  };
  for (std::int32_t site = 0; site < sites; ++site) {
    need(site);
    for (const auto& neighbour : graph.neighbours(site)) need(neighbour.site);
    if ((site + 1) % band == 0 || site + 1 == sites)
      plan.before.push_back(static_cast<std::int32_t>(plan.steps.size()));
  }
  return plan;
}

std::vector<std::int32_t> edges_behind(const ClusterTable& table, int band) {
  const std::int32_t count = table.no_edge, sites = table.sites();
  std::vector<std::int32_t> behind;
  for (std::int32_t end = std::min(band, sites), e = 0;; end = std::min(end + band, sites)) {
    while (e < count && std::max(table.edges[e].first, table.edges[e].second) < end) ++e;
    behind.push_back(end == sites ? static_cast<std::int32_t>(table.edges.size()) : e / 2 * 2);
    if (end == sites) return behind;
  }
}

ClusterTable::ClusterTable(const Graph& graph)
    : order(local_order(graph)), no_edge(graph.edge_count()), level(fixed_levels(graph.sites())) {
  const auto position = inverse(order);
  sort_edges(graph, position);
  const int length = block_length(graph);
  for (int begin = 0; begin < sites(); begin += length) block_begin.push_back(begin);
  block_begin.push_back(sites());
  for (int k = 0; k < sites(); ++k) block_of.push_back(k / length);
  place_half_edges(position);
  boards = make_boards(*this, position);
}

void ClusterTable::sort_edges(const Graph& graph, std::span<const std::int32_t> position) {
  std::vector<ClusterEdge> ends;  // by position
  for (const auto& [i, j] : graph.edges()) {
    ClusterEdge edge{position[i], position[j]};
    // A lattice's own orientation keeps displacements equal across its boundary.
    if (graph.lattice() == nullptr && edge.first > edge.second) std::swap(edge.first, edge.second);
    ends.push_back(edge);
  }
  const auto later = [](const ClusterEdge& edge) { return std::max(edge.first, edge.second); };
  std::vector<std::int32_t> sorted(ends.size());
  std::iota(sorted.begin(), sorted.end(), 0);
  std::stable_sort(sorted.begin(), sorted.end(),
                   [&](int e, int f) { return later(ends[e]) < later(ends[f]); });
  slot.resize(ends.size());
  for (const auto e : sorted) {
    slot[e] = static_cast<std::int32_t>(edges.size());
    edges.push_back({order[ends[e].first], order[ends[e].second]});
  }
  do edges.push_back({0, 0});  // at least one edge that never becomes a bond
  while (edges.size() % 2 != 0);
  minus_strength.resize(edges.size());
}

void ClusterTable::place_half_edges(std::span<const std::int32_t> position) {
  std::vector<std::vector<HalfEdge>> outside(sites()), earlier(sites()), later(sites());
  places.assign(sites() + 1, {0, 0, 0, no_edge});
  for (std::int32_t e = 0; e < no_edge; ++e) {
    const auto [low, high] = std::minmax({position[edges[e].first], position[edges[e].second]});
    if (block_of[low] != block_of[high]) {
      outside[low].push_back({high, e});
      outside[high].push_back({low, e});
    } else if (high == low + 1 && places[high].link == no_edge) {
      places[high].link = e;
    } else {
      later[low].push_back({high, e});
      earlier[high].push_back({low, e});
    }
  }
  const auto append = [&](const std::vector<HalfEdge>& list) {
    const auto begin = static_cast<std::int32_t>(half_edges.size());
    half_edges.insert(half_edges.end(), list.begin(), list.end());
    return begin;
  };
  for (int k = 0; k < sites(); ++k) {
    places[k].outside = append(outside[k]);
    places[k].earlier = append(earlier[k]);
    places[k].later = append(later[k]);
  }
  const auto end = static_cast<std::int32_t>(half_edges.size());
  places.back() = {end, end, end, no_edge};
}

void ClusterTable::set(const Action& action) {
  constexpr double factor = -2 / std::numbers::ln2;
  for (std::size_t e = 0; e < slot.size(); ++e)
    minus_strength[slot[e]] = static_cast<float>(factor * action.w[e]);
  ghost.clear();
  minus_ghost_strength.clear();
  ghost_bit.clear();
  for (std::int32_t k = 0; k < sites(); ++k) {
    const double r = action.r[order[k]];
    if (r == 0) continue;
    ghost.push_back({order[k], k});
    minus_ghost_strength.push_back(static_cast<float>(-factor * r));
    ghost_bit.push_back({k / ClusterBoards::tile_sites, 1U << k % ClusterBoards::tile_sites});
  }
  if (ghost.size() % 2 != 0) {
    ghost.push_back({0, 0});
    minus_ghost_strength.push_back(0);
    ghost_bit.push_back({0, 0});
  }
}

}  // namespace quartic
