// What all bindings share: numpy arrays in and out, seeds.
#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/string.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "quartic/core/error.hpp"
#include "released.hpp"

namespace quartic::python {

namespace nb = nanobind;

using Input = nb::ndarray<const double, nb::c_contig, nb::device::cpu>;
using Row = nb::ndarray<const double, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using Array = nb::ndarray<nb::numpy, double>;

/// Text as an argument of a template.
template <std::size_t N>
struct Word {
  char text[N];
  constexpr Word(const char (&of)[N]) { std::copy_n(of, N, text); }
};

/// Any object of Python's, whose type a signature (`_quartic.pyi`) gives in these words.
template <Word word>
class Typed : public nb::object {
 public:
  static constexpr auto Name = nb::detail::const_name(word.text);
  static bool check_(nb::handle) { return true; }
  using nb::object::object;
  Typed(nb::object of) : nb::object(std::move(of)) {}
};

using Integer = Typed<"int">;
using Number = Typed<"float">;
using ArrayLike = Typed<"numpy.typing.ArrayLike">;
using Doubles = Typed<"numpy.typing.NDArray[numpy.float64]">;
using Floats = Typed<"numpy.typing.NDArray[numpy.float32]">;
using Floatings = Typed<"numpy.typing.NDArray[numpy.floating]">;  // of either width

/// Gives a vector to numpy without copying it.
template <class T>
nb::ndarray<nb::numpy, T> to_numpy(std::vector<T> values,
                                   std::initializer_list<std::size_t> shape) {
  auto* kept = new std::vector<T>(std::move(values));
  nb::capsule owner(kept, [](void* p) noexcept { delete static_cast<std::vector<T>*>(p); });
  return nb::ndarray<nb::numpy, T>(kept->data(), shape, owner);
}

inline std::span<const double> span(const Input& x) {
  return {x.data(), x.size()};
}
inline std::span<const double> span(const Row& x) {
  return {x.data(), x.size()};
}

/// Values that are masked are no values, which numpy forgets where it makes an array of them.
inline void require_unmasked(nb::handle value) {
  if (value.is_none() || value.type().is(nb::module_::import_("numpy").attr("ndarray"))) return;
  nb::module_::import_("quartic.arguments").attr("require_unmasked")(value);
}

/// Any array-like as contiguous values of that type; no copy where it is one already.
template <class T = Input>
T as_input(nb::handle value, const char* type = "float64") {
  require_unmasked(value);
  return nb::cast<T>(nb::module_::import_("numpy").attr("ascontiguousarray")(value, type));
}

/// An argument of a wrong type: quartic.errors.BadType.
class BadType : public BadInput {
 public:
  using BadInput::BadInput;
};

/// "a str", "None": how messages name what was given.
inline std::string text_of(nb::handle value) {
  if (value.is_none()) return "None";
  return "a " + nb::cast<std::string>(nb::object(value.type().attr("__name__")));
}

template <class T>
std::string shape_text(const T& array) {
  std::string text = "(";
  for (std::size_t d = 0; d < array.ndim(); ++d)
    text += (d > 0 ? ", " : "") + std::to_string(array.shape(d));
  return text + (array.ndim() == 1 ? ",)" : ")");
}

/// An integer of at least so much, in the range of a key of the config or else any count.
inline int whole(nb::handle value, const char* place, const char* name, int least,
                 const char* key = "sample.draws") {
  return nb::cast<int>(nb::module_::import_("quartic.arguments")
                           .attr("whole")(place, name, nb::borrow(value), least, key));
}
/// A number in the range of a key of the config.
inline double number(nb::handle value, const char* place, const char* name, const char* key) {
  return nb::cast<double>(nb::module_::import_("quartic.arguments")
                              .attr("in_range")(place, name, nb::borrow(value), key));
}

/// Any array-like as a contiguous numpy array. Throws BadType, naming `what`, for anything else.
inline nb::object as_array(nb::handle value, const char* type, const std::string& what) {
  const nb::module_ numpy = nb::module_::import_("numpy");
  const bool integers = type[0] == 'i';
  require_unmasked(value);
  try {
    const nb::object array = numpy.attr("asarray")(value);
    const char kind = nb::cast<std::string>(array.attr("dtype").attr("kind"))[0];
    const bool empty = nb::cast<std::size_t>(array.attr("size")) == 0;
    if (kind == 'i' || kind == 'u' || kind == 'b' || (kind == 'f' && (!integers || empty)))
      return numpy.attr("require")(array, type, "C");
  } catch (nb::python_error&) {  // said below
  }
  throw BadType(
      what + " must be " + (integers ? "integers" : "real numbers") + ", not " + text_of(value),
      "an array, or anything that numpy makes one of");
}

inline Input doubles(nb::handle value, const std::string& what) {
  return nb::cast<Input>(as_array(value, "float64", what));
}

/// One number for all, or one each. Throws BadInput "`what` has 3 values where `whose` needs 4".
inline void fill(std::vector<double>& values, const Input& from, const std::string& what,
                 const std::string& whose, const std::string& each) {
  if (from.size() == values.size()) {
    std::copy_n(from.data(), from.size(), values.begin());
  } else if (from.size() == 1) {
    std::fill(values.begin(), values.end(), *from.data());
  } else {
    throw BadInput(what + " has " + std::to_string(from.size()) + " values where the " + whose +
                       " needs " + std::to_string(values.size()),
                   each + ", or a single number");
  }
}

inline std::vector<int> integers(nb::handle value, const std::string& what) {
  const auto array = nb::cast<nb::ndarray<const std::int64_t, nb::c_contig, nb::device::cpu>>(
      as_array(value, "int64", what));
  for (std::size_t k = 0; k < array.size(); ++k)
    if (array.data()[k] != static_cast<int>(array.data()[k]))
      throw BadInput(what + " cannot be " + std::to_string(array.data()[k]),
                     "32 bits hold every site number");
  return {array.data(), array.data() + array.size()};
}

inline int integer(nb::handle value, const std::string& what) {
  const auto all = integers(value, what);
  if (all.size() == 1) return all[0];
  throw BadInput(what + " must be one integer, not " + std::to_string(all.size()),
                 "a whole number");
}

/// The arguments of a constructor by name, in the order of `names`; the first `required` must be
/// there. Throws BadType as Python would, in quartic's own words.
template <std::size_t N>
std::array<nb::object, N> arguments(const std::string& function, nb::args given, nb::kwargs named,
                                    const std::array<const char*, N>& names, std::size_t required) {
  std::array<nb::object, N> out;
  std::string all;
  for (const char* name : names) all += (all.empty() ? "" : ", ") + std::string(name);
  const std::string hint = function + "(" + all + ")";
  if (given.size() > N)
    throw BadType(function + " takes " + std::to_string(N) + " arguments, not " +
                      std::to_string(given.size()),
                  hint);
  for (std::size_t k = 0; k < given.size(); ++k) out[k] = nb::borrow(given[k]);
  for (const auto& [key, value] : named) {
    const auto word = nb::cast<std::string>(key);
    const auto at = std::find(names.begin(), names.end(), word) - names.begin();
    if (at == static_cast<std::ptrdiff_t>(N))
      throw BadType(function + " has no argument '" + word + "'", hint);
    if (out[at].is_valid()) throw BadType(function + ": '" + word + "' is given twice", hint);
    out[at] = nb::borrow(value);
  }
  for (std::size_t k = 0; k < required; ++k)
    if (!out[k].is_valid()) throw BadType(function + " needs '" + names[k] + "'", hint);
  return out;
}

/// The seed that a `random_state` stands for: None, an integer or a numpy Generator.
inline std::uint64_t seed_of(nb::handle random_state) {
  return nb::cast<std::uint64_t>(
      nb::module_::import_("quartic.seeds").attr("seed_of")(random_state));
}

/// After all bindings: calls that nanobind refuses raise quartic.errors.BadType with one sentence.
void say_what_is_refused(nb::module_& m);

void bind_actions(nb::module_& m);
void bind_graphs(nb::module_& m);
void bind_network(nb::module_& m);
void bind_runs(nb::module_& m);
void bind_chains(nb::module_& m);

}  // namespace quartic::python
