// What all bindings share: numpy arrays in and out, seeds.
#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include <cstdint>
#include <initializer_list>
#include <span>
#include <utility>
#include <vector>

namespace quartic::python {

namespace nb = nanobind;

using Input = nb::ndarray<const double, nb::c_contig, nb::device::cpu>;
using Row = nb::ndarray<const double, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using Array = nb::ndarray<nb::numpy, double>;

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

/// Any array-like as contiguous values of that type; no copy where it is one already.
template <class T = Input>
T as_input(nb::handle value, const char* type = "float64") {
  return nb::cast<T>(nb::module_::import_("numpy").attr("ascontiguousarray")(value, type));
}

/// The seed that a `random_state` stands for: None, an integer or a numpy Generator.
inline std::uint64_t seed_of(nb::handle random_state) {
  return nb::cast<std::uint64_t>(
      nb::module_::import_("quartic.seeds").attr("seed_of")(random_state));
}

void bind_network(nb::module_& m);

}  // namespace quartic::python
