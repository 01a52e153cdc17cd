// Processes that share a run: each has its own chains, all take the same decisions.
//
// Every rank runs the same program over the same run and holds everything but the fields and series
// of chains that are another's. What is added over chains is brought together before it is used, so
// that whatever is decided is decided alike on all ranks, from the same bits. Calls below are made
// by all ranks in the same order, by the thread that runs the loop.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <functional>
#include <span>
#include <string>
#include <vector>

namespace quartic {

/// One process alone, unless derived from. Errors of the transport end the process.
class Team {
 public:
  virtual ~Team() = default;
  virtual int rank() const { return 0; }
  virtual int size() const { return 1; }
  bool root() const { return rank() == 0; }
  bool several() const { return size() > 1; }

  /// sizes[rank] bytes of every rank, one after the other, in `all`: everywhere, or on the root
  /// alone, where no more memory is needed; elsewhere `all` is left as it is then.
  virtual void gather(std::span<const std::byte> /*mine*/, std::span<std::byte> /*all*/,
                      std::span<const std::size_t> /*sizes*/, bool /*everywhere*/) const {}
  /// sizes[rank] bytes of every rank to all others: write(place) puts one's own where they are
  /// sent from, read(rank, place) takes those of another; neither throws or calls the team. Saves
  /// what gather() copies, where values do not lie in one piece.
  virtual void exchange(std::span<const std::size_t> sizes,
                        const std::function<void(std::byte*)>& write,
                        const std::function<void(int, const std::byte*)>& read) const;
  /// The bytes of one rank to all.
  virtual void broadcast(std::span<std::byte> /*data*/, int /*from*/ = 0) const {}
  /// The largest of each over the ranks; and the sum, of integers below 2^53 in all, which no order
  /// changes.
  virtual void max(std::span<double> /*values*/) const {}
  virtual void add_counts(std::span<double> /*values*/) const {}
};

/// The process alone.
const Team& alone();

/// Consecutive parts of [0, count), one a rank: sizes differ by one at most.
struct Shares {
  std::size_t count;
  int ranks;
  std::size_t begin(int rank) const { return count * rank / ranks; }
  std::size_t size(int rank) const { return begin(rank + 1) - begin(rank); }
};

/// Every rank's part of a list that is shared out as `shares`, `width` values an item.
template <class T>
void gather(const Team& team, const Shares& shares, std::span<const T> mine, std::span<T> all,
            std::size_t width, bool everywhere) {
  std::vector<std::size_t> sizes;
  for (int rank = 0; rank < shares.ranks; ++rank)
    sizes.push_back(shares.size(rank) * width * sizeof(T));
  team.gather(std::as_bytes(mine), std::as_writable_bytes(all), sizes, everywhere);
}

/// [row][item][width] of all items, of which a rank has its own: everywhere those of all. What it
/// sends is what it has.
template <class T>
void share_columns(const Team& team, const Shares& shares, T* values, std::size_t rows,
                   std::size_t row_stride, std::size_t width, std::size_t columns) {
  if (!team.several()) return;
  const auto first = [&](int rank) { return std::min(shares.begin(rank) * width, columns); };
  const auto bytes = [&](int rank) { return (first(rank + 1) - first(rank)) * sizeof(T); };
  std::vector<std::size_t> sizes;
  for (int rank = 0; rank < team.size(); ++rank) sizes.push_back(rows * bytes(rank));
  team.exchange(
      sizes,
      [&](std::byte* to) {
        const T* own = values + first(team.rank());
        for (std::size_t row = 0, size = bytes(team.rank()); row < rows; ++row)
          std::memcpy(to + row * size, own + row * row_stride, size);
      },
      [&](int rank, const std::byte* from) {
        T* others = values + first(rank);
        for (std::size_t row = 0, size = bytes(rank); row < rows; ++row)
          std::memcpy(others + row * row_stride, from + row * size, size);
      });
}

/// f() on the root alone. Where it throws an Error, all ranks throw it; the others know its code,
/// message and hint.
void on_root(const Team& team, const std::function<void()>& f);

/// f() everywhere, which calls nothing of the team. Where a rank throws an Error, all throw that of
/// the first one, which says which it was.
void together(const Team& team, const std::function<void()>& f);

/// f() of the root, on all ranks.
template <class T>
T decided(const Team& team, const std::function<T()>& f) {
  T value{};
  on_root(team, [&] { value = f(); });
  team.broadcast(std::as_writable_bytes(std::span(&value, 1)));
  return value;
}

/// Whether the text is the same on all ranks.
bool same_everywhere(const Team& team, const std::string& text);

}  // namespace quartic
