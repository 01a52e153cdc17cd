#include "config/table.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "quartic/core/shown.hpp"

namespace quartic::binder {
namespace {

std::string range_words(const Range& range) {
  std::string words;
  const bool low = range.low > -largest_number, high = range.high < largest_number;
  if (low && high && !range.low_excluded)
    words = fmt::format(" from {} to {}", range.low, range.high);
  else if (low)
    words = fmt::format(" {} {}{}", range.low_excluded ? ">" : ">=", range.low,
                        high ? fmt::format(" and <= {}", range.high) : "");
  if (range.multiple > 1) words += fmt::format(", a multiple of {}", range.multiple);
  return words;
}

template <class T>
std::string toml_value(const T& value) {
  if constexpr (std::is_same_v<T, double>)
    return toml_number(value);
  else if constexpr (std::is_same_v<T, std::string>)
    return toml_string(value);
  else
    return fmt::format("{}", value);
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

std::string toml_path(const std::string& path) {
  return toml_string(path_text(path));
}

}  // namespace

std::string toml_number(double value) {
  std::string text = fmt::format("{}", value);
  if (text.find_first_of(".en") == std::string::npos) text += ".0";
  return text;
}

Choice choice(std::string& value, std::span<const std::string_view> names) {
  Choice c;
  c.names.assign(names.begin(), names.end());
  c.get = [&value] { return value; };
  c.set = [&value, list = c.names](int k) { value = list[k]; };
  return c;
}

std::string dump(const Key& key) {
  const auto automatic = [&] { return key.omit_unset ? std::string() : std::string("\"auto\""); };
  return std::visit(
      Visit{
          [](auto* v) { return toml_value(*v); },
          [&](AutoInt v) { return *v.value == 0 ? "\"auto\"" : toml_value(*v.value); },
          [](std::complex<double>* v) {
            if (v->imag() == 0) return toml_number(v->real());
            return fmt::format("[{}, {}]", toml_number(v->real()), toml_number(v->imag()));
          },
          [&](std::string* v) { return v->empty() && key.omit_unset ? "" : toml_string(*v); },
          [&](FileName v) { return v.value->empty() && key.omit_unset ? "" : toml_path(*v.value); },
          [](Columns v) {
            if (!v.names->empty()) return toml_list(*v.names, toml_string);
            return v.text->empty() ? std::string() : toml_string(*v.text);
          },
          [](EdgeList v) {
            if (!v.file->empty()) return toml_path(*v.file);
            if (v.pairs->empty()) return std::string();
            return toml_list(*v.pairs, [](const Edge& edge) {
              return fmt::format("[{}, {}]", edge.first, edge.second);
            });
          },
          [](const Choice& c) { return toml_string(c.get()); },
          [](const Choices& c) {
            const auto words = c.get();
            return words.size() == 1 ? toml_string(words[0]) : toml_list(words, toml_string);
          },
          [&](const NameList& v) {
            return v.chosen->empty() && key.omit_unset ? "" : toml_list(*v.chosen, toml_string);
          },
          [&](OneOrMore v) {
            if (*v.values == std::vector{0}) return std::string("\"auto\"");
            return v.values->size() == 1 ? toml_value(v.values->front())
                                         : toml_list(*v.values, toml_value<int>);
          },
          [&]<class T>(std::optional<T>* v) { return *v ? toml_value(**v) : automatic(); },
          [](ByKind v) {
            const auto& all = *v.value;
            if (std::all_of(all.begin(), all.end(), [&](double x) { return x == all[0]; }))
              return toml_number(all[0]);
            return toml_list(std::vector<double>(all.begin(), all.end()), toml_number);
          },
          [&]<class T>(std::vector<T>* v) {
            return v->empty() && key.omit_unset ? "" : toml_list(*v, toml_value<T>);
          },
          [](CouplingStart* v) {
            std::string start;
            if (!v->values.empty())
              start = "values = " + toml_list(v->values, toml_number) + ", ";
            else if (!v->file.empty())
              start = "start = " + toml_path(v->file) + ", ";
            else if (v->start)
              start = "start = " + toml_start(*v->start) + ", ";
            return fmt::format("{{ {}freedom = \"{}\" }}", start, name(v->freedom));
          },
      },
      key.value);
}

std::string meaning(const Key& key) {
  constexpr std::string_view whose[] = {"", "of a field: ", "of a network: ", "of a deep stack: "};
  return std::string(whose[static_cast<int>(key.of)]).append(key.doc);
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
          [](Columns) { return std::string("a string or an array of names or numbers"); },
          [](EdgeList) { return std::string("a file name or pairs [[i, j], ...]"); },
          [](const Choice& c) { return fmt::format("\"{}\"", fmt::join(c.names, "\", \"")); },
          [](const Choices& c) {
            return fmt::format("\"{}\", or an array of these", fmt::join(c.names, "\", \""));
          },
          [](const NameList& v) {
            return fmt::format("\"{}\", or an array of these", fmt::join(v.names, "\", \""));
          },
          [&](OneOrMore) { return "\"auto\", an integer" + range + ", or an array of these"; },
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
          [&](CouplingStart*) {
            return "a number" + range +
                   ", [low, high], a file, or { start = ... or values = [...], freedom = ... }";
          },
      },
      key.value);
}

}  // namespace quartic::binder
