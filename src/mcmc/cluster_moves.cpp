#include "mcmc/cluster_moves.hpp"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "mcmc/cluster_moves.cpp"
#include "hwy/foreach_target.h"
// clang-format off
#include "hwy/highway.h"
#include "core/simd_math-inl.h"
#include "mcmc/cluster_boards-inl.h"
#include "mcmc/cluster_bonds-inl.h"
#include "mcmc/cluster_spread-inl.h"
// clang-format on

#include "core/dispatch.hpp"

HWY_BEFORE_NAMESPACE();
namespace quartic::HWY_NAMESPACE {

/// Calls plant(position, lane) for `seeds` random positions of every chain.
template <class T, class Plant>
HWY_INLINE void plant_seeds(const ClusterBlock<T>& block, Plant&& plant) {
  const Words32 du;
  const auto sites = static_cast<uint64_t>(block.table->sites());
  HWY_ALIGN uint32_t drawn[hn::MaxLanes(Words32())];
  for (int lane = 0; lane < block.lanes; lane += static_cast<int>(hn::MaxLanes(du))) {
    VectorStream<Words32> stream(du, block.words + lane, static_cast<size_t>(block.lanes));
    for (int seed = 0; seed < block.seeds; ++seed) {
      hn::Store(stream.next(), du, drawn);
      for (int l = 0; l < static_cast<int>(hn::MaxLanes(du)); ++l)
        plant(static_cast<ptrdiff_t>((drawn[l] * sites) >> 32), lane + l);
    }
    stream.store(du, block.words + lane, static_cast<size_t>(block.lanes));
  }
}

/// A fair coin a chain: whether all its signs turn besides, which without a ghost leaves the
/// density as it is. A field that is one cluster, which every seed reaches, would else turn at
/// every move, with a period of two. Calls turn(lane).
template <class T, class Turn>
HWY_INLINE void toss_coins(const ClusterBlock<T>& block, Turn&& turn) {
  const Words32 du;
  HWY_ALIGN uint32_t drawn[hn::MaxLanes(Words32())];
  for (int lane = 0; lane < block.lanes; lane += static_cast<int>(hn::MaxLanes(du))) {
    VectorStream<Words32> stream(du, block.words + lane, static_cast<size_t>(block.lanes));
    hn::Store(stream.next(), du, drawn);
    for (int l = 0; l < static_cast<int>(hn::MaxLanes(du)); ++l)
      if (drawn[l] >> 31 != 0) turn(lane + l);
    stream.store(du, block.words + lane, static_cast<size_t>(block.lanes));
  }
}

template <class T>
HWY_INLINE void draw_bonds_and_ties(const ClusterBlock<T>& block) {
  draw_edge_bonds(block, 0, static_cast<std::int32_t>(block.table->edges.size()),
                  WordSink{block.scratch->bonds.data()});
  draw_ghost_ties(block, WordSink{block.scratch->ties.data()});
}

/// Fills from the seeds, and takes the clusters that hang on the ghost out of what was reached.
template <class T>
HWY_INLINE void fill_from_seeds(const ClusterBlock<T>& block) {
  const auto& table = *block.table;
  auto& scratch = *block.scratch;
  draw_bonds_and_ties(block);
  auto& turned = scratch.turned;
  std::fill(turned.begin(), turned.end(), 0);
  plant_seeds(block, [&](ptrdiff_t position, int lane)
                         HWY_ATTR { turned[position] |= uint64_t{1} << lane; });
  spread(table, ReachedCells{turned.data(), scratch.bonds.data()}, scratch.dirty.data());
  if (table.ghost.empty()) {
    uint64_t coins = 0;
    toss_coins(block, [&](int lane) HWY_ATTR { coins |= uint64_t{1} << lane; });
    for (auto& word : turned) word ^= coins;
    return;
  }
  auto& tied = scratch.tied;
  std::fill(tied.begin(), tied.end(), 0);
  for (size_t k = 0; k < table.ghost.size(); ++k) tied[table.ghost[k].position] |= scratch.ties[k];
  spread(table, ReachedCells{tied.data(), scratch.bonds.data()}, scratch.dirty.data());
  for (size_t k = 0; k < turned.size(); ++k) turned[k] &= ~tied[k];
}

template <class T>
void DrawBoardBonds(const ClusterBlock<T>& block, std::int32_t first, std::int32_t last,
                    AlignedVector<std::uint32_t>& boards) {
  const auto& table = block.table->boards;
  if (first == 0) boards.assign(static_cast<std::size_t>(block.lanes) * table.words, 0);
  draw_edge_bonds(block, first, last, BoardSink{table.edge.data(), boards.data(), table.words});
}

/// The same on boards.
template <class T>
HWY_INLINE void fill_boards_from_seeds(const ClusterBlock<T>& block) {
  const auto& table = *block.table;
  auto& scratch = *block.scratch;
  auto &turned = scratch.board_turned, &tied = scratch.board_tied;
  const int lanes = block.lanes, tiles = table.boards.tiles;
  std::fill(turned.begin(), turned.end(), 0);
  if (!table.ghost.empty()) std::fill(tied.begin(), tied.end(), 0);
  if (block.bonds == nullptr)
    DrawBoardBonds(block, 0, static_cast<std::int32_t>(table.edges.size()), scratch.board_bonds);
  const auto& bonds = block.bonds != nullptr ? *block.bonds : scratch.board_bonds;
  draw_ghost_ties(block, BoardSink{table.ghost_bit.data(), tied.data(), tiles});
  plant_seeds(block, [&](ptrdiff_t position, int lane) HWY_ATTR {
    const auto tile = static_cast<int>(position / ClusterBoards::tile_sites);
    turned[ClusterBoards::index(tile, tiles, lane)] |= 1U << position % ClusterBoards::tile_sites;
  });
  fill_boards(table.boards, turned.data(), bonds.data(), lanes, scratch.dirty.data());
  if (table.ghost.empty()) {
    uint32_t coins[ClusterTable::max_lanes] = {};
    toss_coins(block, [&](int lane) HWY_ATTR { coins[lane] = ~uint32_t{0}; });
    constexpr int most = ClusterBoards::tile_sites;
    const int left = table.sites() % most;  // sites of the last tile
    for (int lane = 0; lane < lanes; lane += ClusterBoards::group) {
      auto* word = turned.data() + ClusterBoards::index(0, tiles, lane);
      for (int tile = 0; tile < tiles; ++tile) {
        const uint32_t sites = tile + 1 < tiles || left == 0 ? ~uint32_t{0} : (1U << left) - 1;
        for (int l = 0; l < ClusterBoards::group; ++l) *word++ ^= coins[lane + l] & sites;
      }
    }
    return;
  }
  fill_boards(table.boards, tied.data(), bonds.data(), lanes, scratch.dirty.data());
  for (size_t k = 0; k < turned.size(); ++k) turned[k] &= ~tied[k];
}

/// A level that all chains share and four random bits of each chain's own; sites tied to the ghost
/// get the highest label, which is even.
template <class T>
HWY_INLINE void draw_labels(const ClusterBlock<T>& block) {
  const Words32 du;
  const hn::Rebind<uint8_t, Words32> bytes;
  const auto& table = *block.table;
  auto* labels = block.scratch->labels.data();
  const int sites = table.sites();
  for (int lane = 0; lane < block.lanes; lane += static_cast<int>(hn::MaxLanes(du))) {
    VectorStream<Words32> stream(du, block.words + lane, static_cast<size_t>(block.lanes));
    for (int begin = 0; begin < sites; begin += 8) {
      auto bits = stream.next();
      for (int k = begin; k < std::min(begin + 8, sites); ++k) {
        const auto level = hn::Set(du, static_cast<uint32_t>(table.level[k]) << 4);
        const auto label = hn::Or(hn::And(bits, hn::Set(du, 15)), level);
        hn::StoreU(hn::U8FromU32(label), bytes,
                   labels + static_cast<ptrdiff_t>(k) * ClusterTable::max_lanes + lane);
        bits = hn::ShiftRight<4>(bits);
      }
    }
    stream.store(du, block.words + lane, static_cast<size_t>(block.lanes));
  }
  for (size_t k = 0; k < table.ghost.size(); ++k) {
    auto* row = labels + static_cast<ptrdiff_t>(table.ghost[k].position) * ClusterTable::max_lanes;
    for (uint64_t bits = block.scratch->ties[k]; bits != 0; bits &= bits - 1)
      row[std::countr_zero(bits)] = 0xFE;
  }
}

/// Odd labels, as one word a position.
HWY_INLINE void odd_labels(const ClusterTable& table, int lanes, ClusterScratch& scratch) {
  using Bytes = LabelCells::Bytes;
  const Bytes d;
  const auto one = hn::Set(d, 1);
  for (int k = 0; k < table.sites(); ++k) {
    uint64_t word = 0;
    for (int lane = 0; lane < lanes; lane += static_cast<int>(hn::MaxLanes(d))) {
      const LabelCells cells{scratch.labels.data(), nullptr, lane};
      uint64_t bits = 0;
      hn::StoreMaskBits(d, hn::TestBit(cells.load(k), one), reinterpret_cast<uint8_t*>(&bits));
      word |= bits << lane;
    }
    scratch.turned[k] = word;
  }
}

template <class Words>
HWY_INLINE double count_bits(const Words& words) {
  int64_t count = 0;
  for (const auto word : words) count += std::popcount(word);
  return static_cast<double>(count);
}

/// Changes the signs that the words ask for.
template <class T>
HWY_INLINE void turn_words(const ClusterBlock<T>& block) {
  const hn::ScalableTag<T> d;
  const auto& order = block.table->order;
  for (int k = block.begin; k < block.end; ++k) {
    const uint64_t word = block.scratch->turned[k];
    T* row = block.phi + static_cast<ptrdiff_t>(order[k]) * block.lanes;
    for (int lane = 0; lane < block.lanes; lane += static_cast<int>(hn::MaxLanes(d))) {
      const uint64_t bits = word >> lane;
      const auto mask = hn::LoadMaskBits(d, reinterpret_cast<const uint8_t*>(&bits));
      const auto x = hn::Load(d, row + lane);
      hn::Store(hn::IfThenElse(mask, hn::Neg(x), x), d, row + lane);
    }
  }
}

/// A board's words as lanes of the field's width.
template <class DU>
HWY_INLINE hn::Vec<DU> load_tile(DU du, const uint32_t* tile) {
  if constexpr (sizeof(hn::TFromD<DU>) == 4) {
    return hn::Load(du, tile);
  } else {
    return hn::PromoteTo(du, hn::Load(hn::Rebind<uint32_t, DU>(), tile));
  }
}

/// The same from boards, kVectors vectors of chains side by side so that memory is read in order:
/// each site's bit comes to the sign's place in turn.
template <int kVectors, class T>
HWY_INLINE void turn_board_vectors(const ClusterBlock<T>& block, int lane) {
  const hn::ScalableTag<T> d;
  const hn::RebindToUnsigned<decltype(d)> du;
  const auto& table = *block.table;
  const int step = static_cast<int>(hn::MaxLanes(d));
  constexpr int most = ClusterBoards::tile_sites;
  for (int t = block.begin / most; t * most < block.end; ++t) {
    const auto* sites = table.order.data() + t * most;
    hn::Vec<decltype(du)> bits[kVectors];
    for (int v = 0; v < kVectors; ++v)
      bits[v] = load_tile(du, block.scratch->board_turned.data() +
                                  ClusterBoards::index(t, table.boards.tiles, lane + v * step));
    for (int k = 0; k < std::min(most, block.end - t * most); ++k) {
      T* x = block.phi + static_cast<ptrdiff_t>(sites[k]) * block.lanes + lane;
      for (int v = 0; v < kVectors; ++v) {
        const auto old = hn::BitCast(du, hn::Load(d, x + v * step));
        const auto sign = hn::ShiftLeft<8 * sizeof(T) - 1>(bits[v]);
        hn::Store(hn::BitCast(d, hn::Xor(old, sign)), d, x + v * step);
        bits[v] = hn::ShiftRight<1>(bits[v]);
      }
    }
  }
}

template <class T>
HWY_INLINE void turn_boards(const ClusterBlock<T>& block) {
  const int step = static_cast<int>(hn::MaxLanes(hn::ScalableTag<T>()));
  int lane = 0;
  for (; lane + 4 * step <= block.lanes; lane += 4 * step) turn_board_vectors<4>(block, lane);
  for (; lane < block.lanes; lane += step) turn_board_vectors<1>(block, lane);
}

template <class T>
double Fill(const ClusterBlock<T>& block) {
  block.scratch->on_boards = block.table->has_boards();
  if (block.scratch->on_boards) {
    fill_boards_from_seeds(block);
    return count_bits(block.scratch->board_turned);
  }
  fill_from_seeds(block);
  return count_bits(block.scratch->turned);
}

template <class T>
double SwendsenWang(const ClusterBlock<T>& block) {
  auto& scratch = *block.scratch;
  scratch.on_boards = false;
  draw_bonds_and_ties(block);
  draw_labels(block);
  for (int lane = 0; lane < block.lanes;
       lane += static_cast<int>(hn::MaxLanes(LabelCells::Bytes())))
    spread(*block.table, LabelCells{scratch.labels.data(), scratch.bonds.data(), lane},
           scratch.dirty.data());
  odd_labels(*block.table, block.lanes, scratch);
  return count_bits(scratch.turned);
}

template <class T>
void TurnSigns(const ClusterBlock<T>& block) {
  block.scratch->on_boards ? turn_boards(block) : turn_words(block);
}

QUARTIC_KERNEL(Fill)
QUARTIC_KERNEL(SwendsenWang)
QUARTIC_KERNEL(TurnSigns)
QUARTIC_KERNEL(DrawBoardBonds)

}  // namespace quartic::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace quartic {
namespace {

/// Unused lanes hold zeros, which the kernels keep.
void fit(ClusterScratch& scratch, const ClusterTable& table, int lanes) {
  const auto sites = static_cast<std::size_t>(table.sites());
  if (scratch.lanes != lanes || scratch.turned.size() != sites ||
      scratch.bonds.size() != table.edges.size()) {
    scratch.lanes = lanes;
    scratch.minus_strength.resize(table.edges.size());
    scratch.bonds.assign(table.edges.size(), 0);
    scratch.turned.assign(sites, 0);
    scratch.tied.assign(sites, 0);
    scratch.labels.assign(sites * ClusterTable::max_lanes, 0);
    scratch.dirty.assign(static_cast<std::size_t>(std::max(table.blocks(), table.boards.tiles)), 0);
    const auto columns = static_cast<std::size_t>(lanes);
    scratch.board_turned.assign(columns * table.boards.tiles, 0);
    scratch.board_tied.assign(columns * table.boards.tiles, 0);
    scratch.ties.clear();
  }
  if (scratch.ties.size() != table.ghost.size()) scratch.ties.assign(table.ghost.size(), 0);
}

}  // namespace

