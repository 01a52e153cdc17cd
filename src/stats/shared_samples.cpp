#include "quartic/stats/shared_samples.hpp"

#include <algorithm>
#include <bit>
#include <cstdint>

namespace quartic {
namespace {

/// A sample by a hash of its numbers, and the chain that it is of; chains count on through the
/// sets.
struct Entry {
  std::uint64_t hash;
  int set, chain;
  auto operator<=>(const Entry&) const = default;
};

/// SplitMix64's finaliser (Steele, Lea, Flood, OOPSLA 2014).
std::uint64_t mix(std::uint64_t x) {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

/// The hash of numbers and one more.
std::uint64_t append(std::uint64_t hash, std::uint64_t bits) {
  return mix(hash + 0x9e3779b97f4a7c15 + bits);
}

/// Equal samples of different chains by sets: how many pairs, and how many samples of the second
/// set take part.
class Coincidences {
 public:
  explicit Coincidences(std::size_t sets) : sets_(sets), pairs_(sets * sets), held_(sets * sets) {}

  /// Samples that are equal, in the order of their sets and chains.
  void add(std::span<const Entry> equal) {
    std::vector<double> of_set(sets_), squares(sets_);
    for (std::size_t first = 0, last; first < equal.size(); first = last) {
      for (last = first; last < equal.size() && equal[last].chain == equal[first].chain;) ++last;
      const auto n = static_cast<double>(last - first);
      of_set[equal[first].set] += n, squares[equal[first].set] += n * n;
    }
    for (std::size_t k = 0; k < sets_; ++k) {
      if (of_set[k] == 0) continue;
      pairs_[k * sets_ + k] += (of_set[k] * of_set[k] - squares[k]) / 2;
      for (std::size_t l = k + 1; l < sets_; ++l)
        if (of_set[l] > 0)
          pairs_[k * sets_ + l] += of_set[k] * of_set[l], held_[k * sets_ + l] += of_set[l];
    }
  }
  double pairs(std::size_t k, std::size_t l) const { return pairs_[k * sets_ + l]; }
  double held(std::size_t k, std::size_t l) const { return held_[k * sets_ + l]; }

 private:
  std::size_t sets_;
  std::vector<double> pairs_, held_;
};

std::vector<Entry> sorted_entries(const std::vector<std::uint64_t>& hashes,
                                  std::span<const ChainSet> sets) {
  std::vector<Entry> entries;
  int chain = 0;
  for (std::size_t set = 0; set < sets.size(); ++set)
    for (int c = 0; c < sets[set].chains; ++c, ++chain)
      for (int draw = 0; draw < sets[set].draws; ++draw)
        entries.push_back({hashes[entries.size()], static_cast<int>(set), chain});
  std::sort(entries.begin(), entries.end());
  return entries;
}

std::optional<SharedSamples> find_shared(const std::vector<std::uint64_t>& hashes,
                                         std::span<const ChainSet> sets) {
  const auto entries = sorted_entries(hashes, sets);
  Coincidences found(sets.size());
  for (std::size_t first = 0, last; first < entries.size(); first = last) {
    for (last = first; last < entries.size() && entries[last].hash == entries[first].hash;) ++last;
    if (last - first > 1) found.add(std::span(entries).subspan(first, last - first));
  }
  // By chance a pair of samples of different chains is equal with this probability.
  const auto chance = [&](std::size_t k) {
    const double n = static_cast<double>(sets[k].samples()), draws = sets[k].draws;
    return sets[k].chains < 2 ? 0 : found.pairs(k, k) / (n * (n - draws) / 2);
  };
  constexpr double least = 8;
  for (std::size_t k = 0; k < sets.size(); ++k)
    for (std::size_t l = k + 1; l < sets.size(); ++l) {
      const double all =
          static_cast<double>(sets[k].samples()) * static_cast<double>(sets[l].samples());
      if (found.pairs(k, l) >= least + 8 * all * std::max(chance(k), chance(l)))
        return SharedSamples{static_cast<int>(k), static_cast<int>(l),
                             static_cast<std::size_t>(found.held(k, l))};
    }
  return {};
}

}  // namespace

std::optional<SharedSamples> shared_samples(const std::vector<std::vector<double>>& values,
                                            std::span<const ChainSet> sets) {
  std::vector<std::uint64_t> hashes(values.empty() ? 0 : values.front().size());
  for (const auto& x : values)
    for (std::size_t n = 0; n < hashes.size(); ++n)
      hashes[n] = append(hashes[n], std::bit_cast<std::uint64_t>(x[n]));
  return find_shared(hashes, sets);
}

std::optional<SharedSamples> shared_samples(StoredFields fields, std::span<const ChainSet> sets) {
  std::vector<std::uint64_t> hashes(fields.samples());
  const auto* x = fields.phi.data();
  for (auto& hash : hashes)
    for (int i = 0; i < fields.sites; ++i) hash = append(hash, std::bit_cast<std::uint32_t>(*x++));
  return find_shared(hashes, sets);
}

}  // namespace quartic
