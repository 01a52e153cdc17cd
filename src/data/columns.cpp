#include "quartic/data/columns.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <unordered_map>

#include "data/readers.hpp"
#include "quartic/core/error.hpp"
#include "quartic/core/shown.hpp"
#include "quartic/core/suggest.hpp"

namespace quartic {
namespace {

constexpr std::size_t most_listed = 20;  // names in a message or a line to paste

/// Whether text is meant as numbers; else it is names.
bool is_numbers(std::string_view text) {
  return text.find_first_not_of("0123456789,- ") == std::string_view::npos;
}

std::vector<std::string> split_names(std::string_view text) {
  std::vector<std::string> names;
  for (;;) {
    const auto comma = text.find(',');
    names.emplace_back(data::trimmed(text.substr(0, comma)));
    if (comma == std::string_view::npos) return names;
    text.remove_prefix(comma + 1);
  }
}

[[noreturn]] void refuse_name(const std::string& name, const ColumnNames& of) {
  const std::vector<std::string_view> names(of.names.begin(), of.names.end());
  const auto near = nearest_name(name, names);
  std::vector<std::string> some;
  for (std::size_t k = 0; k < std::min(names.size(), most_listed); ++k)
    some.push_back(toml_string(names[k]));
  if (names.size() > most_listed) some.emplace_back("...");
  throw BadInput(fmt::format("'{}' has no column '{}'", of.file, name),
                 near.empty() ? fmt::format("it has {}", fmt::join(some, ", "))
                              : fmt::format("did you mean '{}'?", near));
}

std::vector<std::size_t> by_name(const std::vector<std::string>& wanted, const ColumnNames& of) {
  if (of.names.empty()) {
    throw BadInput(fmt::format("the columns of '{}' have no names, '{}' is none of them", of.file,
                               wanted.front()),
                   "choose them by number, counted from 0, such as \"1-784\" or \"0,2,5-7\"");
  }
  std::unordered_multimap<std::string_view, std::size_t> places;
  for (std::size_t c = 0; c < of.names.size(); ++c) places.emplace(of.names[c], c);
  std::vector<std::size_t> chosen;
  for (const auto& name : wanted) {
    if (places.count(name) == 0) refuse_name(name, of);
    if (places.count(name) > 1)
      throw BadInput(
          fmt::format("{} columns of '{}' have the name '{}'", places.count(name), of.file, name),
          "choose them by number, counted from 0, such as \"1-784\" or \"0,2,5-7\"");
    chosen.push_back(places.find(name)->second);
  }
  return chosen;
}

/// "0-2,5".
std::string ranges(const std::vector<std::size_t>& columns) {
  std::string out;
  for (std::size_t k = 0; k < columns.size();) {
    std::size_t last = k;
    while (last + 1 < columns.size() && columns[last + 1] == columns[last] + 1) ++last;
    out += fmt::format("{}{}", out.empty() ? "" : ",", columns[k]);
    if (last > k) out += fmt::format("-{}", columns[last]);
    k = last + 1;
  }
  return out;
}

}  // namespace

std::optional<std::vector<std::size_t>> chosen_columns(const ColumnChoice& choice,
                                                       const ColumnNames& of) {
  if (!choice.learned.empty() && !of.names.empty()) {
    if (choice.learned == of.names) return std::nullopt;
    return by_name(choice.learned, of);
  }
  if (choice.text.empty() && choice.names.empty()) return std::nullopt;
  const bool may_be_chosen = of.names.empty() && of.count == choice.width;
  if (choice.names.empty() && is_numbers(choice.text)) {
    try {
      return parse_columns(choice.text, of.count);
    } catch (const BadInput&) {
      if (!may_be_chosen) throw;
      return std::nullopt;
    }
  }
  if (may_be_chosen) return std::nullopt;
  if (choice.width > 0 && of.names.empty())
    throw BadInput(fmt::format("'{}' has {} columns without names, the model learned from {}",
                               of.file, of.count, choice.width),
                   "give the columns names, or those alone, in the order of the run");
  return by_name(choice.names.empty() ? split_names(choice.text) : choice.names, of);
}

std::vector<std::size_t> parse_columns(std::string_view text, std::size_t columns) {
  const auto wrong = [&] {
    throw BadInput(fmt::format("'{}' names no columns", text), "write 1-784 or 0,2,5-7");
  };
  std::vector<std::size_t> chosen;
  for (const char* at = text.data(); chosen.empty() || at != text.data() + text.size();) {
    const char* const end = text.data() + text.size();
    if (!chosen.empty() && *at++ != ',') wrong();
    std::size_t first = 0;
    auto part = std::from_chars(at, end, first);
    std::size_t last = first;
    if (part.ec == std::errc{} && part.ptr != end && *part.ptr == '-')
      part = std::from_chars(part.ptr + 1, end, last);
    if (part.ec != std::errc{} || last < first) wrong();
    data::check_indices({first, last}, columns, "column");
    for (std::size_t column = first; column <= last; ++column) chosen.push_back(column);
    at = part.ptr;
  }
  return chosen;
}

bool is_index_name(std::size_t column, const std::vector<std::string>& names) {
  return column == 0 && !names.empty() && (names[0].empty() || names[0] == "Unnamed: 0");
}

std::string column_text(std::size_t column, const std::vector<std::string>& names) {
  if (column >= names.size()) return fmt::format("{}", column);
  return fmt::format("{} ({})", column, names[column].empty() ? "unnamed" : names[column]);
}

std::string columns_text(const std::vector<std::size_t>& columns,
                         const std::vector<std::string>& names, std::size_t most) {
  std::vector<std::string> parts;
  for (std::size_t k = 0; k < std::min(columns.size(), most); ++k)
    parts.push_back(column_text(columns[k], names));
  if (columns.size() > most) parts.emplace_back("...");
  return fmt::format("{}", fmt::join(parts, ", "));
}

std::string columns_line(const std::vector<std::size_t>& columns,
                         const std::vector<std::string>& names) {
  std::vector<std::string> quoted;
  for (const std::size_t column : columns) {
    const bool known = column < names.size() && columns.size() <= most_listed &&
                       std::count(names.begin(), names.end(), names[column]) == 1;
    if (!known) return fmt::format("columns = \"{}\"", ranges(columns));
    quoted.push_back(toml_string(names[column]));
  }
  return fmt::format("columns = [{}]", fmt::join(quoted, ", "));
}

}  // namespace quartic