HWY_EXPORT(FillBoth);
HWY_EXPORT(SwendsenWangBoth);
HWY_EXPORT(TurnSignsBoth);
HWY_EXPORT(DrawBoardBondsBoth);

template <class T>
double choose_fill(const ClusterBlock<T>& block) {
  fit(*block.scratch, *block.table, block.lanes);
  return QUARTIC_DISPATCH(Fill, T)(block);
}
template <class T>
double choose_swendsen_wang(const ClusterBlock<T>& block) {
  fit(*block.scratch, *block.table, block.lanes);
  return QUARTIC_DISPATCH(SwendsenWang, T)(block);
}
template <class T>
void turn_signs(const ClusterBlock<T>& block) {
  QUARTIC_DISPATCH(TurnSigns, T)(block);
}
template <class T>
void draw_board_bonds(const ClusterBlock<T>& block, std::int32_t first, std::int32_t last,
                      AlignedVector<std::uint32_t>& boards) {
  fit(*block.scratch, *block.table, block.lanes);
  QUARTIC_DISPATCH(DrawBoardBonds, T)(block, first, last, boards);
}

#define QUARTIC_INSTANTIATE(T)                                                       \
  template double choose_fill(const ClusterBlock<T>&);                               \
  template double choose_swendsen_wang(const ClusterBlock<T>&);                      \
  template void turn_signs(const ClusterBlock<T>&);                                  \
  template void draw_board_bonds(const ClusterBlock<T>&, std::int32_t, std::int32_t, \
                                 AlignedVector<std::uint32_t>&);
QUARTIC_INSTANTIATE(float)
QUARTIC_INSTANTIATE(double)
#undef QUARTIC_INSTANTIATE

}  // namespace quartic
#endif
