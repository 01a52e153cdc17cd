// The one table of a config's keys: name, type, default, range, words and meaning of each. It is
// what configs are read, checked, dumped and documented by, and knows nothing of TOML's parser.
#pragma once

#include <array>
#include <complex>
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "quartic/config/config.hpp"

namespace quartic::binder {

/// No number of a config is larger: what comes of larger ones is beyond float32, or not finite.
inline constexpr double largest_number = 1e30;

/// What numbers a key takes.
struct Range {
  double low = -largest_number, high = largest_number;
  bool low_excluded = false;
  int multiple = 1;
};
inline constexpr Range no_range{};
inline Range multiple_of(int step, double high) {
  return {.low = static_cast<double>(step), .high = high, .multiple = step};
}
inline Range at_least(double low) {
  return {.low = low};
}
inline Range above(double low, double high = largest_number) {
  return {.low = low, .high = high, .low_excluded = true};
}
inline Range between(double low, double high) {
  return {.low = low, .high = high};
}

/// So many chains and rungs that their product, and twice it, are still int.
inline constexpr int max_chains = 1 << 20, max_rungs = 1000;
/// Of steps, decays and deviations in units of the data's or the model's spread.
inline constexpr double most_rate = 1e6, most_decay = 1e9, most_noise = 1e6, most_error = 1e6;

/// A value out of a list of names.
struct Choice {
  std::vector<std::string_view> names;
  std::function<std::string()> get;
  std::function<void(int)> set;
};

template <Worded E>
Choice choice(E& value) {
  Choice c;
  c.names.assign(words_of<E>.begin(), words_of<E>.end());
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

template <Worded E>
Choices choices(std::vector<E>& values) {
  Choices c;
  c.names.assign(words_of<E>.begin(), words_of<E>.end());
  c.get = [&values] {
    std::vector<std::string> chosen;
    for (const E value : values) chosen.emplace_back(name(value));
    return chosen;
  };
  c.set = [&values](const std::vector<int>& chosen) {
    values.clear();
    for (const int k : chosen) values.push_back(static_cast<E>(k));
  };
  return c;
}

/// Names out of a list, one for all or an array of them; none is written [].
struct NameList {
  std::vector<std::string>* chosen;
  std::vector<std::string_view> names;
};

/// An integer, an array of at least one, or "auto", which is one 0.
struct OneOrMore {
  std::vector<int>* values;
};

/// A file name: relative ones are taken from the config's directory.
struct FileName {
  std::string* value;
};

/// A file name, or [[i, j], ...].
struct EdgeList {
  std::string* file;
  std::vector<Edge>* pairs;
};

/// Columns of the data as text, or an array of their names or numbers.
struct Columns {
  std::string* text;
  std::vector<std::string>* names;
};

/// An integer whose value 0 means "chosen by quartic", written "auto".
struct AutoInt {
  int* value;
};

/// Numbers for w, r, a and b: one for all, or four.
struct ByKind {
  std::array<double, coupling_kinds>* value;
};

/// One function out of several, for std::visit.
template <class... Fs>
struct Visit : Fs... {
  using Fs::operator()...;
};
template <class... Fs>
Visit(Fs...) -> Visit<Fs...>;

using Reference =
    std::variant<bool*, int*, AutoInt, std::uint64_t*, double*, std::complex<double>*, std::string*,
                 FileName, EdgeList, Columns, Choice, Choices, OneOrMore, std::optional<int>*,
                 std::optional<double>*, std::vector<int>*, std::optional<bool>*,
                 std::vector<double>*, NameList, ByKind, CouplingStart*>;

/// What a key of [model], [training] or [evaluation] is for; a stack has those of a network, too.
enum class Of { anything, field, network, stack };

struct Key {
  std::string_view name;
  Reference value;
  std::string_view doc;
  Range range{};
  bool omit_unset = false;  ///< leave it out of the dump where it is empty (no "auto")
  Of of = Of::anything;
};
inline Key of_field(Key key) {
  key.of = Of::field;
  return key;
}
inline Key of_network(Key key) {
  key.of = Of::network;
  return key;
}
inline Key of_stack(Key key) {
  key.of = Of::stack;
  return key;
}

struct Section {
  std::string_view name;
  std::string_view doc;
  std::vector<Key> keys;
};

/// Every section but [[target]], bound to the config.
std::vector<Section> sections(Config& config);
/// Whether what the config is for needs the section.
bool plays_a_part(std::string_view section, const Config& config);
/// One [[target]] entry.
Section target_section(TermSpec& spec);
/// Starts that are not given: the defaults, unless a homogeneous theory gives them.
void fill_starts(ActionConfig& action);

/// With a decimal point, or an exponent.
std::string toml_number(double value);
/// A key's value as TOML; empty where it is unset and left out.
std::string dump(const Key& key);
/// "a number > 0", "auto or an integer >= 1", ...
std::string type_name(const Key& key);
/// What the key means, and of what: "of a network: ...".
std::string meaning(const Key& key);

}  // namespace quartic::binder
