// Python functions of fields as the library's.
#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>

#include <memory>
#include <string>
#include <vector>

#include "quartic/field/field_function.hpp"
#include "quartic/graph/graph.hpp"

namespace quartic::python {

namespace nb = nanobind;

/// A Python callable, called with fields of shape (lanes, *extent), or (lanes, sites) of no
/// lattice, a view without a copy; it returns one finite number a lane. Anything else is refused
/// with `what`, such as "observables['mine']".
FieldFunction function_of(nb::object callable, const Graph& graph, std::string what);

/// The same, with what the callable's methods `densities` and `gradient` give, where it has them:
/// arrays of the fields' own shape, site by site.
TargetFunction target_function_of(nb::object callable, const Graph& graph, const std::string& what);

/// Of a dict of callables by name.
std::vector<NamedFunction> functions_of(nb::dict callables, const Graph& graph);

}  // namespace quartic::python
