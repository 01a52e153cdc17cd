#include "config/reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "quartic/core/error.hpp"
#include "quartic/core/shown.hpp"
#include "quartic/core/suggest.hpp"

namespace quartic::binder {
namespace {

[[noreturn]] void refuse(const toml::node& node, const std::string& what, std::string hint = {}) {
  throw BadInput(fmt::format("{}: {}", place(node.source()), what), std::move(hint));
}

/// Of a variable that a script has not set, or of a list that it has not filled: where nothing
/// means the default, that would run in silence.
void require_something(const Key& key, const toml::node& node) {
  const bool nothing = (node.is_string() && node.value<std::string>()->empty()) ||
                       (node.is_array() && node.as_array()->empty());
  if (nothing) refuse(node, fmt::format("'{}' is empty", key.name), "leave it out for the default");
}

/// One value of one key being read: carries what every message needs.
class Value {
 public:
  Value(const Key& key, const toml::node& node) : key_(key), node_(node) {}

  [[noreturn]] void wrong_type() const {
    refuse(node_,
           fmt::format("'{}' must be {}, not {}", key_.name, type_name(key_), spelled(node_)));
  }
  double number(const toml::node& node) const {
    const auto value = node.value<double>();
    if (!value || !node.is_number()) wrong_type();
    check(*value);
    return *value;
  }
  std::int64_t integer(const toml::node& node) const {
    if (!node.is_integer()) wrong_type();
    const auto value = *node.value<std::int64_t>();
    check(static_cast<double>(value));
    return value;
  }
  int small(const toml::node& node) const {
    const auto value = integer(node);
    if (value != static_cast<int>(value)) out_of_range(fmt::format("{}, above 2^31 - 1", value));
    return static_cast<int>(value);
  }
  std::string text(const toml::node& node) const {
    if (!node.is_string()) wrong_type();
    return *node.value<std::string>();
  }
  bool is_auto() const { return node_.is_string() && node_.value<std::string>() == "auto"; }

  /// A node as a key of this type takes it.
  template <class T>
  T as(const toml::node& node) const {
    if constexpr (std::is_same_v<T, bool>) {
      if (!node.is_boolean()) wrong_type();
      return *node.value<bool>();
    } else if constexpr (std::is_same_v<T, std::string>) {
      return text(node);
    } else if constexpr (std::is_same_v<T, int>) {
      return small(node);
    } else if constexpr (std::is_integral_v<T>) {
      return static_cast<T>(integer(node));
    } else {
      return number(node);
    }
  }

  /// Of one node or of an array of them.
  template <class T, class Read>
  std::vector<T> list(Read read) const {
    std::vector<T> values;
    if (const auto* array = node_.as_array()) {
      for (const auto& element : *array) values.push_back(read(element));
    } else {
      values.push_back(read(node_));
    }
    return values;
  }
  template <class T>
  std::vector<T> list() const {
    return list<T>([this](const toml::node& node) { return as<T>(node); });
  }

  std::vector<int> some(std::vector<int> values) const {
    if (values.empty()) wrong_type();
    return values;
  }

  [[noreturn]] void out_of_range(const std::string& value) const {
    refuse(node_, fmt::format("'{}' must be {}, not {}", key_.name, type_name(key_), value));
  }

 private:
  void check(double value) const {
    const Range& range = key_.range;
    const bool low = range.low_excluded ? value > range.low : value >= range.low;
    const bool multiple = range.multiple == 1 || std::fmod(value, range.multiple) == 0;
    if (!std::isfinite(value) || !low || value > range.high || !multiple)
      out_of_range(fmt::format(
          "{}{}", value,
          std::abs(value) > largest_number ? fmt::format(", beyond {:g}", largest_number) : ""));
  }

