#include "quartic/core/suggest.hpp"

#include <algorithm>
#include <numeric>
#include <vector>

namespace quartic {
namespace {

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

/// Insertions, deletions, substitutions and swaps of neighbours (optimal string alignment): swapped
/// letters are the commonest slip of the hand.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::vector<std::size_t>> cost(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  std::iota(cost[0].begin(), cost[0].end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    cost[i][0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const bool same = lower(a[i - 1]) == lower(b[j - 1]);
      cost[i][j] =
          std::min({cost[i - 1][j - 1] + (same ? 0 : 1), cost[i - 1][j] + 1, cost[i][j - 1] + 1});
      const bool swapped = i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) &&
                           lower(a[i - 2]) == lower(b[j - 1]);
      if (swapped) cost[i][j] = std::min(cost[i][j], cost[i - 2][j - 2] + 1);
    }
  }
  return cost[a.size()][b.size()];
}

}  // namespace

std::string nearest_name(std::string_view word, std::span<const std::string_view> names) {
  std::string_view nearest;
  std::size_t least = std::string_view::npos;
  for (const std::string_view name : names) {
    const std::size_t longer = std::max(word.size(), name.size());
    const std::size_t allowed = std::clamp<std::size_t>(longer / 3, 1, 3);
    const std::size_t distance = edit_distance(word, name);
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
