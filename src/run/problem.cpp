#include "quartic/run/problem.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "config/table.hpp"
#include "quartic/core/error.hpp"
#include "quartic/core/random.hpp"
#include "quartic/data/npy.hpp"
#include "quartic/field/projection.hpp"
#include "quartic/graph/edge_list.hpp"
#include "quartic/graph/graph.hpp"
#include "quartic/graph/lattice.hpp"
#include "quartic/runfile/run_file.hpp"
#include "quartic/runfile/sample_file.hpp"

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

/// Couplings that are given one by one, and where.
struct GivenCouplings {
  std::vector<double> values;  // empty: they are not
  std::string where;
};

GivenCouplings given_values(const Config& config, CouplingKind kind) {
  const CouplingStart& coupling = config.action.kind(kind);
  if (!coupling.values.empty()) return {coupling.values, fmt::format("[action] {}", name(kind))};
  if (!coupling.file.empty()) {
    if (is_run_file(coupling.file))
      return {read_model(coupling.file).action.couplings(kind), "'" + coupling.file + "'"};
    GivenCouplings given{read_npy(coupling.file), "'" + coupling.file + "'"};
    for (const double value : given.values)
      if (!(std::abs(value) <= binder::largest_number))
        throw BadInput(
            fmt::format("{} has {} among the values of {}", given.where, value, name(kind)),
            fmt::format("couplings are at most {:g} either side of 0", binder::largest_number));
    return given;
  }
  if (kind != CouplingKind::w || config.graph.edges.empty()) return {};
  auto weights = read_edges(config.graph.edges, config.graph.duplicates).weights;
  if (!weights.empty() && coupling.start != default_start_of_w)
    throw BadInput(fmt::format("'{}' has a third column, and [action] has w", config.graph.edges),
                   "leave one out: the column holds the couplings w");
  return {std::move(weights), "'" + config.graph.edges + "'"};
}

void require_fit(const GivenCouplings& given, CouplingKind kind, Freedom freedom,
                 std::size_t count) {
  if (given.values.size() != count)
    throw BadInput(fmt::format("{} holds {} values of {}, the graph has {} {}", given.where,
                               given.values.size(), name(kind), count,
                               kind == CouplingKind::w ? "edges" : "sites"),
                   kind == CouplingKind::w ? "one an edge, in the order of the graph's edges"
                                           : "one a site, in the order of the sites");
  const auto other = std::find_if(given.values.begin(), given.values.end(),
                                  [&](double x) { return x != given.values[0]; });
  if (freedom != Freedom::tied || other == given.values.end()) return;
  throw BadInput(fmt::format("{} is tied, but {} holds {:g} and {:g}", name(kind), given.where,
                             given.values[0], *other),
                 "tied couplings are one number; freedom = \"free\" or \"frozen\"");
}

void require_named_sites(const Action& action) {
  if (action.graph->sites() == 0)
    throw BadInput("the graph has no sites", "an edge list names some, a lattice has an extent");
}

}  // namespace

std::shared_ptr<const Graph> make_graph(const GraphConfig& config) {
  const auto graph_of = [](EdgeListed list) {
    return std::make_shared<Graph>(list.sites, std::move(list.edges));
  };
  if (!config.edges.empty()) return graph_of(read_edges(config.edges, config.duplicates));
  if (config.is_lattice()) return std::make_shared<Graph>(make_lattice(make_geometry(config)));
  int sites = 0;
  for (const Edge& edge : config.pairs) sites = std::max({sites, edge.first + 1, edge.second + 1});
  EdgeListed list{config.sites.value_or(sites), config.pairs, {}};
  resolve_duplicates(list, config.duplicates, "[graph] edges");
  return graph_of(std::move(list));
}

Action make_start(const Config& config, std::shared_ptr<const Graph> graph) {
  const ActionConfig& wanted = config.action;
  Action action = wanted.homogeneous() ? Action::lattice_theory(std::move(graph), *wanted.kappa,
                                                                *wanted.mu2, *wanted.lambda)
                                       : Action(std::move(graph));
  for (const auto kind : all_coupling_kinds) {
    const CouplingStart& coupling = wanted.kind(kind);
    const GivenCouplings given = given_values(config, kind);
    auto& values = action.couplings(kind);
    if (!given.values.empty()) {
      require_fit(given, kind, coupling.freedom, values.size());
      values = given.values;
      continue;
    }
    if (!coupling.start) continue;
    const auto [low, high] = *coupling.start;
    RandomStream random(config.run.seed, Stream::start, static_cast<std::uint64_t>(kind));
    const auto draw = [&, low = low, high = high] {
      return low == high ? low : low + (high - low) * random.uniform();
    };
    if (coupling.freedom == Freedom::tied)
      std::fill(values.begin(), values.end(), draw());
    else
      std::generate(values.begin(), values.end(), draw);
  }
  return action;
}

Problem make_problem(const Config& config, std::shared_ptr<const Graph> graph) {
  return make_problem(config, make_start(config, graph ? graph : make_graph(config.graph)));
}

Problem make_problem(const Config& config, Action start) {
  require_named_sites(start);
  require_normalisable(start);
  auto graph = start.graph;
  Parameters parameters(graph, config.action.freedom());
  Target target(config.target, *graph);
  auto expected = expected_parameters(config.target, parameters, start);
  return {std::move(graph), std::move(start), std::move(parameters), std::move(target),
          std::move(expected)};
}

std::vector<double> expected_parameters(const std::vector<TermSpec>& target,
                                        const Parameters& parameters, const Action& start) {
  const auto action = target_as_action(target, start.graph);
  if (!action || action->graph != start.graph || !in_span(parameters, *action, start))
    return std::vector<double>(parameters.size(), std::numeric_limits<double>::quiet_NaN());
  return parameters.gather(*action);
}

}  // namespace quartic