  const Key& key_;
  const toml::node& node_;
};

std::vector<std::string_view> names_of(const Section& section) {
  std::vector<std::string_view> names;
  for (const auto& key : section.keys) names.push_back(key.name);
  return names;
}

/// What an unknown key was meant to be: a near one of its section, or one of another section.
std::string key_suggestion(std::string_view name, const Section& section) {
  const auto names = names_of(section);
  if (nearest_name(name, names).empty()) {
    Config config;
    std::string homes;
    for (const auto& other : sections(config))
      for (const auto& key : other.keys)
        if (key.name == name) homes += fmt::format(" [{}]", other.name);
    if (!homes.empty()) return "a key of" + homes;
  }
  return suggestion(name, names);
}

/// The place of a node's word among the names.
int find_word(const std::vector<std::string_view>& names, const Key& key, const toml::node& node) {
  const std::string word = Value(key, node).text(node);
  const auto found = std::find(names.begin(), names.end(), word);
  if (found == names.end()) {
    refuse(node, fmt::format("'{}' cannot be \"{}\"; {}", key.name, word, suggestion(word, names)));
  }
  return static_cast<int>(found - names.begin());
}

void read_choice(const Choice& c, const Key& key, const toml::node& node) {
  c.set(find_word(c.names, key, node));
}

std::array<double, 2> read_start(const Value& value, const toml::node& node) {
  if (!node.is_array()) {
    const double number = value.number(node);
    return {number, number};
  }
  const auto& array = *node.as_array();
  if (array.size() != 2) value.wrong_type();
  const std::array<double, 2> range = {value.number(array[0]), value.number(array[1])};
  if (range[0] > range[1]) {
    refuse(node, fmt::format("a start [low, high] needs low <= high, not [{:g}, {:g}]", range[0],
                             range[1]));
  }
  return range;
}

std::string resolve(const std::string& file, const std::filesystem::path& directory) {
  if (file.empty()) return file;
  return std::filesystem::absolute(directory / path_bytes(file)).lexically_normal().string();
}

void read_coupling(CouplingStart& coupling, const Key& key, const toml::node& node,
                   const std::filesystem::path& directory) {
  const Value value(key, node);
  const auto read_given = [&](const toml::node& given) {
    require_something(key, given);
    coupling.start.reset(), coupling.values.clear(), coupling.file.clear();
    if (given.is_string())
      coupling.file = resolve(value.text(given), directory);
    else
      coupling.start = read_start(value, given);
  };
  const auto* table = node.as_table();
  if (!table) return read_given(node);
  const std::string_view names[] = {"start", "values", "freedom"};
  if (table->contains("start") && table->contains("values"))
    refuse(node, fmt::format("'{}' has 'start' and 'values'", key.name), "leave one of them out");
  for (const auto& [entry, inner] : *table) {
    if (entry.str() == "start") {
      read_given(inner);
    } else if (entry.str() == "values") {
      if (!inner.is_array() || inner.as_array()->empty()) value.wrong_type();
      coupling.start.reset(), coupling.file.clear();
      coupling.values = Value(key, inner).list<double>([&](const toml::node& number) {
        return value.number(number);
      });
    } else if (entry.str() == "freedom") {
      const Key freedom{"freedom", choice(coupling.freedom), ""};
      read_choice(std::get<Choice>(freedom.value), freedom, inner);
    } else {
      throw BadInput(fmt::format("{}: unknown key '{}' in '{}'; {}", place(entry.source()),
                                 entry.str(), key.name, suggestion(entry.str(), names)));
    }
  }
}

void read_edges(const EdgeList& edges, const Value& value, const toml::node& node,
                const std::filesystem::path& directory) {
  edges.pairs->clear(), edges.file->clear();
  if (!node.is_array()) {
    *edges.file = resolve(value.text(node), directory);
    return;
  }
  for (const auto& pair : *node.as_array()) {
    const auto* ends = pair.as_array();
    if (!ends || ends->size() != 2) value.wrong_type();
    edges.pairs->push_back({value.small((*ends)[0]), value.small((*ends)[1])});
  }
}

void read_columns(const Columns& columns, const Value& value, const toml::node& node) {
  columns.text->clear(), columns.names->clear();
  const auto* array = node.as_array();
  if (!array) {
    *columns.text = value.text(node);
  } else if (!array->empty() && array->begin()->is_integer()) {
    for (const auto& number : *array) {
      const int column = value.small(number);
      if (column < 0) value.out_of_range(fmt::format("{}", column));
      *columns.text += fmt::format("{}{}", columns.text->empty() ? "" : ",", column);
    }
  } else {
    *columns.names = value.list<std::string>();
    if (columns.names->empty()) value.wrong_type();
  }
}

std::complex<double> read_complex(const Value& value, const toml::node& node) {
  const auto* array = node.as_array();
  if (!array) return value.number(node);
  if (array->size() != 2) value.wrong_type();
  return {value.number((*array)[0]), value.number((*array)[1])};
}

void read_key(const Key& key, const toml::node& node, const std::filesystem::path& directory) {
  const Value value(key, node);
  const bool may_be_none = std::holds_alternative<NameList>(key.value);  // a graph of no directions
  if (!may_be_none && (key.omit_unset || std::holds_alternative<EdgeList>(key.value) ||
                       std::holds_alternative<Columns>(key.value)))
    require_something(key, node);
  std::visit(Visit{
                 [&]<class T>(T* out) { *out = value.as<T>(node); },
                 [&](AutoInt out) { *out.value = value.is_auto() ? 0 : value.small(node); },
                 [&](std::complex<double>* out) { *out = read_complex(value, node); },
                 [&](FileName out) { *out.value = resolve(value.text(node), directory); },
                 [&](const EdgeList& edges) { read_edges(edges, value, node, directory); },
                 [&](const Columns& columns) { read_columns(columns, value, node); },
                 [&](const Choice& c) { read_choice(c, key, node); },
                 [&](const Choices& c) {
                   c.set(value.some(value.list<int>(
                       [&](const toml::node& n) { return find_word(c.names, key, n); })));
                 },
                 [&](const NameList& list) {
                   list.chosen->clear();
                   for (const int k : value.list<int>(
                            [&](const toml::node& n) { return find_word(list.names, key, n); }))
                     list.chosen->emplace_back(list.names[k]);
                 },
                 [&](OneOrMore out) {
                   *out.values = value.is_auto() ? std::vector{0} : value.some(value.list<int>());
                 },
                 [&]<class T>(std::optional<T>* out) {
                   if (value.is_auto())
                     out->reset();
                   else
                     *out = value.as<T>(node);
                 },
                 [&](ByKind out) {
                   const auto values = value.list<double>();
                   if (values.size() != 1 && values.size() != out.value->size()) value.wrong_type();
                   for (std::size_t k = 0; k < out.value->size(); ++k)
                     (*out.value)[k] = values[values.size() == 1 ? 0 : k];
                 },
                 [&]<class T>(std::vector<T>* out) { *out = value.list<T>(); },
                 [&](CouplingStart* out) { read_coupling(*out, key, node, directory); },
             },
             key.value);
}

}  // namespace

std::string place(const toml::source_region& source) {
  const std::string file = source.path ? *source.path : "config";
  if (file.starts_with("--") || file.ends_with(")")) return file;  // no file: no line
  return fmt::format("{}:{}", file, source.begin.line);
}

namespace {
/// As many of its values as say what it is.
std::string spelled_array(const toml::array& array) {
  constexpr std::size_t most = 60;  // letters
  std::string out = "[";
  for (const auto& element : array) {
    const std::string next = (out.size() > 1 ? ", " : "") + spelled(element);
    if (out.size() + next.size() > most) return out + ", ...]";
    out += next;
  }
  return out + "]";
}
}  // namespace

std::string spelled(const toml::node& node) {
  return node.visit([](const auto& n) -> std::string {
    using N = std::decay_t<decltype(n)>;
    if constexpr (toml::is_string<N>) return fmt::format("\"{}\"", n.get());
    if constexpr (toml::is_integer<N>) return fmt::format("{}", n.get());
    if constexpr (toml::is_floating_point<N>) return toml_number(n.get());
    if constexpr (toml::is_boolean<N>) return n.get() ? "true" : "false";
    if constexpr (toml::is_array<N>) return spelled_array(n);
    if constexpr (toml::is_table<N>) return "a table";
    return "a date";
  });
}

void read(const Section& section, const toml::table& table,
          const std::filesystem::path& directory) {
  for (const auto& [name, node] : table) {
    const auto key = std::find_if(section.keys.begin(), section.keys.end(),
                                  [&, &name = name](const Key& k) { return k.name == name.str(); });
    if (key == section.keys.end()) {
      throw BadInput(
          fmt::format("{}: unknown key '{}' in {}; {}", place(name.source()), name.str(),
                      section.name == "target" ? "[[target]]" : fmt::format("[{}]", section.name),
                      key_suggestion(name.str(), section)));
    }
    read_key(*key, node, directory);
  }
}

}  // namespace quartic::binder
