#include "quartic/run/problem.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "quartic/core/error.hpp"
#include "quartic/core/random.hpp"
#include "quartic/field/projection.hpp"
#include "quartic/graph/graph.hpp"
#include "quartic/graph/lattice.hpp"

namespace quartic {
namespace {

Lattice make_geometry(const GraphConfig& config) {
  Lattice lattice{config.lattice, config.extent, {}};
  for (const auto& word : config.boundary) lattice.periodic.push_back(word == "periodic");
  const bool bounded = config.lattice != "complete" && config.lattice != "bipartite";
  if (config.boundary.size() <= 1 && bounded)
    lattice.periodic.assign(config.extent.size(), config.boundary.empty() || lattice.periodic[0]);
  return lattice;
}

bool in_span(const Parameters& parameters, const Action& target, const Action& start) {
  for (const auto kind : all_coupling_kinds) {
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
  if (action.graph->sites() == 0)
    throw BadInput("the graph has no sites", "an edge list names some, a lattice has an extent");
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
  for (const auto kind : all_coupling_kinds) {
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
  const auto action = target_as_action(target, start.graph);
  if (!action || action->graph != start.graph || !in_span(parameters, *action, start))
    return std::vector<double>(parameters.size(), std::numeric_limits<double>::quiet_NaN());
  return parameters.gather(*action);
}

}  // namespace quartic
