// Rows in a run file: every member that fields(row, visit) names is a column.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <type_traits>
#include <vector>

#include "data/hdf5.hpp"
#include "quartic/core/estimate.hpp"
#include "quartic/stats/reweighting.hpp"
#include "runfile/run_parts.hpp"

namespace quartic::run_parts {

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
      // The parts of a std::complex stand one after the other ([complex.numbers.general]).
      auto* parts = reinterpret_cast<std::conditional_t<std::is_const_v<V>, const double, double>*>(
          &member.value);
      f(name + "_real", parts[0]), f(name + "_imag", parts[1]);
      f(name + "_error_real", member.real_error), f(name + "_error_imag", member.imag_error);
    } else if constexpr (std::is_arithmetic_v<Value> || std::is_same_v<Value, std::string>)
      f(name, member);
    else
      for_each_member(member, name, f);
  });
}

/// What a member is in a file.
template <class V>
auto stored(const V& member) {
  if constexpr (std::is_same_v<V, bool>)
    return static_cast<std::uint8_t>(member);
  else if constexpr (std::is_integral_v<V>)
    return static_cast<std::int32_t>(member);
  else
    return member;
}

/// Columns of the group along its dimension. Those named as the dimension itself make it.
template <class Row>
void write_columns(hdf5::Writer& out, const std::string& group, const std::string& dimension,
                   const std::vector<Row>& rows, const Row& example = {}) {
  std::size_t index = 0;
  for_each_member(example, "", [&]<class V>(const std::string& name, const V&) {
    using Stored = decltype(stored(std::declval<const V&>()));
    std::vector<Stored> values;
    for (const Row& row : rows) {
      std::size_t at = 0;
      for_each_member(row, "", [&]<class U>(auto&&, const U& member) {
        if constexpr (std::is_same_v<U, V>) {
          if (at == index) values.push_back(stored(member));
        }
        ++at;
      });
    }
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

/// As many rows as the dimension has.
template <class Row>
std::vector<Row> read_columns(const hdf5::Reader& in, const std::string& group,
                              const std::string& dimension, const Row& example = {}) {
  const auto shape = in.shape(group + "/" + dimension);
  if (shape.size() != 1) in.refuse("'" + group + "/" + dimension + "' is no list");
  const std::size_t count = shape[0];
  std::vector<Row> rows;  // made once a column has shown that there are so many
  std::size_t index = 0;
  for_each_member(example, "", [&]<class V>(const std::string& name, const V&) {
    using Stored = decltype(stored(std::declval<const V&>()));
    const std::string path = group + "/" + name;
    std::vector<Stored> values;
    if constexpr (std::is_same_v<Stored, std::string>)
      values = name == dimension ? read_words(in, path) : in.texts(path);
    else
      values = in.read<Stored>(path, count);
    if (values.size() != count) in.refuse("the columns of '" + group + "' differ in length");
    if (rows.empty()) rows.assign(count, example);
    for (std::size_t k = 0; k < count; ++k) {
      std::size_t at = 0;
      for_each_member(rows[k], "", [&]<class U>(auto&&, U& member) {
        if constexpr (std::is_same_v<U, V>) {
          if (at == index) member = static_cast<U>(values[k]);
        }
        ++at;
      });
    }
    ++index;
  });
  return rows;
}

/// A single row: every member a scalar of the group.
template <class Row>
void write_scalars(hdf5::Writer& out, const std::string& group, const Row& row) {
  for_each_member(row, "", [&](const std::string& name, const auto& member) {
    if constexpr (std::is_same_v<std::decay_t<decltype(member)>, std::string>)
      out.text(group + "/" + name, member);
    else
      out.scalar(group + "/" + name, stored(member));
  });
}

/// Numbers that are not there, as of an earlier layout, become NaN.
template <class Row>
void read_scalars(const hdf5::Reader& in, const std::string& group, Row& row) {
  for_each_member(row, "", [&]<class V>(const std::string& name, V& member) {
    const std::string path = group + "/" + name;
    if constexpr (std::is_same_v<V, std::string>)
      member = in.text(path);
    else if (std::is_floating_point_v<V> && !in.has(path))
      member = static_cast<V>(std::nan(""));
    else
      member = static_cast<V>(in.scalar<decltype(stored(member))>(path));
  });
}

}  // namespace quartic::run_parts
