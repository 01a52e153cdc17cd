// Spreading a value through the bonds until nothing changes, for all chains of a block at once;
// included once per SIMD target.
#if defined(QUARTIC_CLUSTER_SPREAD_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef QUARTIC_CLUSTER_SPREAD_INL_H_
#undef QUARTIC_CLUSTER_SPREAD_INL_H_
#else
#define QUARTIC_CLUSTER_SPREAD_INL_H_
#endif

#include <algorithm>
#include <cstdint>

#include "core/simd_math-inl.h"
#include "mcmc/cluster_table.hpp"

HWY_BEFORE_NAMESPACE();
namespace quartic::HWY_NAMESPACE {

/// One bit a chain: reached or not.
struct ReachedCells {
  using Value = uint64_t;
  uint64_t* words;
  const uint64_t* bonds;
  HWY_INLINE Value load(int position) const { return words[position]; }
  HWY_INLINE void store(int position, Value x) const { words[position] = x; }
  /// x joined with y where the edge is a bond.
  HWY_INLINE Value pull(Value x, Value y, int edge) const { return x | (y & bonds[edge]); }
  HWY_INLINE Value change(Value changed, Value x, Value old) const { return changed | (x ^ old); }
  static HWY_INLINE bool any(Value changed) { return changed != 0; }
  static HWY_INLINE Value none() { return 0; }
};

/// One byte a chain, the largest wins; a slice of as many chains as a vector holds.
struct LabelCells {
  using Bytes = hn::CappedTag<uint8_t, ClusterTable::max_lanes>;
  using Value = hn::Vec<Bytes>;
  uint8_t* labels;
  const uint64_t* bonds;
  int lane;
  HWY_INLINE Value load(int position) const {
    return hn::Load(Bytes(),
                    labels + static_cast<ptrdiff_t>(position) * ClusterTable::max_lanes + lane);
  }
  HWY_INLINE void store(int position, Value x) const {
    hn::Store(x, Bytes(),
              labels + static_cast<ptrdiff_t>(position) * ClusterTable::max_lanes + lane);
  }
  HWY_INLINE Value pull(Value x, Value y, int edge) const {
    // For 64 lanes the word goes straight into a mask register.
    const uint64_t bits = hn::MaxLanes(Bytes()) == 64 ? bonds[edge] : bonds[edge] >> lane;
    const auto mask = hn::LoadMaskBits(Bytes(), reinterpret_cast<const uint8_t*>(&bits));
    return hn::Max(x, hn::IfThenElseZero(mask, y));
  }
  HWY_INLINE Value change(Value changed, Value x, Value old) const {
    return hn::Or(changed, hn::Xor(x, old));
  }
  static HWY_INLINE bool any(Value changed) {
    return !hn::AllTrue(Bytes(), hn::Eq(changed, hn::Zero(Bytes())));
  }
  static HWY_INLINE Value none() { return hn::Zero(Bytes()); }
};

/// Pulls through all half-edges of a block that can bring something new: forth from outside and
/// from earlier positions, back from later ones. Returns whether anything changed. Afterwards only
/// a position that has `later` edges and changed on the way back can owe something within the
/// block; `again` tells.
template <class Cells>
HWY_INLINE bool visit_block(const ClusterTable& table, const Cells& cells, int block, bool& again) {
  using Value = typename Cells::Value;
  const int begin = table.block_begin[block], end = table.block_begin[block + 1];
  const auto* places = table.places.data();
  const auto* half = table.half_edges.data();
  Value changed = Cells::none(), last = Cells::none();
  for (int k = begin; k < end; ++k) {
    const Value old = cells.load(k);
    Value x = cells.pull(old, last, places[k].link);
    for (auto h = places[k].outside; h < places[k].later; ++h)
      x = cells.pull(x, cells.load(half[h].position), half[h].edge);
    cells.store(k, x);
    changed = cells.change(changed, x, old);
    last = x;
  }
  Value owed = Cells::none();
  int link = table.no_edge;  // from the position after
  for (int k = end - 1; k >= begin; --k) {
    const Value old = cells.load(k), after = last;
    Value x = cells.pull(old, after, link);
    const auto later = places[k].later, stop = places[k + 1].outside;
    for (auto h = later; h < stop; ++h)
      x = cells.pull(x, cells.load(half[h].position), half[h].edge);
    cells.store(k, x);
    changed = cells.change(changed, x, old);
    if (later < stop) {
      owed = cells.change(owed, cells.pull(after, x, link), after);
      for (auto h = later; h < stop; ++h) {
        const Value y = cells.load(half[h].position);
        owed = cells.change(owed, cells.pull(y, x, half[h].edge), y);
      }
    }
    last = x;
    link = places[k].link;
  }
  again = Cells::any(owed);
  return Cells::any(changed);
}

/// Marks the blocks to which a block that has changed owes something.
template <class Cells>
HWY_INLINE void mark_debts(const ClusterTable& table, const Cells& cells, int block,
                           uint8_t* dirty) {
  const auto* half = table.half_edges.data();
  for (int k = table.block_begin[block]; k < table.block_begin[block + 1]; ++k) {
    const auto x = cells.load(k);
    for (auto h = table.places[k].outside; h < table.places[k].earlier; ++h) {
      const auto y = cells.load(half[h].position);
      if (Cells::any(cells.change(Cells::none(), cells.pull(y, x, half[h].edge), y)))
        dirty[table.block_of[half[h].position]] = 1;
    }
  }
}

/// Until every bond joins equal values. Blocks are visited in order, forth and back, while any is
/// owed something.
template <class Cells>
HWY_INLINE void spread(const ClusterTable& table, const Cells& cells, uint8_t* dirty) {
  const int blocks = table.blocks();
  std::fill(dirty, dirty + blocks, uint8_t{1});
  bool some = true;
  for (bool forth = true; some; forth = !forth) {
    some = false;
    for (int n = 0; n < blocks; ++n) {
      const int block = forth ? n : blocks - 1 - n;
      if (!dirty[block]) continue;
      dirty[block] = 0;
      bool again = true, changed = false;
      while (again) changed |= visit_block(table, cells, block, again);
      if (changed) {
        mark_debts(table, cells, block, dirty);
        some = true;
      }
    }
  }
}

}  // namespace quartic::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
