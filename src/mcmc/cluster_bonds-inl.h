// Drawing the bonds of a cluster update, 64 chains to a word; included once per SIMD target.
#if defined(QUARTIC_CLUSTER_BONDS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef QUARTIC_CLUSTER_BONDS_INL_H_
#undef QUARTIC_CLUSTER_BONDS_INL_H_
#else
#define QUARTIC_CLUSTER_BONDS_INL_H_
#endif

#include <algorithm>
#include <type_traits>

#include "core/simd_math-inl.h"
#include "mcmc/cluster_moves.hpp"

HWY_BEFORE_NAMESPACE();
namespace quartic::HWY_NAMESPACE {

using Lanes32 = hn::ScalableTag<float>;
using Words32 = hn::Rebind<uint32_t, Lanes32>;
using VFloat = hn::Vec<Lanes32>;

/// One vector of chains as float32: the bits of a bond need no more of float64 fields.
HWY_INLINE VFloat load_field(Lanes32 d, const float* phi) {
  return hn::Load(d, phi);
}
HWY_INLINE VFloat load_field(Lanes32 d, const double* phi) {
#if HWY_TARGET == HWY_SCALAR
  return hn::DemoteTo(d, hn::Load(hn::Rebind<double, Lanes32>(), phi));
#else
  const hn::Half<Lanes32> half;
  const hn::Rebind<double, decltype(half)> wide;
  const auto low = hn::DemoteTo(half, hn::Load(wide, phi));
  return hn::Combine(d, hn::DemoteTo(half, hn::Load(wide, phi + hn::Lanes(wide))), low);
#endif
}

/// unit 2^y for y <= 0, exactly `unit` at 0, relative error 2e-7: the least-maximum fit of 2^f on
/// [0, 1] that meets it at 0, times a power of two. Where y > 0, something above `unit`.
HWY_INLINE VFloat scaled_exp2(Lanes32 d, VFloat y, float unit) {
#if HWY_TARGET <= HWY_AVX3
  const VFloat f{_mm512_reduce_ps(y.raw, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC)};
#else
  y = hn::Min(hn::Max(y, hn::Set(d, -100.0F)), hn::Set(d, 100.0F));
  const auto whole = hn::Floor(y);
  const auto f = hn::Sub(y, whole);
#endif
  auto p = hn::MulAdd(hn::Set(d, 0.00186713F * unit), f, hn::Set(d, 0.00901703F * unit));
  p = hn::MulAdd(p, f, hn::Set(d, 0.05579991F * unit));
  p = hn::MulAdd(p, f, hn::Set(d, 0.24016445F * unit));
  p = hn::MulAdd(p, f, hn::Set(d, 0.69315131F * unit));
  p = hn::MulAdd(p, f, hn::Set(d, unit));
#if HWY_TARGET <= HWY_AVX3
  return VFloat{_mm512_scalef_ps(p.raw, y.raw)};
#else
  const hn::RebindToSigned<Lanes32> di;
  const auto exponent = hn::ShiftLeft<23>(hn::ConvertTo(di, whole));
  return hn::BitCast(d, hn::Add(hn::BitCast(di, p), exponent));
#endif
}

/// Bonds as words of chains, one an edge.
struct WordSink {
  uint64_t* words;
  template <class M>
  HWY_INLINE void store(Lanes32 d, int edge, int lane, M mask) const {
    auto* byte = reinterpret_cast<uint8_t*>(words + edge) + lane / 8;
    if constexpr (hn::MaxLanes(Lanes32()) >= 8) {
      hn::StoreMaskBits(d, mask, byte);
    } else {
      uint8_t bits[8] = {};
      hn::StoreMaskBits(d, mask, bits);
      const int shift = lane % 8, keep = ((1 << hn::MaxLanes(d)) - 1) << shift;
      *byte = static_cast<uint8_t>((*byte & ~keep) | bits[0] << shift);
    }
  }
};

/// Bonds as bits that are added to boards of `words` words a chain.
struct BoardSink {
  const BoardBit* place;
  uint32_t* boards;
  int words;
  template <class M>
  HWY_INLINE void store(Lanes32, int edge, int lane, M mask) const {
    const Words32 du;
    auto* word = boards + ClusterBoards::index(place[edge].word, words, lane);
    const auto bit = hn::IfThenElseZero(hn::RebindMask(du, mask), hn::Set(du, place[edge].bit));
    hn::Store(hn::Or(hn::Load(du, word), bit), du, word);
  }
};

/// Two independent bonds from one uniform number v: the first where v < p; the second where v falls
/// into the lower part p p' of [0, p) or into the upper part (1 - p) p' of [p, 1), so it has
/// probability p' whatever the first does. All scaled by 2^24, the number of values of v. With
/// p = 1 - exp(-2 w x y) and `minus_strength` -2 w / ln 2. What cannot be a bond never is one: the
/// first probability is exactly 0 there, and a second one at or below 0 leaves both parts empty.
template <class Ends, class Sink>
HWY_INLINE void draw_bond_pairs(const Ends& ends, const float* minus_strength, int first, int last,
                                uint32_t* streams, int lanes, const Sink& sink) {
  const Lanes32 d;
  const Words32 du;
  const hn::RebindToSigned<Lanes32> di;
  const auto zero = hn::Zero(d), one = hn::Set(d, 1.0F), unit = hn::Set(d, 0x1p24F);
  constexpr int chunk = 64;  // the rows of a chunk stay in the first cache for all its vectors
  for (int begin = first; begin < last; begin += chunk) {
    const int end = std::min(begin + chunk, last);
    for (int lane = 0; lane < lanes; lane += static_cast<int>(hn::MaxLanes(d))) {
      VectorStream<Words32> stream(du, streams + lane, static_cast<size_t>(lanes));
      const auto exponent = [&](int e) HWY_ATTR {
        const auto x = hn::Mul(ends.first(d, e, lane), hn::Set(d, minus_strength[e]));
        return hn::Mul(x, ends.second(d, e, lane));
      };
      for (int e = begin; e < end; e += 2) {
        const auto q = scaled_exp2(d, hn::Min(exponent(e), zero), 0x1p24F);
        const auto p = hn::Sub(unit, q);
        const auto p2 = hn::Sub(one, scaled_exp2(d, exponent(e + 1), 1.0F));
        const auto v = hn::ConvertTo(d, hn::BitCast(di, hn::ShiftRight<8>(stream.next())));
        sink.store(d, e, lane, hn::Lt(v, p));
        sink.store(d, e + 1, lane,
                   hn::Or(hn::Lt(v, hn::Mul(p, p2)), hn::Ge(v, hn::NegMulAdd(q, p2, unit))));
      }
      stream.store(du, streams + lane, static_cast<size_t>(lanes));
    }
  }
}

/// The fields at both ends of edges, or of ties to the ghost spin, which is 1.
template <class T, class Bond>
struct BondEnds {
  static constexpr bool ghost = std::is_same_v<Bond, GhostTie>;
  const Bond* bond;
  const T* phi;
  int lanes;
  HWY_INLINE VFloat first(Lanes32 d, int e, int lane) const {
    if constexpr (ghost) return at(d, bond[e].site, lane);
    if constexpr (!ghost) return at(d, bond[e].first, lane);
  }
  HWY_INLINE VFloat second(Lanes32 d, int e, int lane) const {
    if constexpr (ghost) return hn::Set(d, 1.0F);
    if constexpr (!ghost) return at(d, bond[e].second, lane);
  }
  HWY_INLINE VFloat at(Lanes32 d, int site, int lane) const {
    return load_field(d, phi + static_cast<ptrdiff_t>(site) * lanes + lane);
  }
};

template <class T, class Sink>
HWY_INLINE void draw_edge_bonds(const ClusterBlock<T>& block, int first, int last,
                                const Sink& bonds) {
  const auto& table = *block.table;
  auto& scaled = block.scratch->minus_strength;
  for (int e = first; e < last; ++e)
    scaled[e] = static_cast<float>(block.scale) * table.minus_strength[e];
  draw_bond_pairs(BondEnds<T, ClusterEdge>{table.edges.data(), block.phi, block.lanes},
                  scaled.data(), first, last, block.words, block.lanes, bonds);
}

template <class T, class Sink>
HWY_INLINE void draw_ghost_ties(const ClusterBlock<T>& block, const Sink& ties) {
  const auto& table = *block.table;
  draw_bond_pairs(BondEnds<T, GhostTie>{table.ghost.data(), block.phi, block.lanes},
                  table.minus_ghost_strength.data(), 0, static_cast<int>(table.ghost.size()),
                  block.words, block.lanes, ties);
}

}  // namespace quartic::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
