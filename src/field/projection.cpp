#include "quartic/field/projection.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <utility>
#include <vector>

#include "field/term_kind.hpp"
#include "quartic/core/error.hpp"

namespace quartic {
namespace {

using Pair = std::pair<int, int>;

Pair key(const Edge& edge) {
  return std::minmax(edge.first, edge.second);
}

/// The couplings of a target's terms, by site and by pair.
struct Couplings {
  std::array<std::vector<double>, coupling_kinds> site;  ///< by kind, but for w
  std::map<Pair, double> w;

  explicit Couplings(int sites) { site.fill(std::vector<double>(sites)); }

  /// False: the term is none of an action's.
  bool add(const TermSpec& spec, const Graph& graph) {
    const auto& kind = term_kind(spec, graph);
    kind.make(spec, graph);  // refuses what the graph cannot have
    if (spec.coupling.imag() != 0 || !kind.coupling) return false;
    if (kind.pairs != nullptr) {
      const auto pairs = kind.pairs(spec, graph);
      for (std::size_t k = 0; k < pairs.size(); ++k) w[key(pairs[k])] -= coupling_of(spec, k);
    } else {
      auto& to = site[static_cast<int>(*kind.coupling)];
      for (std::size_t i = 0; i < to.size(); ++i) to[i] += coupling_of(spec, i);
    }
    return true;
  }
};

/// The graph with an edge for every pair of nonzero coupling.
std::shared_ptr<const Graph> union_graph(const std::shared_ptr<const Graph>& graph,
                                         const std::map<Pair, double>& w) {
  std::vector<Edge> edges(graph->edges().begin(), graph->edges().end());
  for (const auto& [pair, coupling] : w)
    if (coupling != 0 && !graph->adjacent(pair.first, pair.second))
      edges.push_back({pair.first, pair.second});
  if (edges.size() == graph->edges().size()) return graph;
  return graph->lattice() ? std::make_shared<Graph>(*graph->lattice(), std::move(edges))
                          : std::make_shared<Graph>(graph->sites(), std::move(edges));
}

}  // namespace

std::optional<Action> target_as_action(std::span<const TermSpec> target,
                                       const std::shared_ptr<const Graph>& graph) {
  Couplings couplings(graph->sites());
  for (const auto& spec : target)
    if (!couplings.add(spec, *graph)) return std::nullopt;
  Action action(union_graph(graph, couplings.w));
  std::map<Pair, int> parallel;
  for (const auto& edge : action.graph->edges()) ++parallel[key(edge)];
  for (int e = 0; e < action.graph->edge_count(); ++e) {
    const Pair pair = key(action.graph->edges()[e]);
    const auto found = couplings.w.find(pair);
    if (found != couplings.w.end()) action.w[e] = found->second / parallel[pair];
  }
  for (const auto kind : {CouplingKind::r, CouplingKind::a, CouplingKind::b})
    action.couplings(kind) = std::move(couplings.site[static_cast<int>(kind)]);
  return action;
}

Action extend(const Action& action, std::shared_ptr<const Graph> graph) {
  const auto from = action.graph->edges(), to = graph->edges();
  if (graph->sites() != action.graph->sites() || to.size() < from.size() ||
      !std::equal(from.begin(), from.end(), to.begin())) {
    throw BadInput("an action is extended to a graph that does not begin with its own edges",
                   "take the sites and edges of the action's own graph first, in their order");
  }
  Action out(std::move(graph));
  std::copy(action.w.begin(), action.w.end(), out.w.begin());
  out.r = action.r, out.a = action.a, out.b = action.b;
  return out;
}

}  // namespace quartic
