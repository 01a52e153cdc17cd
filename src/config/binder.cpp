#include "config/binder.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "quartic/core/error.hpp"
#include "quartic/core/suggest.hpp"

namespace quartic::binder {
namespace {

template <class... Fs>
struct Visit : Fs... {
  using Fs::operator()...;
};
template <class... Fs>
Visit(Fs...) -> Visit<Fs...>;

[[noreturn]] void refuse(const toml::node& node, const std::string& what, std::string hint = {}) {
  throw BadInput(fmt::format("{}: {}", place(node.source()), what), std::move(hint));
}

std::string range_words(const Range& range) {
  std::string words;
  const double infinity = std::numeric_limits<double>::infinity();
  if (range.low != -infinity && range.high != infinity)
    words = fmt::format(" from {:g} to {:g}", range.low, range.high);
  else if (range.low != -infinity)
    words = fmt::format(" {} {:g}", range.low_excluded ? ">" : ">=", range.low);
  if (range.multiple > 1) words += fmt::format(", a multiple of {}", range.multiple);
  return words;
}

std::string spelled(const toml::node& node) {
  return node.visit([](const auto& n) -> std::string {
    using N = std::decay_t<decltype(n)>;
    if constexpr (toml::is_string<N>) return fmt::format("\"{}\"", n.get());
    if constexpr (toml::is_integer<N>) return fmt::format("{}", n.get());
    if constexpr (toml::is_floating_point<N>) return fmt::format("{}", n.get());
    if constexpr (toml::is_boolean<N>) return n.get() ? "true" : "false";
    if constexpr (toml::is_array<N>) return "an array";
    if constexpr (toml::is_table<N>) return "a table";
    return "a date";
  });
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
    if (value != static_cast<int>(value)) out_of_range(fmt::format("{}", value));
    return static_cast<int>(value);
  }
  std::string text(const toml::node& node) const {
    if (!node.is_string()) wrong_type();
    return *node.value<std::string>();
  }
  bool is_auto() const { return node_.is_string() && node_.value<std::string>() == "auto"; }

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

  template <class T, class Read>
  std::vector<T> one_or_more(Read read) const {
    auto values = list<T>(read);
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
      out_of_range(fmt::format("{}", value));
  }

