// A config section as one list of keys: the same list reads, checks, dumps and documents it.
#pragma once

#include <toml++/toml.h>

#include <array>
#include <complex>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "quartic/config/config.hpp"

namespace quartic::binder {

/// What numbers a key takes.
struct Range {
  double low = -std::numeric_limits<double>::infinity();
  double high = std::numeric_limits<double>::infinity();
  bool low_excluded = false;
  int multiple = 1;
};
inline Range at_least(double low) {
  return {.low = low};
}
inline Range above(double low) {
  return {.low = low, .low_excluded = true};
}
inline Range between(double low, double high) {
  return {.low = low, .high = high};
}

/// A value out of a list of names.
struct Choice {
  std::vector<std::string_view> names;
  std::function<std::string()> get;
  std::function<void(int)> set;
};

template <class E>
Choice choice(E& value, int count) {
  Choice c;
  for (int k = 0; k < count; ++k) c.names.push_back(name(static_cast<E>(k)));
  c.get = [&value] { return std::string(name(value)); };
  c.set = [&value](int k) { value = static_cast<E>(k); };
  return c;
}
Choice choice(std::string& value, std::span<const std::string_view> names);

/// One name out of a list, or an array of them.
struct Choices {
  std::vector<std::string_view> names;
  std::function<std::vector<std::string>()> get;
  std::function<void(const std::vector<int>&)> set;
};

template <class E>
Choices choices(std::vector<E>& values, int count) {
  Choices c;
  for (int k = 0; k < count; ++k) c.names.push_back(name(static_cast<E>(k)));
  c.get = [&values] {
    std::vector<std::string> words;
    for (const E value : values) words.emplace_back(name(value));
    return words;
  };
  c.set = [&values](const std::vector<int>& chosen) {
    values.clear();
    for (const int k : chosen) values.push_back(static_cast<E>(k));
  };
  return c;
}

/// An integer, or an array of at least one.
struct OneOrMore {
  std::vector<int>* values;
};

/// A file name: relative ones are taken from the config's directory.
struct FileName {
  std::string* value;
};

/// An integer whose value 0 means "chosen by quartic", written "auto".
struct AutoInt {
  int* value;
};

/// Numbers for w, r, a and b: one for all, or four.
struct ByKind {
  std::array<double, coupling_kinds>* value;
};

using Reference =
    std::variant<bool*, int*, AutoInt, std::uint64_t*, double*, std::complex<double>*, std::string*,
                 FileName, Choice, Choices, OneOrMore, std::optional<int>*, std::optional<double>*,
                 std::vector<int>*, std::optional<bool>*, std::vector<double>*,
                 std::vector<std::string>*, ByKind, CouplingStart*>;

struct Key {
  std::string_view name;
  Reference value;
  std::string_view doc;
  Range range{};
  bool omit_unset = false;  ///< leave it out of the dump where it is empty (no "auto")
};

struct Section {
  std::string_view name;
  std::string_view doc;
  std::vector<Key> keys;
};

/// Every section but [[target]], bound to the config.
std::vector<Section> sections(Config& config);
/// One [[target]] entry.
Section target_section(TermSpec& spec);

/// Where a node stands: "FILE:LINE" or "--set ...".
std::string place(const toml::source_region& source);

/// Sets the keys that are present. Throws BadInput with the place.
void read(const Section& section, const toml::table& table, const std::filesystem::path& directory);

/// A key's value as TOML; empty where it is unset and left out.
std::string dump(const Key& key);
/// "a number > 0", "auto or an integer >= 1", ...
std::string type_name(const Key& key);

}  // namespace quartic::binder
