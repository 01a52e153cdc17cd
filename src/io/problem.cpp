#include "quartic/io/problem.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <utility>

#include "quartic/core/error.hpp"
#include "quartic/core/random.hpp"
#include "quartic/graph/edge_list.hpp"
#include "quartic/graph/lattice.hpp"

namespace quartic {
namespace {

constexpr CouplingKind kinds[] = {CouplingKind::w, CouplingKind::r, CouplingKind::a,
                                  CouplingKind::b};

Lattice make_geometry(const GraphConfig& config) {
  Lattice lattice{config.lattice, config.extent, {}};
  for (const auto& word : config.boundary) lattice.periodic.push_back(word == "periodic");
  const bool bounded = config.lattice != "complete" && config.lattice != "bipartite";
  if (config.boundary.size() <= 1 && bounded)
    lattice.periodic.assign(config.extent.size(), config.boundary.empty() || lattice.periodic[0]);
  return lattice;
}

std::pair<int, int> key(const Edge& edge) {
  return std::minmax(edge.first, edge.second);
}

/// The target written in the action's own couplings, if it can be.
class Projection {
 public:
  explicit Projection(const Parameters& parameters) : action_(share(parameters)) {}

  /// False: the term is not in the span.
  bool add(const TermSpec& spec) {
    if (spec.coupling.imag() != 0) return false;
    const double g = spec.coupling.real();
    if (spec.name == "phi") return add_powers(action_.r, g, spec.weights);
    if (spec.name == "phi2") return add_powers(action_.a, g, spec.weights);
    if (spec.name == "phi4") return add_powers(action_.b, g, spec.weights);
    const auto pairs = term_pairs(spec, *action_.graph);
    for (std::size_t k = 0; k < pairs.size(); ++k)
      pairs_[key(pairs[k])] -= g * (spec.weights.empty() ? 1.0 : spec.weights[k]);
    return !pairs.empty();
  }

  /// Shares each pair's coupling among its parallel edges; false where a pair is no edge.
  bool distribute() {
    std::map<std::pair<int, int>, int> parallel;
    for (const auto& edge : action_.graph->edges()) ++parallel[key(edge)];
    for (const auto& [pair, coupling] : pairs_)
      if (coupling != 0 && !parallel.contains(pair)) return false;
    for (int e = 0; e < action_.graph->edge_count(); ++e) {
      const auto at = key(action_.graph->edges()[e]);
      const auto found = pairs_.find(at);
      if (found != pairs_.end()) action_.w[e] = found->second / parallel[at];
    }
    return true;
  }

  const Action& action() const { return action_; }

 private:
  static Action share(const Parameters& parameters) {
    return Action(std::shared_ptr<const Graph>(std::shared_ptr<void>(), &parameters.graph()));
  }
  static bool add_powers(std::vector<double>& to, double g, const std::vector<double>& weights) {
    for (std::size_t i = 0; i < to.size(); ++i) to[i] += g * (weights.empty() ? 1.0 : weights[i]);
    return true;
  }

  Action action_;
  std::map<std::pair<int, int>, double> pairs_;
};

bool in_span(const Parameters& parameters, const Action& target, const Action& start) {
  for (const auto kind : kinds) {
    const auto& wanted = target.couplings(kind);
    const auto& fixed = start.couplings(kind);
    if (parameters.freedom(kind) == Freedom::frozen && wanted != fixed) return false;
    if (parameters.freedom(kind) == Freedom::tied &&
        std::any_of(wanted.begin(), wanted.end(), [&](double x) { return x != wanted[0]; }))
      return false;
  }
  return true;
}

void require_named_sites(const Action& action) {
  if (action.graph->sites() == 0) throw BadInput("the graph has no sites");
}

}  // namespace

std::shared_ptr<const Graph> make_graph(const GraphConfig& config) {
  if (!config.edges.empty()) return std::make_shared<Graph>(read_edge_list(config.edges));
  return std::make_shared<Graph>(make_lattice(make_geometry(config)));
}

Action make_start(const ActionConfig& config, std::shared_ptr<const Graph> graph,
                  std::uint64_t seed) {
  Action action = config.homogeneous() ? Action::lattice_theory(std::move(graph), *config.kappa,
                                                                *config.mu2, *config.lambda)
                                       : Action(std::move(graph));
  for (const auto kind : kinds) {
    const CouplingStart& coupling = config.kind(kind);
    if (!coupling.start) continue;
    const auto [low, high] = *coupling.start;
    RandomStream random(seed, Stream::start, static_cast<std::uint64_t>(kind));
    const auto draw = [&] { return low == high ? low : low + (high - low) * random.uniform(); };
    auto& values = action.couplings(kind);
    if (coupling.freedom == Freedom::tied)
      std::fill(values.begin(), values.end(), draw());
    else
      std::generate(values.begin(), values.end(), draw);
  }
  return action;
}

Problem make_problem(const Config& config, std::shared_ptr<const Graph> graph) {
  if (!graph) graph = make_graph(config.graph);
  Action start = make_start(config.action, graph, config.run.seed);
  require_named_sites(start);
  require_normalisable(start);
  Parameters parameters(graph, config.action.freedom());
  Target target(config.target, *graph);
  auto expected = expected_parameters(config.target, parameters, start);
  return {graph, std::move(start), std::move(parameters), std::move(target), std::move(expected)};
}

std::vector<double> expected_parameters(const std::vector<TermSpec>& target,
                                        const Parameters& parameters, const Action& start) {
  std::vector<double> unknown(parameters.size(), std::numeric_limits<double>::quiet_NaN());
  Projection projection(parameters);
  for (const auto& spec : target)
    if (!projection.add(spec)) return unknown;
  if (!projection.distribute() || !in_span(parameters, projection.action(), start)) return unknown;
  return parameters.gather(projection.action());
}

}  // namespace quartic
