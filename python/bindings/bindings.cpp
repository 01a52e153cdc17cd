// Python's view of the library: numpy in, numpy out, errors as quartic.Error.
#include <nanobind/stl/optional.h>
#include <nanobind/stl/shared_ptr.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/variant.h>
#include <nanobind/stl/vector.h>

#include <algorithm>
#include <memory>
#include <numeric>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "numpy.hpp"
#include "quartic/core/error.hpp"
#include "quartic/core/quartic_density.hpp"
#include "quartic/core/random.hpp"
#include "quartic/core/simd.hpp"
#include "quartic/field/action.hpp"
#include "quartic/graph/graph.hpp"
#include "quartic/graph/lattice.hpp"

namespace nb = nanobind;

namespace {

using quartic::Action;
using quartic::CouplingKind;
using quartic::Graph;
using quartic::python::Array;
using quartic::python::as_input;
using quartic::python::Input;
using quartic::python::Row;
using quartic::python::span;
using quartic::python::to_numpy;

void raise(const quartic::Error& error) {
  const char* name = "Error";
  if (dynamic_cast<const quartic::BadInput*>(&error)) {
    name = "BadInput";
  } else if (dynamic_cast<const quartic::Diverged*>(&error)) {
    name = "Diverged";
  }
  nb::object type = nb::module_::import_("quartic.errors").attr(name);
  nb::object instance = type(error.what(), error.hint(), static_cast<int>(error.code()));
  PyErr_SetObject(type.ptr(), instance.ptr());
}

// --- the quartic density ------------------------------------------------------------------------

Array moments(const Row& a, const Row& b, const Row& j) {
  const std::size_t n = a.size();
  std::vector<double> rows(4 * n);
  {
    nb::gil_scoped_release release;
    const std::span<double> all(rows);
    quartic::quartic_moments(span(a), span(b), span(j), all.subspan(0, n), all.subspan(n, n),
                             all.subspan(2 * n, n), all.subspan(3 * n, n));
  }
  return to_numpy(std::move(rows), {4, n});
}

Array draws(const Row& a, const Row& b, const Row& j, std::uint64_t seed) {
  std::vector<double> x(a.size());
  {
    nb::gil_scoped_release release;
    quartic::RandomStream random(seed, quartic::Stream::start, 0);
    for (std::size_t i = 0; i < x.size(); ++i) {
      x[i] = quartic::draw_quartic(a.data()[i], b.data()[i], j.data()[i], random);
    }
  }
  const std::size_t n = x.size();
  return to_numpy(std::move(x), {n});
}

// --- graphs -------------------------------------------------------------------------------------

std::shared_ptr<Graph> make_lattice(const std::string& name,
                                    const std::variant<int, std::vector<int>>& extent,
                                    const std::variant<bool, std::vector<bool>>& periodic) {
  quartic::Lattice lattice;
  lattice.name = name;
  lattice.extent = std::holds_alternative<int>(extent) ? std::vector<int>{std::get<int>(extent)}
                                                       : std::get<std::vector<int>>(extent);
  if (std::holds_alternative<std::vector<bool>>(periodic)) {
    lattice.periodic = std::get<std::vector<bool>>(periodic);
  } else if (name != "complete" && name != "bipartite") {
    lattice.periodic.assign(lattice.extent.size(), std::get<bool>(periodic));
  }
  return std::make_shared<Graph>(quartic::make_lattice(lattice));
}

std::shared_ptr<Graph> make_graph(int sites, nb::object pairs) {
  using Pairs = nb::ndarray<const std::int32_t, nb::c_contig, nb::device::cpu>;
  const auto table =
      nb::cast<Pairs>(nb::module_::import_("numpy").attr("ascontiguousarray")(pairs, "int32"));
  const bool empty = table.size() == 0;
  if (!empty && (table.ndim() != 2 || table.shape(1) != 2)) {
    throw quartic::BadInput("edges must be an array of shape (edges, 2)");
  }
  std::vector<quartic::Edge> edges;
  for (std::size_t k = 0; !empty && k < table.shape(0); ++k) {
    edges.push_back({table.data()[2 * k], table.data()[2 * k + 1]});
  }
  return std::make_shared<Graph>(sites, std::move(edges));
}

nb::ndarray<nb::numpy, std::int32_t> edge_table(const Graph& graph) {
  std::vector<std::int32_t> table;
  for (const auto& edge : graph.edges()) {
    table.push_back(edge.first);
    table.push_back(edge.second);
  }
  const auto n = static_cast<std::size_t>(graph.edge_count());
  return to_numpy(std::move(table), {n, 2});
}

std::vector<int> neighbour_sites(const Graph& graph, int site) {
  if (site < 0 || site >= graph.sites()) {
    throw quartic::BadInput("site " + std::to_string(site) + " is not on the graph",
                            "sites are 0 to " + std::to_string(graph.sites() - 1));
  }
  std::vector<int> sites;
  for (const auto& neighbour : graph.neighbours(site)) {
    sites.push_back(neighbour.site);
  }
  return sites;
}

// --- the action ---------------------------------------------------------------------------------

void set_couplings(Action& action, CouplingKind kind, nb::handle value) {
  const Input input = as_input(value);
  auto& couplings = action.couplings(kind);
  if (input.ndim() == 0 || (input.size() == 1 && couplings.size() != 1)) {
    std::fill(couplings.begin(), couplings.end(), *input.data());
  } else if (input.size() == couplings.size()) {
    std::copy_n(input.data(), input.size(), couplings.begin());
  } else {
    throw quartic::BadInput(std::string(quartic::name(kind)) + " has " +
                                std::to_string(input.size()) + " values where the graph needs " +
                                std::to_string(couplings.size()),
                            kind == CouplingKind::w ? "one an edge, or a single number"
                                                    : "one a site, or a single number");
  }
}

template <CouplingKind kind>
void bind_couplings(nb::class_<Action>& type, const char* name, const char* doc) {
  type.def_prop_rw(
      name,
      [](nb::handle_t<Action> self) {
        auto& couplings = nb::cast<Action&>(self).couplings(kind);
        return Array(couplings.data(), {couplings.size()}, self);
      },
      [](Action& action, nb::object value) { set_couplings(action, kind, value); },
      nb::for_getter(nb::rv_policy::reference), doc);
}

nb::object evaluate(const Action& action, nb::object fields) {
  const Input phi = as_input(fields);
  const auto sites = static_cast<std::size_t>(action.graph->sites());
  if (phi.ndim() == 0 || phi.shape(phi.ndim() - 1) != sites) {
    throw quartic::BadInput("the last axis of the fields must have one entry a site, " +
                            std::to_string(sites));
  }
  const std::size_t count = phi.size() / sites;
  std::vector<double> values(count);
  {
    nb::gil_scoped_release release;
    for (std::size_t k = 0; k < count; ++k) {
      values[k] = action.evaluate(span(phi).subspan(k * sites, sites));
    }
  }
  nb::list shape;
  for (std::size_t d = 0; d + 1 < phi.ndim(); ++d) {
    shape.append(phi.shape(d));
  }
  nb::object flat = nb::cast(to_numpy(std::move(values), {count}));
  return flat.attr("reshape")(nb::tuple(shape))[nb::tuple()];
}

}  // namespace

