// Entries of a run file by one function for both ways: given a Writer it writes the member, given
// a Reader it fills it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <type_traits>
#include <vector>

#include "data/hdf5.hpp"
#include "quartic/core/estimate.hpp"
#include "quartic/core/fields.hpp"
#include "runfile/run_parts.hpp"

namespace quartic::run_parts {

template <class IO>
inline constexpr bool writing = std::is_same_v<IO, hdf5::Writer>;

/// Whether a file has an entry: as it was read, or as it shall be.
template <class IO>
bool has(IO& io, const std::string& path, bool wanted) {
  if constexpr (writing<IO>)
    return wanted;
  else
    return io.has(path);
}

/// What a member is as a dataset. Words stand for enumerators.
template <class V>
auto stored(const V& member) {
  if constexpr (Worded<V>)
    return std::string(name(member));
  else if constexpr (std::is_same_v<V, bool>)
    return static_cast<std::uint8_t>(member);
  else if constexpr (std::is_integral_v<V>)
    return static_cast<std::int32_t>(member);
  else
    return member;
}

/// As an attribute: long integers stay long.
template <class V>
auto stored_attribute(const V& member) {
  if constexpr (std::is_integral_v<V> && sizeof(V) == 8)
    return static_cast<std::uint64_t>(member);
  else
    return stored(member);
}

/// Fills a member from what is stored of it.
template <class V, class Stored>
void restore(const hdf5::Reader& in, V& member, const Stored& value) {
  if constexpr (Worded<V>)
    member = read_word<V>(in, value);
  else
    member = static_cast<V>(value);
}

template <class IO, class V>
void attribute(IO& io, const std::string& group, const std::string& name, V& member) {
  using Stored = decltype(stored_attribute(member));
  if constexpr (writing<IO>)
    io.attribute(group, name, stored_attribute(member));
  else if constexpr (std::is_same_v<Stored, std::string>)
    restore(io, member, io.text_attribute(group, name));
  else
    restore(io, member, io.template attribute<Stored>(group, name));
}
/// Of a group: name, member, name, member, ...
template <class IO, class... Pairs>
void attributes(IO& io, const std::string& group, Pairs&&... pairs) {
  members([&](const char* name, auto& member) { attribute(io, group, name, member); }, pairs...);
}

/// Those of a later layout: where they are not there, members stay as they are.
template <class IO, class... Pairs>
void later_attributes(IO& io, const std::string& group, Pairs&&... pairs) {
  members(
      [&](const char* name, auto& member) {
        if constexpr (!writing<IO>)
          if (!io.has_attribute(group, name)) return;
        attribute(io, group, name, member);
      },
      pairs...);
}

template <class IO, class V>
void scalar(IO& io, const std::string& path, V& member) {
  using Stored = decltype(stored(member));
  if constexpr (std::is_same_v<std::remove_const_t<V>, Estimate>)
    scalar(io, path, member.value), scalar(io, path + "_error", member.error);
  else if constexpr (writing<IO> && std::is_same_v<Stored, std::string>)
    io.text(path, stored(member));
  else if constexpr (writing<IO>)
    io.scalar(path, stored(member));
  else if constexpr (std::is_same_v<Stored, std::string>)
    restore(io, member, io.text(path));
  else
    restore(io, member, io.template scalar<Stored>(path));
}
template <class IO, class... Pairs>
void scalars_of(IO& io, const std::string& prefix, Pairs&&... pairs) {
  members([&](const char* name, auto& member) { scalar(io, prefix + name, member); }, pairs...);
}

/// Lists that are their own dimensions of a group: name, member, ...
template <class IO, class... Pairs>
void dimensions(IO& io, const std::string& group, Pairs&&... pairs) {
  const auto one = [&]<class List>(const std::string& name, List& list) {
    using T = typename List::value_type;
    constexpr bool words = std::is_same_v<T, std::string>;
    if constexpr (writing<IO>) {
      if constexpr (words)
        io.dimension(group, name, list);
      else
        io.template dimension<T>(group, name, list);
    } else {
      if constexpr (words)
        list = io.texts(group + "/" + name);
      else
        list = io.template list<T>(group + "/" + name);
    }
  };
  members(one, pairs...);
}

/// Dimensions 0, 1, ..., size - 1 of a group: name, size, ...
template <class IO, class... Pairs>
void counts(IO& io, const std::string& group, Pairs&&... pairs) {
  const auto one = [&](const std::string& name, std::size_t& size) {
    if constexpr (writing<IO>)
      io.count(group, name, size);
    else
      size = io.template list<std::int32_t>(group + "/" + name).size();
  };
  members(one, pairs...);
}

/// The same where a reader wants none, or so many values of each.
template <class IO, class... Pairs>
void dimensions_of(IO& io, const std::string& group, std::size_t count, Pairs&&... pairs) {
  dimensions(io, group, pairs...);
  if constexpr (!writing<IO>) {
    const auto one = [&](const std::string& name, const auto& list) {
      if (!list.empty() && list.size() != count)
        io.refuse(fmt::format("'{}/{}' has {} values, not {}", group, name, list.size(), count));
    };
    members(one, pairs...);
  }
}

/// An array along dimensions of its group; `count`: how many values a reader wants.
template <class IO, class List>
void values(IO& io, const std::string& path, List& list, const std::vector<std::string>& along,
            std::size_t count) {
  if constexpr (writing<IO>)
    io.write(path, view(list), along);
  else
    list = io.template read<typename List::value_type>(path, along, count);
}
/// Of numbers without which nothing can go on: a reader refuses what is not finite.
template <class IO, class List>
void finite_values(IO& io, const std::string& path, List& list,
                   const std::vector<std::string>& along, std::size_t count) {
  if constexpr (writing<IO>)
    io.write(path, view(list), along);
  else
    list = io.template read_finite<typename List::value_type>(path, along, count);
}
/// Such ones that are widened floats, and stored as floats.
template <class IO, class List>
void narrow_values(IO& io, const std::string& path, List& list,
                   const std::vector<std::string>& along, std::size_t count) {
  if constexpr (writing<IO>)
    io.write(path, view(std::vector<float>(list.begin(), list.end())), along);
  else
    list = io.template read_finite<double>(path, along, count);
}

/// Numbers of a list of rows, each `width` of them, [row][k]: get(row, k) is one.
template <class IO, class Rows, class Get>
void table(IO& io, const std::string& path, Rows& rows, std::size_t width,
           const std::vector<std::string>& along, Get get) {
  std::vector<double> all;
  if constexpr (writing<IO>)
    for (const auto& row : rows)
      for (std::size_t k = 0; k < width; ++k) all.push_back(get(row, k));
  values(io, path, all, along, rows.size() * width);
  if constexpr (!writing<IO>)
    for (std::size_t n = 0; n < all.size(); ++n) get(rows[n / width], n % width) = all[n];
}

/// Estimates along a dimension, their errors beside them.
template <class IO, class List>
void estimates(IO& io, const std::string& path, List& list, const std::string& along,
               std::size_t count) {
  if constexpr (!writing<IO>) list.resize(count);
  table(
      io, path, list, 1, {along}, [](auto& e, std::size_t) -> auto& { return e.value; });
  table(
      io, path + "_error", list, 1, {along}, [](auto& e, std::size_t) -> auto& { return e.error; });
}

}  // namespace quartic::run_parts
