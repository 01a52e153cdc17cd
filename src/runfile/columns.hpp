// Rows in a run file: every member that fields(row, visit) names is a column.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <type_traits>
#include <vector>

#include "data/hdf5.hpp"
#include "quartic/core/estimate.hpp"
#include "runfile/run_parts.hpp"

namespace quartic::run_parts {

/// Calls f(name, member) for every number and text of a row; the error of an Estimate is one of its
/// own, and members that have fields themselves carry their name in front.
template <class Row, class F>
void for_each_member(Row& row, const std::string& prefix, F&& f) {
  fields(row, [&]<class V>(const std::string& own, V& member, auto&&) {
    const std::string name = prefix.empty() || own.empty() ? prefix + own : prefix + "_" + own;
    using Value = std::remove_const_t<V>;
    if constexpr (std::is_same_v<Value, Estimate>)
      f(name, member.value), f(name + "_error", member.error);
    else if constexpr (std::is_arithmetic_v<Value> || std::is_same_v<Value, std::string>)
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
    if constexpr (std::is_same_v<Stored, std::string>)
      out.texts(path, values, {dimension});
    else if (name == dimension)
      out.dimension<Stored>(group, dimension, values);
    else
      out.write(path, view(values), {dimension});
  });
}

/// As many rows as the dimension has.
template <class Row>
std::vector<Row> read_columns(const hdf5::Reader& in, const std::string& group,
                              const std::string& dimension, const Row& example = {}) {
  const std::size_t count = in.read<std::int32_t>(group + "/" + dimension).size();
  std::vector<Row> rows(count, example);
  std::size_t index = 0;
  for_each_member(example, "", [&]<class V>(const std::string& name, const V&) {
    using Stored = decltype(stored(std::declval<const V&>()));
    const std::string path = group + "/" + name;
    std::vector<Stored> values;
    if constexpr (std::is_same_v<Stored, std::string>)
      values = in.texts(path);
    else
      values = in.read<Stored>(path, count);
    if (values.size() != count) in.refuse("the columns of '" + group + "' differ in length");
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

}  // namespace quartic::run_parts
