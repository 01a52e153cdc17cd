// What nanobind refuses, in a sentence: its own message lists the signatures of the bindings.
#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <unordered_map>
#include <utility>

#include "numpy.hpp"

namespace quartic::python {
namespace {

/// nanobind's ways to call a function, of which there are a few.
constexpr int most_ways = 8;
std::array<vectorcallfunc, most_ways> ways{};

/// What users call a function: "Network.energy"; a constructor has its class's name.
std::unordered_map<PyObject*, std::string>& names() {
  static std::unordered_map<PyObject*, std::string> all;
  return all;
}

bool unmade(nb::handle self) {
  return nb::inst_check(self) && !nb::inst_ready(self);
}

/// In place of an error of nanobind's own; others stay.
void say(PyObject* function, PyObject* const* given, std::size_t count, PyObject* named) {
  nb::python_error error;
  const auto said = nb::cast<std::string>(nb::str(error.value()));
  const std::string& name = names()[function];
  const bool constructs = name.find('.') == std::string::npos;
  const bool none_yet = !constructs && count > 0 && unmade(given[0]);
  if (!none_yet && said.find("): incompatible function arguments.") == std::string::npos) {
    error.restore();
    return;
  }
  try {
    nb::list values;
    for (std::size_t k = 0; k < count; ++k) values.append(nb::borrow(given[k]));
    nb::dict by_name;
    std::size_t k = count;
    if (named != nullptr)
      for (const nb::handle key : nb::borrow<nb::tuple>(named))
        by_name[key] = nb::borrow(given[k++]);
    const nb::module_ refusals = nb::module_::import_("quartic.refusals");
    const nb::object said_better = none_yet ? refusals.attr("unmade")(name, nb::borrow(given[0]))
                                            : refusals.attr("refused")(name, said, values, by_name);
    PyErr_SetObject(reinterpret_cast<PyObject*>(Py_TYPE(said_better.ptr())), said_better.ptr());
  } catch (nb::python_error&) {
    error.restore();
  }
}

template <int way>
PyObject* called(PyObject* function, PyObject* const* given, std::size_t flags, PyObject* named) {
  PyObject* out = ways[way](function, given, flags, named);
  if (out == nullptr) [[unlikely]] {
    constexpr std::size_t counted = ~std::size_t{0} >> 2;  // nanobind has a flag of its own there
    if (PyErr_ExceptionMatches(PyExc_TypeError) || PyErr_ExceptionMatches(PyExc_RuntimeError))
      say(function, given, flags & counted, named);
  }
  return out;
}

template <int... way>
constexpr std::array<vectorcallfunc, most_ways> all_called(std::integer_sequence<int, way...>) {
  return {&called<way>...};
}

bool is_function(nb::handle object) {
  const auto type = nb::cast<std::string>(nb::object(object.type().attr("__name__")));
  return type == "nb_func" || type == "nb_method";
}

/// Where a function of nanobind's keeps the way to call it: behind its head, as its type says where
/// that can be read. The stable ABI hides it, for which the same nanobind is built.
vectorcallfunc* way_of(nb::handle function) {
  constexpr std::size_t offset = sizeof(PyVarObject);
#ifndef Py_LIMITED_API
  if (Py_TYPE(function.ptr())->tp_vectorcall_offset != static_cast<Py_ssize_t>(offset))
    return nullptr;
#endif
  return reinterpret_cast<vectorcallfunc*>(reinterpret_cast<char*>(function.ptr()) + offset);
}

void watch(nb::handle function, const std::string& name) {
  constexpr auto ours = all_called(std::make_integer_sequence<int, most_ways>());
  if (!is_function(function) || names().count(function.ptr()) > 0) return;
  vectorcallfunc* const way = way_of(function);
  if (way == nullptr) return;  // of a newer nanobind: its message stays
  auto* const found =
      std::find_if(ways.begin(), ways.end(), [&](auto* w) { return w == nullptr || w == *way; });
  if (found == ways.end()) return;
  *found = *way;
  names()[function.ptr()] = name;
  *way = ours[static_cast<std::size_t>(found - ways.begin())];
}

void watch_class(nb::handle type) {
  const auto of = nb::cast<std::string>(nb::object(type.attr("__name__")));
  const nb::object dict = nb::module_::import_("builtins").attr("dict");
  for (const auto& [key, member] : nb::cast<nb::dict>(dict(type.attr("__dict__")))) {
    const auto name = nb::cast<std::string>(key);
    watch(member, name == "__init__" ? of : of + "." + name);
    for (const char* accessor : {"fget", "fset"})
      if (const nb::object of_property = nb::getattr(member, accessor, nb::none());
          !of_property.is_none())
        watch(of_property, of + "." + name);
  }
}

}  // namespace

void say_what_is_refused(nb::module_& m) {
  for (const auto& [key, value] : nb::cast<nb::dict>(m.attr("__dict__"))) {
    watch(value, nb::cast<std::string>(key));
    if (PyType_Check(value.ptr())) watch_class(value);
  }
}

}  // namespace quartic::python