  const Key& key_;
  const toml::node& node_;
};

std::vector<std::string_view> names_of(const Section& section) {
  std::vector<std::string_view> names;
  for (const auto& key : section.keys) names.push_back(key.name);
  return names;
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

void read_coupling(CouplingStart& coupling, const Key& key, const toml::node& node) {
  const Value value(key, node);
  const auto* table = node.as_table();
  if (!table) {
    coupling.start = read_start(value, node);
    return;
  }
  const std::string_view names[] = {"start", "freedom"};
  for (const auto& [entry, inner] : *table) {
    if (entry.str() == "start") {
      coupling.start = read_start(value, inner);
    } else if (entry.str() == "freedom") {
      const Key freedom{"freedom", choice(coupling.freedom, 3), ""};
      read_choice(std::get<Choice>(freedom.value), freedom, inner);
    } else {
      throw BadInput(fmt::format("{}: unknown key '{}' in '{}'; {}", place(entry.source()),
                                 entry.str(), key.name, suggestion(entry.str(), names)));
    }
  }
}

std::complex<double> read_complex(const Value& value, const toml::node& node) {
  const auto* array = node.as_array();
  if (!array) return value.number(node);
  if (array->size() != 2) value.wrong_type();
  return {value.number((*array)[0]), value.number((*array)[1])};
}

std::string resolve(const std::string& file, const std::filesystem::path& directory) {
  if (file.empty()) return file;
  return std::filesystem::absolute(directory / file).lexically_normal().string();
}

void read_key(const Key& key, const toml::node& node, const std::filesystem::path& directory) {
  const Value value(key, node);
  const auto number = [&](const toml::node& n) { return value.number(n); };
  const auto small = [&](const toml::node& n) { return value.small(n); };
  const auto text = [&](const toml::node& n) { return value.text(n); };
  std::visit(
      Visit{
          [&](bool* out) {
            if (!node.is_boolean()) value.wrong_type();
            *out = *node.value<bool>();
          },
          [&](int* out) { *out = small(node); },
          [&](AutoInt out) { *out.value = value.is_auto() ? 0 : small(node); },
          [&](std::uint64_t* out) { *out = static_cast<std::uint64_t>(value.integer(node)); },
          [&](double* out) { *out = number(node); },
          [&](std::complex<double>* out) { *out = read_complex(value, node); },
          [&](std::string* out) { *out = text(node); },
          [&](FileName out) { *out.value = resolve(text(node), directory); },
          [&](const Choice& c) { read_choice(c, key, node); },
          [&](const Choices& c) {
            c.set(value.one_or_more<int>(
                [&](const toml::node& n) { return find_word(c.names, key, n); }));
          },
          [&](OneOrMore out) { *out.values = value.one_or_more<int>(small); },
          [&](std::optional<int>* out) {
            if (value.is_auto())
              out->reset();
            else
              *out = small(node);
          },
          [&](std::optional<double>* out) {
            if (value.is_auto())
              out->reset();
            else
              *out = number(node);
          },
          [&](std::optional<bool>* out) {
            if (!value.is_auto() && !node.is_boolean()) value.wrong_type();
            *out = node.value<bool>();
          },
          [&](ByKind out) {
            const auto values = value.list<double>(number);
            if (values.size() != 1 && values.size() != out.value->size()) value.wrong_type();
            for (std::size_t k = 0; k < out.value->size(); ++k)
              (*out.value)[k] = values[values.size() == 1 ? 0 : k];
          },
          [&](std::vector<int>* out) { *out = value.list<int>(small); },
          [&](std::vector<double>* out) { *out = value.list<double>(number); },
          [&](std::vector<std::string>* out) { *out = value.list<std::string>(text); },
          [&](CouplingStart* out) { read_coupling(*out, key, node); },
      },
      key.value);
}

std::string toml_number(double value) {
  std::string text = fmt::format("{}", value);
  if (text.find_first_of(".en") == std::string::npos) text += ".0";
  return text;
}

std::string toml_string(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') quoted += '\\';
    if (static_cast<unsigned char>(c) < 0x20)
      quoted += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    else
      quoted += c;
  }
  return quoted + "\"";
}

std::string toml_start(const std::array<double, 2>& start) {
  if (start[0] == start[1]) return toml_number(start[0]);
  return fmt::format("[{}, {}]", toml_number(start[0]), toml_number(start[1]));
}

template <class T, class Write>
std::string toml_list(const std::vector<T>& values, Write write) {
  std::vector<std::string> parts;
  for (const auto& value : values) parts.push_back(write(value));
  return fmt::format("[{}]", fmt::join(parts, ", "));
}

}  // namespace

Choice choice(std::string& value, std::span<const std::string_view> names) {
  Choice c;
  c.names.assign(names.begin(), names.end());
  c.get = [&value] { return value; };
  c.set = [&value, list = c.names](int k) { value = list[k]; };
  return c;
}

std::string place(const toml::source_region& source) {
  const std::string file = source.path ? *source.path : "config";
  if (file.starts_with("--")) return file;
  return fmt::format("{}:{}", file, source.begin.line);
}

void read(const Section& section, const toml::table& table,
          const std::filesystem::path& directory) {
  for (const auto& [name, node] : table) {
    const auto key = std::find_if(section.keys.begin(), section.keys.end(),
                                  [&](const Key& k) { return k.name == name.str(); });
    if (key == section.keys.end()) {
      throw BadInput(
          fmt::format("{}: unknown key '{}' in {}; {}", place(name.source()), name.str(),
                      section.name == "target" ? "[[target]]" : fmt::format("[{}]", section.name),
                      suggestion(name.str(), names_of(section))));
    }
    read_key(*key, node, directory);
  }
}

