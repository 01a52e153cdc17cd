#include "config/renames.hpp"

#include <fmt/format.h>

#include <string>
#include <string_view>

#include "config/reader.hpp"
#include "quartic/core/error.hpp"

namespace quartic::binder {
namespace {

/// A section (key and word empty), a key (word empty) or a word that a key takes.
struct Rename {
  std::string_view section, key, word, now;
};
constexpr Rename renames[] = {
    {"judging", "", "", "evaluation"},
    {"learn", "regularisation", "", "ridge"},
    {"fit", "most_draws", "", "max_draws"},
    {"fit", "least_b", "", "min_b"},
    {"model", "kind", "deep", "stack"},
    {"sample", "until", "heat", "specific_heat"},
    {"sample", "until", "binder", "binder_cumulant"},
    {"sample", "until", "xi", "correlation_length"},
};

bool is_word(const toml::node& node, std::string_view word) {
  return node.is_string() && node.value<std::string_view>() == word;
}

[[noreturn]] void refuse(const toml::source_region& source, const std::string& what,
                         const std::string& now, const std::string& line) {
  const std::string where = place(source);
  const bool setting = where.starts_with("--set ");
  throw BadInput(fmt::format("{}: {} was renamed to {}", where, what, now),
                 fmt::format("write {}{}", setting ? "--set " : "", line));
}

/// "KEY = VALUE" as a line of the section, or as what --set takes.
std::string line_of(const toml::source_region& source, std::string_view section,
                    std::string_view key, const std::string& value) {
  return place(source).starts_with("--set ") ? fmt::format("{}.{}={}", section, key, value)
                                             : fmt::format("{} = {}", key, value);
}

void refuse_section(const toml::key& name, const toml::node& section, const std::string& what,
                    std::string_view now) {
  std::string line = fmt::format("[{}]", now);
  const auto* keys = section.as_table();
  if (place(name.source()).starts_with("--set ") && keys && !keys->empty()) {
    const auto first = keys->begin();
    line = line_of(name.source(), now, first->first.str(), spelled(first->second));
  }
  refuse(name.source(), what, fmt::format("[{}]", now), line);
}

void require_present(const Rename& r, const toml::key& key, const toml::node& value) {
  if (r.word.empty())
    refuse(key.source(), fmt::format("'{}' in [{}]", r.key, r.section), fmt::format("'{}'", r.now),
           line_of(key.source(), r.section, r.now, spelled(value)));
  if (is_word(value, r.word))
    refuse(value.source(), fmt::format("\"{}\" of '{}' in [{}]", r.word, r.key, r.section),
           fmt::format("\"{}\"", r.now),
           line_of(value.source(), r.section, r.key, fmt::format("\"{}\"", r.now)));
}

/// Moves what `from` holds to `to`.
void move_key(toml::table& table, std::string_view from, std::string_view to) {
  if (auto* node = table.get(from)) {
    table.insert_or_assign(to, std::move(*node));
    table.erase(from);
  }
}

bool learns_from_data(const toml::table& document) {
  return document["data"]["path"].value_or(std::string_view()) != "";
}

bool is_of_field(const toml::table& document) {
  return document["model"]["kind"].value_or(std::string_view("field")) == "field";
}

}  // namespace

void require_present_names(const toml::table& document) {
  for (const auto& [name, node] : document)
    for (const auto& r : renames) {
      if (name.str() != r.section) continue;
      if (r.key.empty()) refuse_section(name, node, fmt::format("[{}]", r.section), r.now);
      const auto* section = node.as_table();
      if (!section) continue;
      const auto entry = section->find(r.key);
      if (entry != section->end()) require_present(r, entry->first, entry->second);
    }
}

void require_no_certificate(const toml::table& document) {
  const auto entry = document.find("certificate");
  if (entry != document.end())
    refuse_section(entry->first, entry->second, "[certificate] of a fit", "evaluation");
}

void translate_names(toml::table& document) {
  // A fit of a field was evaluated by [certificate].
  if (learns_from_data(document) && is_of_field(document)) {
    document.erase("judging");
    move_key(document, "certificate", "evaluation");
  } else if (learns_from_data(document)) {
    document.erase("certificate");
  }
  for (const auto& r : renames) {
    if (r.key.empty()) {
      move_key(document, r.section, r.now);
      continue;
    }
    auto* section = document[r.section].as_table();
    if (!section) continue;
    if (r.word.empty())
      move_key(*section, r.key, r.now);
    else if (const auto* value = section->get(r.key); value && is_word(*value, r.word))
      section->insert_or_assign(r.key, std::string(r.now));
  }
}

}  // namespace quartic::binder
