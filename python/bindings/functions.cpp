#include "functions.hpp"

#include <cmath>
#include <utility>

#include "numpy.hpp"
#include "quartic/core/error.hpp"
#include "quartic/graph/lattice.hpp"
#include "released.hpp"

namespace quartic::python {
namespace {

/// A Python object that C++ threads may copy and drop without the GIL.
std::shared_ptr<nb::object> shared(nb::object object) {
  return {new nb::object(std::move(object)), [](nb::object* held) {
            const Acquired acquired;
            delete held;
          }};
}

/// phi is [site][lane], the array (lanes, *extent); it is Python's own, to keep and to change.
nb::object fields_of(FieldBlock<const double> phi, const std::vector<std::size_t>& extent) {
  const auto size = static_cast<std::size_t>(phi.sites) * phi.lanes;
  auto* values = new std::vector<double>(phi.data, phi.data + size);
  nb::capsule owner(values, [](void* p) noexcept { delete static_cast<std::vector<double>*>(p); });
  std::vector<std::size_t> shape = {static_cast<std::size_t>(phi.lanes)};
  shape.insert(shape.end(), extent.begin(), extent.end());
  std::vector<std::int64_t> strides(shape.size(), 1);
  std::int64_t stride = phi.lanes;
  for (std::size_t d = shape.size(); d-- > 1;) {
    strides[d] = stride;
    stride *= static_cast<std::int64_t>(shape[d]);
  }
  return nb::cast(Array(values->data(), shape.size(), shape.data(), owner, strides.data()));
}

std::string shape_of(nb::handle array) {
  return nb::cast<std::string>(nb::str(nb::object(array.attr("shape"))));
}

/// What the function returns. Whatever it raises comes out as BadInput that names it, with the
/// original as its cause; Ctrl-C stays what it is.
/// Ctrl-C during the call stops the run behind it, whose state is saved, as it does anywhere else;
/// a second one goes through.
nb::object called(nb::handle function, nb::handle fields) {
  try {
    return function(fields);
  } catch (nb::python_error& error) {
    if (!error.matches(PyExc_KeyboardInterrupt)) throw;
    interrupt_later();
  }
  return function(fields);
}

nb::object returned(nb::handle function, const std::string& what, nb::handle fields) {
  try {
    return called(function, fields);
  } catch (nb::python_error& error) {
    if (!error.matches(PyExc_Exception)) throw;
    const nb::object type = nb::module_::import_("quartic.errors").attr("BadInput");
    const std::string kind = nb::cast<std::string>(nb::object(error.type().attr("__name__")));
    const std::string said = nb::cast<std::string>(nb::str(error.value()));
    nb::raise_from(error, type, "%s raised %s: %s", what.c_str(), kind.c_str(), said.c_str());
  }
}

/// What the function returns as an array of real numbers.
nb::object real_array(nb::handle function, const std::string& what, nb::handle fields,
                      const std::string& form) {
  const nb::object numpy = nb::module_::import_("numpy");
  const nb::object given = returned(function, what, fields);
  try {
    const nb::object array = numpy.attr("asarray")(given);
    if (nb::cast<bool>(numpy.attr("iscomplexobj")(array)))
      throw BadInput(what + " returned complex numbers",
                     "real and imaginary part as functions of their own; a complex coupling stands "
                     "beside a real function: [(f, 1j)]");
    return numpy.attr("ascontiguousarray")(array, "float64");
  } catch (nb::python_error&) {
    throw BadInput(what + " returned no array of real numbers, but " + text_of(given), form);
  }
}

double finite(double x, const std::string& what) {
  if (!std::isfinite(x))
    throw BadInput(what + " returned " + std::to_string(x) + " for a finite field",
                   "it must be finite everywhere");
  return x;
}

void call(nb::handle function, const std::string& what, const std::vector<std::size_t>& extent,
          FieldBlock<const double> phi, std::span<double> out) {
  const nb::object fields = fields_of(phi, extent);
  const nb::object values = real_array(function, what, fields,
                                       "it takes fields of shape " + shape_of(fields) +
                                           " and returns one number for each along the first axis");
  const auto numbers = nb::cast<Input>(values);
  if (numbers.ndim() != 1 || numbers.size() != out.size())
    throw BadInput(what + " returned an array of shape " + shape_of(values) +
                       " for fields of shape " + shape_of(fields),
                   "it returns one number for each along the first axis: sum over the others");
  for (std::size_t n = 0; n < out.size(); ++n) out[n] = finite(numbers.data()[n], what);
}

void call_by_site(nb::handle function, const std::string& what,
                  const std::vector<std::size_t>& extent, FieldBlock<const double> phi,
                  FieldBlock<double> out) {
  const nb::object fields = fields_of(phi, extent);
  const std::string form = "it returns an array of the fields' own shape, site by site";
  const nb::object values = real_array(function, what, fields, form);
  if (shape_of(values) != shape_of(fields))
    throw BadInput(what + " returned an array of shape " + shape_of(values) +
                       " for fields of shape " + shape_of(fields),
                   form);
  const auto numbers = nb::cast<Input>(values);
  for (int lane = 0; lane < out.lanes; ++lane)
    for (int i = 0; i < out.sites; ++i)
      out.site(i)[lane] =
          finite(numbers.data()[static_cast<std::size_t>(lane) * out.sites + i], what);
}

std::vector<std::size_t> extent_of(const Graph& graph) {
  if (graph.lattice() == nullptr) return {static_cast<std::size_t>(graph.sites())};
  return {graph.lattice()->extent.begin(), graph.lattice()->extent.end()};
}

}  // namespace

FieldFunction function_of(nb::object callable, const Graph& graph, std::string what) {
  if (!PyCallable_Check(callable.ptr()))
    throw BadInput(what + " is no function", "give a callable: fields -> one number each");
  return [function = shared(std::move(callable)), what = std::move(what),
          extent = extent_of(graph)](FieldBlock<const double> phi, std::span<double> out) {
    const Acquired acquired;
    call(*function, what, extent, phi, out);
  };
}

TargetFunction target_function_of(nb::object callable, const Graph& graph,
                                  const std::string& what) {
  const auto by_site = [&](const char* name) -> SiteFunction {
    if (!nb::hasattr(callable, name)) return {};
    return [function = shared(callable.attr(name)), what = what + "." + name,
            extent = extent_of(graph)](FieldBlock<const double> phi, FieldBlock<double> out) {
      const Acquired acquired;
      call_by_site(*function, what, extent, phi, out);
    };
  };
  auto densities = by_site("densities"), gradient = by_site("gradient");
  return {function_of(std::move(callable), graph, what), std::move(densities), std::move(gradient)};
}

std::vector<NamedFunction> functions_of(nb::dict callables, const Graph& graph) {
  std::vector<NamedFunction> out;
  for (const auto& [name, callable] : callables) {
    const std::string key = nb::cast<std::string>(name);
    out.push_back({key, function_of(nb::borrow(callable), graph, "observables['" + key + "']")});
  }
  return out;
}

}  // namespace quartic::python
