// Actions in Python.
#include <nanobind/stl/optional.h>
#include <nanobind/stl/shared_ptr.h>
#include <nanobind/stl/string.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "numpy.hpp"
#include "quartic/core/error.hpp"
#include "quartic/field/action.hpp"
#include "quartic/graph/lattice.hpp"

namespace quartic::python {
namespace {

void set_couplings(Action& action, CouplingKind kind, nb::handle value) {
  const std::string what(name(kind));
  const Input input = doubles(value, what);
  for (std::size_t k = 0; k < input.size(); ++k)
    if (!std::isfinite(input.data()[k]))
      throw BadInput(what + "[" + std::to_string(k) + "] is " + std::to_string(input.data()[k]),
                     "couplings are finite numbers");
  fill(action.couplings(kind), input, what, "graph",
       kind == CouplingKind::w ? "one an edge" : "one a site");
}

template <CouplingKind kind>
void bind_couplings(nb::class_<Action>& type, const char* name, const char* doc) {
  type.def_prop_rw(
      name,
      [](nb::handle_t<Action> self) {
        auto& couplings = nb::cast<Action&>(self).couplings(kind);
        return Array(couplings.data(), {couplings.size()}, self);
      },
      [](Action& action, ArrayLike value) { set_couplings(action, kind, value); },
      nb::for_getter(nb::rv_policy::reference), nb::for_setter(nb::arg("value").none()), doc);
}

/// Fields of shape (..., sites) or (..., *extent).
struct Fields {
  Input phi;
  std::size_t count = 1;
  nb::list shape;        // without the axes of the sites
  std::size_t axes = 1;  // of the sites
};

Fields fields_of(const Action& action, nb::handle given) {
  Fields out{doubles(given, "phi")};
  const auto sites = static_cast<std::size_t>(action.graph->sites());
  const Lattice* lattice = action.graph->lattice();
  std::vector<std::size_t> extent = {sites};
  if (lattice != nullptr) extent.assign(lattice->extent.begin(), lattice->extent.end());
  const auto ends_with = [&](const std::vector<std::size_t>& axes) {
    if (out.phi.ndim() < axes.size()) return false;
    for (std::size_t d = 0; d < axes.size(); ++d)
      if (out.phi.shape(out.phi.ndim() - axes.size() + d) != axes[d]) return false;
    return true;
  };
  if (ends_with(extent)) {
    out.axes = extent.size();
  } else if (!ends_with({sites})) {
    std::string text;
    for (const auto n : extent) text += ", " + std::to_string(n);
    throw BadInput(
        "fields of shape " + shape_text(out.phi) + " are not on " + action.graph->description(),
        "shape (..., " + std::to_string(sites) + ")" +
            (extent.size() > 1 ? " or (..." + text + ")" : ""));
  }
  for (std::size_t d = 0; d + out.axes < out.phi.ndim(); ++d) {
    out.count *= out.phi.shape(d);
    out.shape.append(out.phi.shape(d));
  }
  return out;
}

Doubles reshaped(std::vector<double> values, nb::handle shape) {
  const std::size_t size = values.size();
  nb::object flat = nb::cast(to_numpy(std::move(values), {size}));
  return nb::object(flat.attr("reshape")(nb::tuple(nb::borrow(shape)))[nb::tuple()]);
}

Doubles evaluate(const Action& action, ArrayLike given) {
  const Fields fields = fields_of(action, given);
  const auto sites = static_cast<std::size_t>(action.graph->sites());
  std::vector<double> values(fields.count);
  {
    const Released released;
    for (std::size_t k = 0; k < fields.count; ++k)
      values[k] = action.evaluate(span(fields.phi).subspan(k * sites, sites));
  }
  return reshaped(std::move(values), fields.shape);
}

Doubles gradient(const Action& action, ArrayLike given) {
  const Fields fields = fields_of(action, given);
  const auto sites = static_cast<std::size_t>(action.graph->sites());
  std::vector<double> values(fields.count * sites);
  {
    const Released released;
    for (std::size_t k = 0; k < fields.count; ++k) {
      const auto phi = span(fields.phi).subspan(k * sites, sites);
      for (std::size_t i = 0; i < sites; ++i)
        values[k * sites + i] = 2 * action.a[i] * phi[i] +
                                4 * action.b[i] * phi[i] * phi[i] * phi[i] -
                                action.local_field(static_cast<int>(i), phi);
    }
  }
  nb::list shape;
  for (std::size_t d = 0; d < fields.phi.ndim(); ++d) shape.append(fields.phi.shape(d));
  return reshaped(std::move(values), shape);
}

Doubles features(const Action& action, ArrayLike given) {
  Fields fields = fields_of(action, given);
  const auto sites = static_cast<std::size_t>(action.graph->sites());
  const auto edges = action.graph->edges();
  const std::size_t width = edges.size() + 3 * sites;
  std::vector<double> values(fields.count * width);
  {
    const Released released;
    for (std::size_t k = 0; k < fields.count; ++k) {
      const auto phi = span(fields.phi).subspan(k * sites, sites);
      double* out = values.data() + k * width;
      for (const auto& [i, j] : edges) *out++ = -phi[i] * phi[j];
      for (const int power : {1, 2, 4})
        for (const double x : phi) *out++ = power == 1 ? x : power == 2 ? x * x : x * x * x * x;
    }
  }
  fields.shape.append(width);
  return reshaped(std::move(values), fields.shape);
}

nb::tuple parts_of_action(nb::handle self) {
  const auto values = [&](const char* kind) { return self.attr(kind).attr("copy")(); };
  return nb::make_tuple(self.type(), nb::make_tuple(self.attr("graph"), values("w"), values("r"),
                                                    values("a"), values("b")));
}

}  // namespace

void bind_actions(nb::module_& m) {
  nb::class_<Action> action(
      m, "Action",
      R"(S(phi) = - sum_<ij> w_ij phi_i phi_j + sum_i (r_i phi_i + a_i phi_i^2 + b_i phi_i^4).

The fields have p = exp(-S) / Z (Bachtis, Aarts & Lucini, Phys. Rev. D 103, 074510). Called, it gives S of fields of
shape (..., sites) or ``(..., *extent)``.

Parameters
----------
graph : Graph
    Whose sites carry the field.
w : float or array_like, shape (edges,)
    Couplings of the edges; positive ones align neighbours.
r, a, b : float or array_like, shape (sites,)
    Linear, quadratic and quartic couplings of the sites.

Examples
--------
>>> import quartic
>>> S = quartic.Action(quartic.lattice('square', 4), w=1, a=1.5, b=0.2)
>>> print(S([[0.0] * 4] * 4))
0.0)");
  action.def(
      "__init__",
      [](Action* self, nb::args given, nb::kwargs named) {
        auto [graph, w, r, a, b] =
            arguments<5>("quartic.Action", given, named, {"graph", "w", "r", "a", "b"}, 1);
        if (!nb::isinstance<Graph>(graph) && nb::hasattr(graph, "nodes"))
          graph = nb::module_::import_("quartic.networks").attr("from_networkx")(graph);
        if (!nb::isinstance<Graph>(graph))
          throw BadType("an action is on a graph, not on " + text_of(graph),
                        "quartic.lattice('square', 8), quartic.Graph(sites, edges)");
        Action built{std::shared_ptr<const Graph>(nb::cast<std::shared_ptr<Graph>>(graph))};
        if (w.is_valid()) set_couplings(built, CouplingKind::w, w);
        if (r.is_valid()) set_couplings(built, CouplingKind::r, r);
        if (a.is_valid()) set_couplings(built, CouplingKind::a, a);
        if (b.is_valid()) set_couplings(built, CouplingKind::b, b);
        new (self) Action(std::move(built));
      },
      nb::sig("def __init__(self, graph: Graph, w: numpy.typing.ArrayLike = 0.0, "
              "r: numpy.typing.ArrayLike = 0.0, a: numpy.typing.ArrayLike = 0.0, "
              "b: numpy.typing.ArrayLike = 0.0) -> None"));
  action.def_prop_ro(
      "graph", [](const Action& self) { return std::const_pointer_cast<Graph>(self.graph); },
      "The graph that it is on.");
  bind_couplings<CouplingKind::w>(action, "w", "Couplings of the edges (a view).");
  bind_couplings<CouplingKind::r>(action, "r", "Linear couplings of the sites (a view).");
  bind_couplings<CouplingKind::a>(action, "a", "Quadratic couplings of the sites (a view).");
  bind_couplings<CouplingKind::b>(action, "b", "Quartic couplings of the sites (a view).");
  action.def(
      "__call__", &evaluate, nb::arg("phi").none(),
      nb::sig(
          "def __call__(self, phi: numpy.typing.ArrayLike) -> numpy.typing.NDArray[numpy.float64]"),
      "S of fields of shape (..., sites) or (..., *extent); the result has shape (...).");
  action.def(
      "gradient", &gradient, nb::arg("phi").none(),
      nb::sig(
          "def gradient(self, phi: numpy.typing.ArrayLike) -> numpy.typing.NDArray[numpy.float64]"),
      R"(The gradient dS/dphi.

Parameters
----------
phi : array_like
    Fields of shape (..., sites) or ``(..., *extent)``.

Returns
-------
numpy.ndarray
    In the shape of phi.)");
  action.def("features", &features, nb::arg("phi"),
             R"(What S is linear in, dS/dtheta.

Parameters
----------
phi : array_like
    Fields of shape (..., sites) or ``(..., *extent)``.

Returns
-------
numpy.ndarray
    -phi_i phi_j by edge, then phi, phi^2 and phi^4 by site, shape (..., edges + 3 sites).)");
  action.def(
      "why_not_normalisable",
      [](const Action& self) { return quartic::why_not_normalisable(self); },
      R"(Why exp(-S) cannot be normalised, or None where it can.

Returns
-------
str or None
    With the site and the coupling.)");
  action.def_static(
      "from_run",
      [](nb::object run) {
        return nb::module_::import_("quartic.runs").attr("action_of_run")(run);
      },
      nb::arg("run").none(), nb::sig("def from_run(run: object) -> Action"),
      R"(The action that a run ended with.

Parameters
----------
run : result or path
    A run with an action, or its file.

Returns
-------
Action
    With the run's couplings.)");
  action.def("__reduce__", [](nb::handle_t<Action> self) { return parts_of_action(self); });
  action.def("__deepcopy__", [](nb::handle_t<Action> self, nb::handle) {
    const nb::tuple parts = parts_of_action(self);
    return parts[0](*nb::tuple(parts[1]));
  });
  action.def("__copy__", [](nb::handle_t<Action> self) {
    const nb::tuple parts = parts_of_action(self);
    return parts[0](*nb::tuple(parts[1]));
  });
  action.def("__repr__", [](const Action& self) {
    return "<quartic.Action on " + self.graph->description() + ">";
  });
}

}  // namespace quartic::python
