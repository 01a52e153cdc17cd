// Filling through bonds that stand on boards, 32 sites to a word and a chain to a lane; included
// once per SIMD target.
#if defined(QUARTIC_CLUSTER_BOARDS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef QUARTIC_CLUSTER_BOARDS_INL_H_
#undef QUARTIC_CLUSTER_BOARDS_INL_H_
#else
#define QUARTIC_CLUSTER_BOARDS_INL_H_
#endif

#include "core/simd_math-inl.h"
#include "mcmc/cluster_table.hpp"

HWY_BEFORE_NAMESPACE();
namespace quartic::HWY_NAMESPACE {

using Board = hn::ScalableTag<uint32_t>;
using VBoard = hn::Vec<Board>;

HWY_INLINE VBoard rotate_left([[maybe_unused]] Board d, VBoard x, uint32_t bits) {
  if (bits == 0) return x;
#if HWY_TARGET <= HWY_AVX3
  return VBoard{_mm512_rolv_epi32(x.raw, hn::Set(d, bits).raw)};
#else
  return hn::Or(hn::ShiftLeftSame(x, static_cast<int>(bits)),
                hn::ShiftRightSame(x, static_cast<int>(32 - bits)));
#endif
}

/// Every run of sites that `joined` ties to the one before (bit 0 aside) is filled if any of it is.
/// Upwards by the carry of one addition, which runs through a stretch of ones; downwards by
/// doubling steps.
HWY_INLINE VBoard fill_runs(Board d, VBoard x, VBoard joined) {
  joined = hn::AndNot(hn::Set(d, 1), joined);
  const auto start = hn::And(hn::Add(x, x), joined);
  const auto carried = hn::Xor(hn::Add(joined, start), joined);
  x = hn::Or(x, hn::And(hn::Or(carried, start), joined));
  auto open = hn::ShiftRight<1>(joined);
  x = hn::Or(x, hn::And(hn::ShiftRight<1>(x), open));
  open = hn::And(open, hn::ShiftRight<1>(open));
  x = hn::Or(x, hn::And(hn::ShiftRight<2>(x), open));
  open = hn::And(open, hn::ShiftRight<2>(open));
  x = hn::Or(x, hn::And(hn::ShiftRight<4>(x), open));
  open = hn::And(open, hn::ShiftRight<4>(open));
  x = hn::Or(x, hn::And(hn::ShiftRight<8>(x), open));
  open = hn::And(open, hn::ShiftRight<8>(open));
  return hn::Or(x, hn::And(hn::ShiftRight<16>(x), open));
}

/// One vector of chains of a filling; words of a board are ClusterBoards::group apart.
struct BoardFilling {
  const ClusterBoards& boards;
  uint32_t* reached;      ///< by tile, at the vector's first lane
  const uint32_t* bonds;  ///< by word, likewise

  HWY_INLINE uint32_t* tile(int t) const {
    return reached + static_cast<ptrdiff_t>(t) * ClusterBoards::group;
  }
  HWY_INLINE VBoard bond(int w) const {
    return hn::Load(Board(), bonds + static_cast<ptrdiff_t>(w) * ClusterBoards::group);
  }

  HWY_INLINE VBoard follow(VBoard x, const BoardPath& path, VBoard from) const {
    const Board d;
    const auto keep = hn::Set(d, path.keep), open = bond(path.bonds);
    const auto arriving = path.inward ? hn::And(rotate_left(d, from, path.rotation), open)
                                      : rotate_left(d, hn::And(from, open), path.rotation);
    return hn::Or(x, hn::And(arriving, keep));
  }

  /// Takes in what other tiles owe to this one and fills it. Returns whether anything is new.
  HWY_INLINE bool visit(int t) const {
    const Board d;
    const auto run = bond(boards.run[t]);
    const int begin = boards.path_row[t], end = boards.path_row[t + 1];
    auto x = hn::Load(d, tile(t));
    for (bool some = false;; some = true) {
      const auto before = x;
      for (int p = begin; p < end; ++p) {
        const auto& path = boards.paths[p];
        x = follow(x, path, path.from == t ? x : hn::Load(d, tile(path.from)));
      }
      if (hn::AllTrue(d, hn::Eq(x, before))) return some;
      x = fill_runs(d, x, run);
      hn::Store(x, d, tile(t));
      if (boards.repeat[t] == 0) return true;
    }
  }

  /// Paths come in both directions: whoever leads here is led to from here.
  HWY_INLINE void mark_debts(int t, uint8_t* dirty) const {
    for (int p = boards.path_row[t]; p < boards.path_row[t + 1]; ++p)
      if (boards.paths[p].from != t) dirty[boards.paths[p].from] = 1;
  }

  /// Until nothing changes. Tiles are visited in order, forth and back, while a tile that has a
  /// path into them has changed.
  HWY_INLINE void run(uint8_t* dirty) const {
    const Board d;
    const int tiles = boards.tiles;
    std::copy(boards.repeat.begin(), boards.repeat.end(), dirty);
    for (int t = 0; t < tiles; ++t) {
      const auto x = hn::Load(d, tile(t));
      if (hn::AllTrue(d, hn::Eq(x, hn::Zero(d)))) continue;
      hn::Store(fill_runs(d, x, bond(boards.run[t])), d, tile(t));
      mark_debts(t, dirty);
    }
    bool some = true;
    for (bool forth = true; some; forth = !forth) {
      some = false;
      for (int n = 0; n < tiles; ++n) {
        const int t = forth ? n : tiles - 1 - n;
        if (dirty[t] == 0) continue;
        dirty[t] = 0;
        if (!visit(t)) continue;
        some = true;
        mark_debts(t, dirty);
      }
    }
  }
};

HWY_INLINE void fill_boards(const ClusterBoards& boards, uint32_t* reached, const uint32_t* bonds,
                            int lanes, uint8_t* dirty) {
  for (int lane = 0; lane < lanes; lane += static_cast<int>(hn::MaxLanes(Board())))
    BoardFilling{boards, reached + ClusterBoards::index(0, boards.tiles, lane),
                 bonds + ClusterBoards::index(0, boards.words, lane)}
        .run(dirty);
}

}  // namespace quartic::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