std::string dump(const Key& key) {
  const auto automatic = [&] { return key.omit_unset ? std::string() : std::string("\"auto\""); };
  const auto integer = [](int value) { return fmt::format("{}", value); };
  return std::visit(
      Visit{
          [](bool* v) { return std::string(*v ? "true" : "false"); },
          [&](int* v) { return integer(*v); },
          [&](AutoInt v) { return *v.value == 0 ? "\"auto\"" : integer(*v.value); },
          [](std::uint64_t* v) { return fmt::format("{}", *v); },
          [](double* v) { return toml_number(*v); },
          [](std::complex<double>* v) {
            if (v->imag() == 0) return toml_number(v->real());
            return fmt::format("[{}, {}]", toml_number(v->real()), toml_number(v->imag()));
          },
          [&](std::string* v) { return v->empty() && key.omit_unset ? "" : toml_string(*v); },
          [&](FileName v) {
            return v.value->empty() && key.omit_unset ? "" : toml_string(*v.value);
          },
          [](const Choice& c) { return toml_string(c.get()); },
          [](const Choices& c) {
            const auto words = c.get();
            return words.size() == 1 ? toml_string(words[0]) : toml_list(words, toml_string);
          },
          [&](OneOrMore v) {
            return v.values->size() == 1 ? integer(v.values->front())
                                         : toml_list(*v.values, integer);
          },
          [&](std::optional<int>* v) { return *v ? integer(**v) : automatic(); },
          [&](std::optional<double>* v) { return *v ? toml_number(**v) : automatic(); },
          [&](std::optional<bool>* v) {
            return *v ? std::string(**v ? "true" : "false") : automatic();
          },
          [](ByKind v) {
            const auto& all = *v.value;
            if (std::all_of(all.begin(), all.end(), [&](double x) { return x == all[0]; }))
              return toml_number(all[0]);
            return toml_list(std::vector<double>(all.begin(), all.end()), toml_number);
          },
          [&](std::vector<int>* v) {
            return v->empty() && key.omit_unset ? "" : toml_list(*v, integer);
          },
          [&](std::vector<double>* v) {
            return v->empty() && key.omit_unset ? "" : toml_list(*v, toml_number);
          },
          [&](std::vector<std::string>* v) {
            return v->empty() && key.omit_unset ? "" : toml_list(*v, toml_string);
          },
          [](CouplingStart* v) {
            const auto start =
                v->start ? fmt::format("start = {}, ", toml_start(*v->start)) : std::string();
            return fmt::format("{{ {}freedom = \"{}\" }}", start, name(v->freedom));
          },
      },
      key.value);
}

std::string type_name(const Key& key) {
  const std::string range = range_words(key.range);
  return std::visit(
      Visit{
          [](bool*) { return std::string("true or false"); },
          [&](int*) { return "an integer" + range; },
          [&](AutoInt) { return "\"auto\" or an integer" + range; },
          [&](std::uint64_t*) { return "an integer" + range; },
          [&](double*) { return "a number" + range; },
          [](std::complex<double>*) { return std::string("a number or [real, imaginary]"); },
          [](std::string*) { return std::string("a string"); },
          [](FileName) { return std::string("a file name"); },
          [](const Choice& c) { return fmt::format("\"{}\"", fmt::join(c.names, "\", \"")); },
          [](const Choices& c) {
            return fmt::format("\"{}\", or an array of these", fmt::join(c.names, "\", \""));
          },
          [&](OneOrMore) { return "an integer" + range + ", or an array of these"; },
          [&](std::optional<int>*) {
            return (key.omit_unset ? "an integer" : "\"auto\" or an integer") + range;
          },
          [&](std::optional<double>*) {
            return (key.omit_unset ? "a number" : "\"auto\" or a number") + range;
          },
          [](std::optional<bool>*) { return std::string("\"auto\", true or false"); },
          [&](ByKind) { return "a number" + range + ", or four of them"; },
          [&](std::vector<int>*) { return "an array of integers" + range; },
          [&](std::vector<double>*) { return "an array of numbers" + range; },
          [](std::vector<std::string>*) { return std::string("a string or an array of strings"); },
          [](CouplingStart*) {
            return std::string("a number, [low, high] or { start = ..., freedom = ... }");
          },
      },
      key.value);
}

}  // namespace quartic::binder
