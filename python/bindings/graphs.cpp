// Graphs in Python.
#include <nanobind/stl/optional.h>
#include <nanobind/stl/shared_ptr.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "numpy.hpp"
#include "quartic/core/error.hpp"
#include "quartic/graph/edge_list.hpp"
#include "quartic/graph/graph.hpp"
#include "quartic/graph/lattice.hpp"

namespace quartic::python {
namespace {

using GraphPointer = std::shared_ptr<Graph>;

/// Extents from one number, the same in every direction, or one a direction.
std::vector<int> extent_of(nb::handle given, const std::string& name) {
  if (nb::isinstance<nb::int_>(given) || nb::hasattr(given, "__index__")) {
    const bool planar =
        name == "square" || name == "triangular" || name == "king" || name == "honeycomb";
    const std::size_t directions = planar ? 2 : name == "cubic" ? 3 : 1;
    return std::vector<int>(directions, integer(given, "extent"));
  }
  return integers(given, "extent");
}

GraphPointer make_lattice_of(nb::args given, nb::kwargs named) {
  auto [name, extent, periodic] =
      arguments<3>("quartic.lattice", given, named, {"name", "extent", "periodic"}, 2);
  if (!periodic.is_valid()) periodic = nb::bool_(true);
  if (!nb::isinstance<nb::str>(name))
    throw BadType("a lattice has a name, not " + text_of(name), "quartic.lattice('square', 8)");
  Lattice lattice;
  lattice.name = nb::cast<std::string>(name);
  lattice.extent = extent_of(extent, lattice.name);
  if (nb::isinstance<nb::bool_>(periodic)) {
    if (lattice.name != "complete" && lattice.name != "bipartite")
      lattice.periodic.assign(lattice.extent.size(), nb::cast<bool>(periodic));
  } else {
    for (const int value : integers(periodic, "periodic")) lattice.periodic.push_back(value != 0);
  }
  return std::make_shared<Graph>(make_lattice(lattice));
}

Graph make_graph(nb::args given, nb::kwargs named) {
  const auto [sites, pairs, twice] =
      arguments<3>("quartic.Graph", given, named, {"sites", "edges", "duplicates"}, 2);
  const nb::object table = as_array(pairs, "int64", "edges");
  const auto numbers =
      nb::cast<nb::ndarray<const std::int64_t, nb::c_contig, nb::device::cpu>>(table);
  const bool empty = numbers.size() == 0;
  if (!empty && (numbers.ndim() != 2 || numbers.shape(1) != 2))
    throw BadInput("edges must be an array of shape (edges, 2), not " + shape_text(numbers),
                   "one row an edge: its two sites, counted from 0");
  const int count = integer(sites, "sites");
  std::vector<Edge> edges;
  for (std::size_t k = 0; !empty && k < numbers.shape(0); ++k) {
    const std::int64_t i = numbers.data()[2 * k], j = numbers.data()[2 * k + 1];
    for (const auto site : {i, j})
      if (site < 0 || site >= count)
        throw BadInput("edge " + std::to_string(k) + " names site " + std::to_string(site) +
                           ", the graph has " + std::to_string(count),
                       "sites are counted from 0");
    edges.push_back({static_cast<std::int32_t>(i), static_cast<std::int32_t>(j)});
  }
  if (twice.is_valid() && !nb::isinstance<nb::str>(twice))
    throw BadType("duplicates is a word, not " + text_of(twice), "refuse, merge or add");
  EdgeListed list{count, std::move(edges), {}};
  resolve_duplicates(list,
                     twice.is_valid()
                         ? from_word<Duplicates>(nb::cast<std::string>(twice), "duplicates")
                         : Duplicates::refuse,
                     "quartic.Graph");
  return {list.sites, std::move(list.edges)};
}

Typed<"numpy.typing.NDArray[numpy.int32]"> edge_table(const Graph& graph) {
  std::vector<std::int32_t> table;
  for (const auto& [i, j] : graph.edges()) table.insert(table.end(), {i, j});
  return nb::cast(to_numpy(std::move(table), {static_cast<std::size_t>(graph.edge_count()), 2}));
}

std::vector<int> neighbour_sites(const Graph& graph, int site) {
  if (site < 0 || site >= graph.sites())
    throw BadInput("site " + std::to_string(site) + " is not on the graph",
                   "sites are 0 to " + std::to_string(graph.sites() - 1));
  std::vector<int> sites;
  for (const auto& neighbour : graph.neighbours(site)) sites.push_back(neighbour.site);
  return sites;
}

bool same(const Graph& one, const Graph& other) {
  const Lattice *x = one.lattice(), *y = other.lattice();
  return one.sites() == other.sites() && !x == !y && (!x || x->extent == y->extent) &&
         std::equal(one.edges().begin(), one.edges().end(), other.edges().begin(),
                    other.edges().end());
}

/// What pickle calls, and with what.
nb::tuple parts_of_graph(nb::handle self) {
  const auto& graph = nb::cast<const Graph&>(self);
  nb::object parts = nb::make_tuple(graph.sites(), edge_table(graph));
  if (const Lattice* lattice = graph.lattice()) {
    const nb::object periodic =
        lattice->periodic.empty() ? nb::object(nb::bool_(true)) : nb::cast(lattice->periodic);
    parts = nb::make_tuple(lattice->name, lattice->extent, periodic);
  }
  const nb::object rebuild = nb::module_::import_("quartic.networks").attr("rebuild");
  return nb::make_tuple(rebuild, nb::make_tuple(parts, self.attr("labels")));
}

}  // namespace

void bind_graphs(nb::module_& m) {
  nb::class_<Graph>(m, "Graph", nb::dynamic_attr(),
                    R"(An undirected graph: sites 0 to sites - 1, edges in a fixed order.

Parameters
----------
sites : int
    Number of sites.
edges : array_like, shape (edges, 2)
    The two sites of each edge.
duplicates : {"refuse", "merge", "add"}
    Of an edge that stands twice, in either direction: merge makes one edge of them, with add both count.

Examples
--------
>>> import quartic
>>> quartic.Graph(3, [[0, 1], [1, 2]]).degree(1)
2)")
      .def(
          "__init__",
          [](Graph* self, nb::args given, nb::kwargs named) {
            new (self) Graph(make_graph(std::move(given), std::move(named)));
          },
          nb::sig("def __init__(self, sites: int, edges: numpy.typing.ArrayLike, duplicates: str = "
                  "'refuse') -> None"))
      .def_prop_ro("sites", &Graph::sites, "Number of sites.")
      .def_prop_ro("edges", &edge_table, "The two sites of each edge, int32, shape (edges, 2).")
      .def_prop_ro(
          "extent",
          [](const Graph& graph) -> std::optional<std::vector<int>> {
            if (graph.lattice() == nullptr) return std::nullopt;
            return graph.lattice()->extent;
          },
          "Extents of the lattice, None for an edge list; site values reshape to it.")
      .def_prop_rw(
          "labels", [](nb::handle self) -> Typed<"list | None"> {
            const nb::object all = self.attr("__dict__");
            return nb::object(all.attr("get")("_labels"));
          },
          [](nb::handle self, nb::object labels) {
            if (!labels.is_none() &&
                nb::len(labels) != static_cast<std::size_t>(nb::cast<const Graph&>(self).sites()))
              throw BadInput(std::to_string(nb::len(labels)) + " labels for " +
                                 std::to_string(nb::cast<const Graph&>(self).sites()) + " sites",
                             "one label a site");
            nb::object(self.attr("__dict__"))["_labels"] = labels;
          },
          nb::arg("labels").none(), "Names of the sites, a list; None: they are numbers.")
      .def(
          "degree",
          [](const Graph& graph, Typed<"int"> site) {
            return neighbour_sites(graph, integer(site, "site")).size();
          },
          nb::arg("site"), R"(How many edges a site has.

Parameters
----------
site : int
    Counted from 0.

Returns
-------
int
    Doubled edges count twice.)")
      .def(
          "neighbours",
          [](const Graph& graph, Typed<"int"> site) {
            return neighbour_sites(graph, integer(site, "site"));
          },
          nb::arg("site"), R"(The sites at the other ends of its edges.

Parameters
----------
site : int
    Counted from 0.

Returns
-------
list of int
    One an edge.)")
      .def("same_as", &same, nb::arg("other"), R"(Whether sites, edges and extents are the same.

Parameters
----------
other : Graph
    The one to compare with.

Returns
-------
bool
    Labels do not count.)")
      .def_static(
          "from_networkx",
          [](nb::object graph) {
            return nb::module_::import_("quartic.networks").attr("from_networkx")(graph);
          },
          nb::arg("graph").none(), nb::sig("def from_networkx(graph: object) -> Graph"),
          R"(The graph of a networkx graph, its nodes' names as `labels`, in their order there.

Parameters
----------
graph : networkx.Graph
    Without directions and self-loops.

Returns
-------
Graph
    Parallel edges count.)")
      .def(
          "to_networkx",
          [](nb::object self) {
            return nb::module_::import_("quartic.networks").attr("to_networkx")(self);
          },
          nb::sig("def to_networkx(self) -> object"),
          R"(The same for networkx, nodes named by `labels`.

Returns
-------
networkx.MultiGraph
    Since parallel edges count.)")
      .def("__reduce__", [](nb::handle_t<Graph> self) { return parts_of_graph(self); })
      .def("__deepcopy__",
           [](nb::handle_t<Graph> self, nb::handle) {
             const nb::tuple parts = parts_of_graph(self);
             return parts[0](*nb::tuple(parts[1]));
           })
      .def("__repr__",
           [](const Graph& graph) { return "<quartic.Graph: " + graph.description() + ">"; });

  m.def("lattice", &make_lattice_of,
        nb::sig(
            "def lattice(name: str, extent: int | collections.abc.Sequence[int], periodic: bool | "
            "collections.abc.Sequence[bool] = True) -> Graph"),
        R"(The graph of a named lattice.

Parameters
----------
name : str
    One of chain, square, cubic, hypercubic, triangular, king, honeycomb, complete and bipartite.
extent : int or sequence of int
    Sites in each direction; one number for all.
periodic : bool or sequence of bool
    One value, or one a direction.

Returns
-------
Graph
    Its sites are numbered row-major.

Examples
--------
>>> import quartic
>>> quartic.lattice('square', 4).sites
16)");
}

}  // namespace quartic::python
