// Rows of units between numpy and networks.
#pragma once

#include <nanobind/stl/string.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "numpy.hpp"
#include "quartic/core/data_source.hpp"
#include "quartic/core/error.hpp"
#include "quartic/network/start.hpp"

namespace quartic::python {

using FloatInput = nb::ndarray<const float, nb::c_contig, nb::device::cpu>;

/// Values of shape (..., width): rows of one layer.
struct Rows {
  Input values;
  std::size_t count, width;
  std::span<const double> all() const { return span(values); }
  std::span<const double> row(std::size_t n) const { return all().subspan(n * width, width); }
};

/// Their number. Refuses values that are not finite: draws would never end on them.
template <class Values>
std::size_t count_rows(const Values& values, int width, const char* of) {
  const auto wanted = static_cast<std::size_t>(width);
  if (values.ndim() == 0 || values.shape(values.ndim() - 1) != wanted) {
    throw BadInput("the last axis must have one entry a " + std::string(of) + " unit, " +
                   std::to_string(width));
  }
  const auto* end = values.data() + values.size();
  const auto* bad = std::find_if(values.data(), end, [](auto x) { return !std::isfinite(x); });
  if (bad != end) {
    const auto at = static_cast<std::size_t>(bad - values.data());
    throw BadInput("row " + std::to_string(at / wanted) + ", unit " + std::to_string(at % wanted) +
                       " is " + std::to_string(*bad),
                   "remove or fill the values that are missing");
  }
  return values.size() / wanted;
}

inline Rows rows_of(nb::handle value, int width, const char* of) {
  Rows rows{as_input(value), 0, static_cast<std::size_t>(width)};
  rows.count = count_rows(rows.values, width, of);
  return rows;
}

/// One value a row (or `width` of them) in the shape that the rows came in.
inline Doubles shaped(const Rows& rows, std::vector<double> values, int width = 0) {
  nb::list shape;
  for (std::size_t d = 0; d + 1 < rows.values.ndim(); ++d) shape.append(rows.values.shape(d));
  if (width > 0) shape.append(width);
  const std::size_t size = values.size();
  return nb::object(
      nb::cast(to_numpy(std::move(values), {size})).attr("reshape")(nb::tuple(shape))[nb::tuple()]);
}

template <class T>
nb::object vector_to_python(std::vector<T> values) {
  const std::size_t size = values.size();
  return nb::cast(to_numpy(std::move(values), {size}));
}

template <class T>
std::vector<T> vector_from(nb::handle value, const char* type) {
  const auto input = as_input<nb::ndarray<const T, nb::c_contig, nb::device::cpu>>(value, type);
  return {input.data(), input.data() + input.size()};
}
inline std::vector<double> doubles_from(nb::handle value) {
  return vector_from<double>(value, "float64");
}

/// Rows that stay in a numpy array.
class NumpySource final : public DataSource {
 public:
  explicit NumpySource(nb::handle rows) : values_(as_input<FloatInput>(rows, "float32")) {
    if (values_.ndim() != 2) throw BadInput("data must be an array of shape (rows, columns)");
  }
  std::size_t rows() const override { return values_.shape(0); }
  std::size_t columns() const override { return values_.shape(1); }
  void read(std::span<const std::size_t> rows, std::span<float> out) const override {
    for (std::size_t n = 0; n < rows.size(); ++n)
      std::copy_n(values_.data() + rows[n] * columns(), columns(), out.data() + n * columns());
  }
  std::span<const float> first(std::size_t most) const {
    return {values_.data(), std::min(most, rows()) * columns()};
  }

 private:
  FloatInput values_;
};

inline ColumnMoments moments_of(const NumpySource& data) {
  if (data.rows() == 0) throw BadInput("the data have no rows");
  return column_moments(data);
}

/// So many rows tell the hidden units' moments.
inline constexpr std::size_t rows_of_base = 1000;

void bind_likelihood(nb::class_<Network>& type);
void bind_training(nb::module_& m);
void bind_density(nb::module_& m);

}  // namespace quartic::python
