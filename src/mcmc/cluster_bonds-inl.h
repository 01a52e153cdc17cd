// Drawing the bonds of a cluster update, 64 chains to a word; included once per SIMD target.
#if defined(QUARTIC_CLUSTER_BONDS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef QUARTIC_CLUSTER_BONDS_INL_H_
#undef QUARTIC_CLUSTER_BONDS_INL_H_
#else
#define QUARTIC_CLUSTER_BONDS_INL_H_
#endif

#include <algorithm>
#include <cstdint>

#include "core/simd_math-inl.h"
#include "mcmc/cluster_moves.hpp"

HWY_BEFORE_NAMESPACE();
namespace quartic {
namespace HWY_NAMESPACE {

using Lanes32 = hn::ScalableTag<float>;
using VFloat = hn::Vec<Lanes32>;
using Words32 = hn::Rebind<uint32_t, Lanes32>;

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

/// 2^y for y <= 0, exactly 1 at 0, relative error 2e-7: the least-maximum fit of 2^f on [0, 1]
/// that meets it at 0, times a power of two.
HWY_INLINE VFloat exp2_negative(Lanes32 d, VFloat y) {
#if HWY_TARGET <= HWY_AVX3
  const VFloat f{_mm512_reduce_ps(y.raw, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC)};
#else
  y = hn::Max(y, hn::Set(d, -126.0F));
  const auto whole = hn::Floor(y);
  const auto f = hn::Sub(y, whole);
#endif
  auto p = hn::MulAdd(hn::Set(d, 0.00186713F), f, hn::Set(d, 0.00901703F));
  p = hn::MulAdd(p, f, hn::Set(d, 0.05579991F));
  p = hn::MulAdd(p, f, hn::Set(d, 0.24016445F));
  p = hn::MulAdd(p, f, hn::Set(d, 0.69315131F));
  p = hn::MulAdd(p, f, hn::Set(d, 1.0F));
#if HWY_TARGET <= HWY_AVX3
  return VFloat{_mm512_scalef_ps(p.raw, y.raw)};
#else
  const hn::RebindToSigned<Lanes32> di;
  const auto exponent = hn::ShiftLeft<23>(hn::ConvertTo(di, whole));
  return hn::BitCast(d, hn::Add(hn::BitCast(di, p), exponent));
#endif
}

/// Probability that no bond is drawn, exp(-2 w x y) where that is below 1; `strength` is 2 w /
/// ln 2.
HWY_INLINE VFloat no_bond(Lanes32 d, VFloat x, VFloat y, VFloat minus_strength) {
  return exp2_negative(d, hn::Min(hn::Mul(hn::Mul(x, minus_strength), y), hn::Zero(d)));
}

/// Bits `lane`, `lane + 1`, ... of a word, one for each lane of the mask; the others keep.
template <class M>
HWY_INLINE void store_bits(Lanes32 d, M mask, uint64_t* word, int lane) {
  auto* byte = reinterpret_cast<uint8_t*>(word) + lane / 8;
  if constexpr (hn::MaxLanes(Lanes32()) >= 8) {
    hn::StoreMaskBits(d, mask, byte);
  } else {
    uint8_t bits[8] = {};
    hn::StoreMaskBits(d, mask, bits);
    const int shift = lane % 8, keep = ((1 << hn::MaxLanes(d)) - 1) << shift;
    *byte = static_cast<uint8_t>((*byte & ~keep) | bits[0] << shift);
  }
}

/// Two independent bonds from one uniform number v: the first where v < p; the second where v falls
/// into the lower part p p' of [0, p) or into the upper part (1 - p) p' of [p, 1), so it has
/// probability p' whatever the first does. Exact zeros stay exact.
template <class Ends>
HWY_INLINE void draw_bond_pairs(const Ends& ends, const float* strength, float scale, int count,
                                uint32_t* streams, int lanes, uint64_t* words) {
  const Lanes32 d;
  const Words32 du;
  const auto one = hn::Set(d, 1.0F);
  constexpr int chunk = 64;  // the rows of a chunk stay in the first cache for all its vectors
  for (int begin = 0; begin < count; begin += chunk) {
    const int end = std::min(begin + chunk, count);
    for (int lane = 0; lane < lanes; lane += static_cast<int>(hn::MaxLanes(d))) {
      VectorStream<Words32> stream(du, streams + lane, static_cast<size_t>(lanes));
      for (int e = begin; e < end; e += 2) {
        const auto q = no_bond(d, ends.first(d, e, lane), ends.second(d, e, lane),
                               hn::Set(d, -scale * strength[e]));
        const auto q2 = no_bond(d, ends.first(d, e + 1, lane), ends.second(d, e + 1, lane),
                                hn::Set(d, -scale * strength[e + 1]));
        const auto p = hn::Sub(one, q), p2 = hn::Sub(one, q2);
        const auto v = uniform(d, stream.next());
        store_bits(d, hn::Lt(v, p), words + e, lane);
        store_bits(d, hn::Or(hn::Lt(v, hn::Mul(p, p2)), hn::Ge(v, hn::NegMulAdd(q, p2, one))),
                   words + e + 1, lane);
      }
      stream.store(du, streams + lane, static_cast<size_t>(lanes));
    }
  }
}

template <class T>
struct EdgeEnds {
  const ClusterEdge* edge;
  const T* phi;
  int lanes;
  HWY_INLINE VFloat first(Lanes32 d, int e, int lane) const {
    return load_field(d, phi + static_cast<ptrdiff_t>(edge[e].first) * lanes + lane);
  }
  HWY_INLINE VFloat second(Lanes32 d, int e, int lane) const {
    return load_field(d, phi + static_cast<ptrdiff_t>(edge[e].second) * lanes + lane);
  }
};

/// The ghost spin is 1.
template <class T>
struct GhostEnds {
  const GhostTie* tie;
  const T* phi;
  int lanes;
  HWY_INLINE VFloat first(Lanes32 d, int k, int lane) const {
    return load_field(d, phi + static_cast<ptrdiff_t>(tie[k].site) * lanes + lane);
  }
  HWY_INLINE VFloat second(Lanes32 d, int, int) const { return hn::Set(d, 1.0F); }
};

template <class T>
HWY_INLINE void draw_bonds(const ClusterBlock<T>& block) {
  const auto& table = *block.table;
  auto& scratch = *block.scratch;
  draw_bond_pairs(EdgeEnds<T>{table.edges.data(), block.phi, block.lanes}, table.strength.data(),
                  static_cast<float>(block.scale), static_cast<int>(table.edges.size()),
                  block.words, block.lanes, scratch.bonds.data());
  draw_bond_pairs(GhostEnds<T>{table.ghost.data(), block.phi, block.lanes},
                  table.ghost_strength.data(), 1.0F, static_cast<int>(table.ghost.size()),
                  block.words, block.lanes, scratch.ties.data());
}

}  // namespace HWY_NAMESPACE
}  // namespace quartic
HWY_AFTER_NAMESPACE();

#endif
