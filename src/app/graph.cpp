// quartic graph: a graph's nodes, edges, colours, maximal cliques; factorisation and Markov check
#include "quartic/graph/graph.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>

#include "app/verb.hpp"
#include "quartic/field/factorisation.hpp"
#include "quartic/graph/lattice.hpp"
#include "quartic/graph/structure.hpp"
#include "quartic/run/number.hpp"
#include "quartic/run/problem.hpp"
#include "run/report_json.hpp"

namespace quartic::app {
namespace {

constexpr int listed_cliques = 4;  // of each size, without --all
constexpr int configurations = 8;  // of the numerical checks

struct GraphArguments {
  std::string input, edges;
  std::string lattice;
  std::vector<int> extent;
  std::vector<std::string> boundary;
  std::optional<double> w, r, a, b;
  bool all = false;
};

/// The graph, and the action on it if one was given.
struct GraphSubject {
  std::shared_ptr<const Graph> graph;
  std::optional<Action> action;
};

GraphConfig graph_config(const GraphArguments& options) {
  GraphConfig config;
  config.edges = options.edges;
  if (!options.lattice.empty()) config.lattice = options.lattice;
  if (!options.extent.empty()) config.extent = options.extent;
  config.boundary = options.boundary;
  return config;
}

GraphSubject make_subject(const GraphArguments& options, const Globals& globals) {
  if (options.input.empty() == (options.lattice.empty() && options.edges.empty())) {
    throw Error(ErrorCode::usage,
                "graph needs either a config or run file, or --lattice, or --edges",
                "quartic graph --lattice square --extent 4 4");
  }
  GraphSubject subject;
  if (options.input.empty()) {
    subject.graph = make_graph(graph_config(options));
  } else {
    const Loaded loaded = load(options.input, globals);
    subject.graph = loaded.graph ? loaded.graph : make_graph(loaded.config.graph);
    subject.action = loaded.action ? *loaded.action : make_start(loaded.config, subject.graph);
  }
  if (options.w || options.r || options.a || options.b) {
    subject.action = Action::uniform(subject.graph, options.w.value_or(0), options.r.value_or(0),
                                     options.a.value_or(0), options.b.value_or(0));
  }
  return subject;
}

std::map<std::size_t, std::vector<std::vector<int>>> by_size(
    const std::vector<std::vector<int>>& cliques) {
  std::map<std::size_t, std::vector<std::vector<int>>> sorted;
  for (const auto& clique : cliques) sorted[clique.size()].push_back(clique);
  return sorted;
}

/// The numerical checks of an action.
struct Checks {
  double defect;
  bool factorises;
  MarkovCheck markov;
};

Checks check(const Action& action, std::uint64_t seed) {
  const double defect = factorisation_defect(action, configurations, seed);
  return {defect, defect < 1e-12, check_markov(action, configurations, seed)};
}

void print(const Graph& graph, const std::vector<std::vector<int>>& cliques, bool all) {
  int low = graph.sites() ? graph.degree(0) : 0, high = low;
  for (int i = 0; i < graph.sites(); ++i)
    low = std::min(low, graph.degree(i)), high = std::max(high, graph.degree(i));
  to_output("graph            {}\nnodes            {}\nedges            {}\n", graph.description(),
            graph.sites(), graph.edge_count());
  to_output("degree           {}\n",
            low == high ? fmt::format("{}", low) : fmt::format("{} to {}", low, high));
  to_output("colours          {}\nmaximal cliques  {}\n", colour(graph).colours, cliques.size());
  for (const auto& [size, group] : by_size(cliques)) {
    to_output("  of {} node{}: {}\n", size, size == 1 ? "" : "s", group.size());
    const std::size_t shown =
        all ? group.size() : std::min<std::size_t>(group.size(), listed_cliques);
    for (std::size_t k = 0; k < shown; ++k) to_output("    {{{}}}\n", fmt::join(group[k], ", "));
    if (shown < group.size())
      to_output("    ... {} more (--all lists them)\n", group.size() - shown);
  }
}

void print(const Checks& checks) {
  to_output("factorisation    sum_c ln psi_c = -S to {} of its terms: {}\n",
            rounded(checks.defect, 2), checks.factorises ? "holds" : "FAILS");
  to_output(
      "local Markov     p(phi_i | rest) changes by {} with non-neighbours, by {} with a "
      "neighbour: {}\n",
      rounded(checks.markov.max_change, 2), rounded(checks.markov.max_control, 2),
      checks.markov.holds ? "holds" : "FAILS");
}

nlohmann::json graph_json(const Graph& graph, const std::vector<std::vector<int>>& cliques,
                          bool all) {
  nlohmann::json sizes = nlohmann::json::object();
  for (const auto& [size, group] : by_size(cliques)) sizes[std::to_string(size)] = group.size();
  auto out = reports::json_of("graph", graph.description(), "nodes", graph.sites(), "edges",
                              graph.edge_count(), "colours", colour(graph).colours,
                              "maximal_cliques", cliques.size(), "cliques_by_size", sizes);
  if (all) out["cliques"] = cliques;
  return out;
}

ErrorCode show_graph(const GraphArguments& options, const Globals& globals) {
  const GraphSubject subject = make_subject(options, globals);
  std::optional<Checks> checks;
  if (subject.action) checks = check(*subject.action, globals.seed.value_or(1));
  const auto cliques = maximal_cliques(*subject.graph);
  if (globals.json) {
    auto out = graph_json(*subject.graph, cliques, options.all);
    if (checks) {
      out["factorisation"] =
          reports::json_of("defect", checks->defect, "holds", checks->factorises);
      out["markov"] = reports::json_of("max_change", checks->markov.max_change, "max_control",
                                       checks->markov.max_control, "holds", checks->markov.holds);
    }
    print_json(out);
  } else {
    print(*subject.graph, cliques, options.all);
    if (checks) print(*checks);
  }
  const bool failed = checks && !(checks->factorises && checks->markov.holds);
  return failed ? ErrorCode::diagnostics_failed : ErrorCode::ok;
}

const Verb graph_verb(
    116, "graph", show_graph,
    [](CLI::App& verb, GraphArguments& options) {
      verb.description(
          "a graph's nodes, edges, colours, maximal cliques, Markov check"
          "\n$ quartic graph --lattice king --extent 4 4 --w 1 --a 4 --b 0.3");
      verb.add_option("CONFIG", options.input, "a config or run file")->type_name(value::config);
      auto* lattice = verb.add_option("--lattice", options.lattice, "a lattice by name")
                          ->check(offers({lattice_names().begin(), lattice_names().end()}));
      verb.add_option("--extent", options.extent, "its extents")->needs(lattice);
      verb.add_option("--boundary", options.boundary, "one for all, or one a direction")
          ->needs(lattice)
          ->check(one_of({"periodic", "open"}));
      verb.add_option("--edges", options.edges, "an edge list")
          ->excludes(lattice)
          ->type_name(value::file);
      verb.add_option("--w", options.w,
                      "of the action to check, -w phi_i phi_j; the same everywhere");
      verb.add_option("--r", options.r, "r phi_i");
      verb.add_option("--a", options.a, "a phi_i^2");
      verb.add_option("--b", options.b, "b phi_i^4");
      verb.add_flag("--all", options.all, "list every maximal clique");
    },
    Work::of_one, Gives::text);

}  // namespace
}  // namespace quartic::app
