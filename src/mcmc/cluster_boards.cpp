#include <bit>
#include <map>

#include "mcmc/cluster_table.hpp"

namespace quartic {
namespace {

constexpr int tile_sites = ClusterBoards::tile_sites;

/// A word of bonds: target bit k comes from bit k - shift of `straight`, or, where k < shift, from
/// bit k - shift + 32 of `wrapped`.
struct Word {
  int target, straight = -1, wrapped = -1;
  std::uint32_t shift;
};

std::uint32_t wrapped_bits(std::uint32_t shift) {
  return (1U << shift) - 1;
}

/// Finds for each edge the word that holds it, opening new ones as needed.
class WordFinder {
 public:
  std::vector<Word> words;

  BoardBit place(int from, int to) {
    const int target = to / tile_sites, source = from / tile_sites, bit = to % tile_sites;
    const auto shift = static_cast<std::uint32_t>(bit - from % tile_sites) % tile_sites;
    const bool wraps = bit < static_cast<int>(shift);
    const std::uint32_t mask = 1U << bit;
    for (const int candidate : by_shift_[{target, shift}]) {
      int& holds = wraps ? words[candidate].wrapped : words[candidate].straight;
      if ((holds != -1 && holds != source) || (used_[candidate] & mask) != 0) continue;
      holds = source;
      used_[candidate] |= mask;
      return {candidate, mask};
    }
    const int word = static_cast<int>(words.size());
    words.push_back({target, wraps ? -1 : source, wraps ? source : -1, shift});
    used_.push_back(mask);
    by_shift_[{target, shift}].push_back(word);
    return {word, mask};
  }

 private:
  std::map<std::pair<int, std::uint32_t>, std::vector<int>> by_shift_;
  std::vector<std::uint32_t> used_;
};

/// Both directions of one half of a word, as paths into their targets.
void add_paths(std::vector<std::vector<BoardPath>>& into, const Word& word, int index, bool wrapped,
               std::uint32_t keep) {
  const int source = wrapped ? word.wrapped : word.straight;
  if (source == -1 || keep == 0) return;
  const std::uint32_t back = (32 - word.shift) % 32;
  into[word.target].push_back({source, index, word.shift, keep, true});
  into[source].push_back(
      {word.target, index, back, std::rotl(keep, static_cast<int>(back)), false});
}

}  // namespace

ClusterBoards make_boards(const ClusterTable& table, std::span<const std::int32_t> position) {
  constexpr int min_edges_per_word = 5;
  WordFinder finder;
  ClusterBoards boards;
  for (std::int32_t e = 0; e < table.no_edge; ++e) {
    const auto& [first, second] = table.edges[e];
    boards.edge.push_back(finder.place(position[first], position[second]));
  }
  const int words = static_cast<int>(finder.words.size());
  if (words * min_edges_per_word > table.no_edge) return {};
  boards.edge.resize(table.edges.size(), {words, 1});
  boards.words = words + 1;
  boards.tiles = (table.sites() + tile_sites - 1) / tile_sites;
  boards.run.assign(boards.tiles, words);
  boards.repeat.assign(boards.tiles, 0);
  std::vector<std::vector<BoardPath>> into(boards.tiles);
  for (int w = 0; w < words; ++w) {
    const auto& word = finder.words[w];
    const auto wraps = wrapped_bits(word.shift);
    const bool run =
        word.shift == 1 && word.straight == word.target && boards.run[word.target] == words;
    if (run) boards.run[word.target] = w;
    if (!run) add_paths(into, word, w, false, ~wraps);
    add_paths(into, word, w, true, wraps);
    if ((!run && word.straight == word.target) || word.wrapped == word.target)
      boards.repeat[word.target] = 1;
  }
  for (const auto& list : into) {
    boards.path_row.push_back(static_cast<std::int32_t>(boards.paths.size()));
    boards.paths.insert(boards.paths.end(), list.begin(), list.end());
  }
  boards.path_row.push_back(static_cast<std::int32_t>(boards.paths.size()));
  return boards;
}

}  // namespace quartic
