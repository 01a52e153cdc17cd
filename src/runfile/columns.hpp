// Rows in a run file: every member that fields(row, visit) names is a column.
#pragma once

#include "quartic/stats/reweighting.hpp"
#include "runfile/entries.hpp"

namespace quartic::run_parts {

/// The real (0) or imaginary (1) part of a number: they stand one after the other
/// ([complex.numbers.general]).
template <class Complex>
auto& part(Complex& z, int which) {
  using Part = std::conditional_t<std::is_const_v<Complex>, const double, double>;
  return reinterpret_cast<Part*>(&z)[which];
}

/// Calls f(name, member) for every number and text of a row; the error of an Estimate is one of its
/// own, and members that have fields themselves carry their name in front.
template <class Row, class F>
void for_each_member(Row& row, const std::string& prefix, F&& f) {
  fields(row, [&]<class V>(const std::string& own, V& member) {
    const std::string name = prefix.empty() || own.empty() ? prefix + own : prefix + "_" + own;
    using Value = std::remove_const_t<V>;
    if constexpr (std::is_same_v<Value, Estimate>) {
      f(name, member.value), f(name + "_error", member.error);
    } else if constexpr (std::is_same_v<Value, ComplexEstimate>) {
      f(name + "_real", part(member.value, 0)), f(name + "_imag", part(member.value, 1));
      f(name + "_error_real", member.real_error), f(name + "_error_imag", member.imag_error);
    } else if constexpr (std::is_arithmetic_v<Value> || std::is_same_v<Value, std::string>)
      f(name, member);
    else
      for_each_member(member, name, f);
  });
}

/// Calls f(member) for the member that comes as number `index`, which is a V.
template <class V, class Row, class F>
void at_member(Row& row, std::size_t index, F&& f) {
  std::size_t at = 0;
  for_each_member(row, "", [&]<class U>(auto&&, U& member) {
    if constexpr (std::is_same_v<std::remove_const_t<U>, V>) {
      if (at == index) f(member);
    }
    ++at;
  });
}

/// Columns of the group along its dimension. Those named as the dimension itself make it.
template <class Row>
void columns(hdf5::Writer& out, const std::string& group, const std::string& dimension,
             const std::vector<Row>& rows, const Row& example = {}) {
  std::size_t index = 0;
  for_each_member(example, "", [&]<class V>(const std::string& name, const V&) {
    using Stored = decltype(stored(std::declval<const V&>()));
    std::vector<Stored> values;
    for (const Row& row : rows)
      at_member<V>(row, index, [&](const V& member) { values.push_back(stored(member)); });
    ++index;
    const std::string path = group + "/" + name;
    if constexpr (std::is_same_v<Stored, std::string>) {
      if (name != dimension) return out.texts(path, values, {dimension});
      out.dimension(group, dimension, values);
    } else {
      if constexpr (!std::is_same_v<Stored, std::uint8_t>) {  // no flags number rows
        if (name == dimension) return out.dimension<Stored>(group, dimension, values);
      }
      out.write(path, view(values), {dimension});
    }
  });
}

/// Makes as many rows as the dimension has. Columns that are not there, as of an earlier layout,
/// stay as `example` has them.
template <class Row>
void columns(const hdf5::Reader& in, const std::string& group, const std::string& dimension,
             std::vector<Row>& rows, const Row& example = {}) {
  const auto shape = in.shape(group + "/" + dimension);
  if (shape.size() != 1) in.refuse("'" + group + "/" + dimension + "' is no list");
  const std::size_t count = shape[0];
  rows.clear();  // made once a column has shown that there are so many
  std::size_t index = 0;
  for_each_member(example, "", [&]<class V>(const std::string& name, const V&) {
    using Stored = decltype(stored(std::declval<const V&>()));
    const std::string path = group + "/" + name;
    std::vector<Stored> values;
    if constexpr (std::is_arithmetic_v<V> || std::is_same_v<V, std::string>)
      if (!in.has(path)) return void(++index);
    if constexpr (std::is_same_v<Stored, std::string>)
      values = name == dimension ? read_words(in, path) : in.texts(path);
    else
      values = in.read<Stored>(path, {dimension}, count);
    if (values.size() != count) in.refuse("the columns of '" + group + "' differ in length");
    if (rows.empty()) rows.assign(count, example);
    for (std::size_t k = 0; k < count; ++k)
      at_member<V>(rows[k], index, [&](V& member) { member = static_cast<V>(values[k]); });
    ++index;
  });
}

/// A single row: every member a scalar of the group. Numbers that are not there, as of an earlier
/// layout, become NaN.
template <class IO, class Row>
void scalars(IO& io, const std::string& group, Row& row) {
  for_each_member(row, "", [&]<class V>(const std::string& name, V& member) {
    const std::string path = group + "/" + name;
    if constexpr (!writing<IO>) {  // by itself: a writer has no `has`
      if constexpr (std::is_floating_point_v<V>)
        if (!io.has(path)) return void(member = static_cast<V>(std::nan("")));
    }
    scalar(io, path, member);
  });
}

}  // namespace quartic::run_parts