NB_MODULE(_quartic, m) {
  nb::register_exception_translator([](const std::exception_ptr& caught, void*) {
    try {
      std::rethrow_exception(caught);
    } catch (const quartic::Error& error) {
      raise(error);
    }
  });

  m.def("simd_target", &quartic::simd_target,
        "The SIMD instruction set that the kernels use on this machine.");
  m.def("quartic_moments", &moments, nb::arg("a"), nb::arg("b"), nb::arg("j"));
  m.def("draw_quartic", &draws, nb::arg("a"), nb::arg("b"), nb::arg("j"), nb::arg("seed"));

  nb::class_<Graph>(m, "Graph", "An undirected graph: sites 0..sites-1, edges in a fixed order.")
      .def(nb::new_(&make_graph), nb::arg("sites"), nb::arg("edges"))
      .def_prop_ro("sites", &Graph::sites)
      .def_prop_ro("edges", &edge_table, nb::rv_policy::reference,
                   "The two sites of each edge, shape (edges, 2).")
      .def_prop_ro(
          "extent",
          [](const Graph& graph) -> std::optional<std::vector<int>> {
            if (!graph.lattice()) {
              return std::nullopt;
            }
            return graph.lattice()->extent;
          },
          "Extents of the lattice, None for an edge list; site values reshape to it.")
      .def("degree",
           [](const Graph& graph, int site) { return neighbour_sites(graph, site).size(); })
      .def("neighbours", &neighbour_sites, nb::arg("site"))
      .def("__repr__",
           [](const Graph& graph) { return "<quartic.Graph: " + graph.description() + ">"; });
  m.def("lattice", &make_lattice, nb::arg("name"), nb::arg("extent"), nb::arg("periodic") = true,
        "The graph of a named lattice, such as lattice('square', [4, 4]). `periodic` is one value, "
        "or one a\n"
        "direction. Sites are numbered row-major.");

  nb::class_<Action> action(
      m, "Action",
      "S(phi) = - sum_<ij> w_ij phi_i phi_j + sum_i (r_i phi_i + a_i phi_i^2 + b_i phi_i^4).\n\n"
      "Couplings are numbers or arrays: w one an edge, r, a, b one a site.");
  action.def(
      "__init__",
      [](Action* self, std::shared_ptr<Graph> graph, nb::object w, nb::object r, nb::object a,
         nb::object b) {
        Action built{std::shared_ptr<const Graph>(std::move(graph))};
        set_couplings(built, CouplingKind::w, w);
        set_couplings(built, CouplingKind::r, r);
        set_couplings(built, CouplingKind::a, a);
        set_couplings(built, CouplingKind::b, b);
        new (self) Action(std::move(built));
      },
      nb::arg("graph"), nb::arg("w") = 0.0, nb::arg("r") = 0.0, nb::arg("a") = 0.0,
      nb::arg("b") = 0.0);
  action.def_prop_ro("graph",
                     [](const Action& self) { return std::const_pointer_cast<Graph>(self.graph); });
  bind_couplings<CouplingKind::w>(action, "w", "Couplings of the edges (a view).");
  bind_couplings<CouplingKind::r>(action, "r", "Linear couplings of the sites (a view).");
  bind_couplings<CouplingKind::a>(action, "a", "Quadratic couplings of the sites (a view).");
  bind_couplings<CouplingKind::b>(action, "b", "Quartic couplings of the sites (a view).");
  action.def("evaluate", &evaluate, nb::arg("phi"),
             "S of fields of shape (..., sites); the result has shape (...).");
  action.def("__call__", &evaluate, nb::arg("phi"), "The same as evaluate.");
  action.def(
      "why_not_normalisable",
      [](const Action& self) { return quartic::why_not_normalisable(self); },
      "Why exp(-S) cannot be normalised, or None where it can.");

  quartic::python::bind_network(m);
}
