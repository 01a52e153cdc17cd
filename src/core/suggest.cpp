#include "quartic/core/suggest.hpp"

#include <algorithm>
#include <numeric>
#include <vector>

namespace quartic {
namespace {

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

std::size_t levenshtein(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i + 1;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t substituted = diagonal + (lower(a[i]) == lower(b[j]) ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({substituted, diagonal + 1, row[j] + 1});
    }
  }
  return row[b.size()];
}

}  // namespace

std::string nearest_name(std::string_view word, std::span<const std::string_view> names) {
  std::string_view nearest;
  std::size_t least = std::string_view::npos;
  for (const std::string_view name : names) {
    const std::size_t longer = std::max(word.size(), name.size());
    const std::size_t allowed = std::clamp<std::size_t>(longer / 3, 1, 3);
    const std::size_t distance = levenshtein(word, name);
    // A name that shares no letter with the word is no help, however short both are.
    if (distance > allowed || distance >= longer || distance >= least) continue;
    nearest = name;
    least = distance;
  }
  return std::string(nearest);
}

std::string suggestion(std::string_view word, std::span<const std::string_view> names) {
  if (const std::string nearest = nearest_name(word, names); !nearest.empty())
    return "did you mean '" + nearest + "'?";
  std::string list = "one of:";
  for (std::size_t k = 0; k < names.size(); ++k) list.append(k == 0 ? " " : ", ").append(names[k]);
  return list;
}

}  // namespace quartic
