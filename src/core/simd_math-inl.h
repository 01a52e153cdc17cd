// Vector random numbers, exp, log and Gaussian pairs for the hot kernels; included once per SIMD
// target. Polynomials are least-maximum fits on the stated intervals, relative error about 1e-7 for
// float: enough for a proposal or an accept step, never used for an action difference that is
// reported.
#if defined(QUARTIC_SIMD_MATH_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef QUARTIC_SIMD_MATH_INL_H_
#undef QUARTIC_SIMD_MATH_INL_H_
#else
#define QUARTIC_SIMD_MATH_INL_H_
#endif

#include <cstdint>

#include "hwy/contrib/math/math-inl.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace quartic::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;
using hn::TFromD;  // HWY_IF_LANE_SIZE_D names it unqualified

/// xoshiro128++ for one vector of chains; the words of lane l live at words[k * lanes + l].
template <class DU>
struct VectorStream {
  using V = hn::Vec<DU>;
  V s0, s1, s2, s3;

  HWY_INLINE VectorStream(DU du, const uint32_t* words, size_t stride)
      : s0(hn::Load(du, words)),
        s1(hn::Load(du, words + stride)),
        s2(hn::Load(du, words + 2 * stride)),
        s3(hn::Load(du, words + 3 * stride)) {}
  HWY_INLINE void store(DU du, uint32_t* words, size_t stride) const {
    hn::Store(s0, du, words);
    hn::Store(s1, du, words + stride);
    hn::Store(s2, du, words + 2 * stride);
    hn::Store(s3, du, words + 3 * stride);
  }
  /// Takes the lanes where `moved` is false back to where they were; for double the words of a lane
  /// are half as wide as its mask.
  template <class D, class M>
  HWY_INLINE void keep_where_not(D, M moved, const VectorStream& before) {
    const auto mask = words_mask<D>(moved);
    s0 = hn::IfThenElse(mask, s0, before.s0);
    s1 = hn::IfThenElse(mask, s1, before.s1);
    s2 = hn::IfThenElse(mask, s2, before.s2);
    s3 = hn::IfThenElse(mask, s3, before.s3);
  }
  template <class D, class M>
  static HWY_INLINE auto words_mask(M mask) {
    if constexpr (sizeof(hn::TFromD<D>) == 4) {
      return hn::RebindMask(DU(), mask);
    } else {
      const hn::RebindToSigned<DU> narrow;
      const auto minus_one = hn::IfThenElseZero(mask, hn::Set(D(), -1.0));
      return hn::RebindMask(DU(), hn::MaskFromVec(hn::DemoteTo(narrow, minus_one)));
    }
  }

  template <int kBits>
  static HWY_INLINE V rotate(V x) {
    return hn::RotateRight<32 - kBits>(x);
  }
  HWY_INLINE V next() {
    const V result = hn::Add(rotate<7>(hn::Add(s0, s3)), s0);
    const V t = hn::ShiftLeft<9>(s1);
    s2 = hn::Xor(s2, s0);
    s3 = hn::Xor(s3, s1);
    s1 = hn::Xor(s1, s2);
    s0 = hn::Xor(s0, s3);
    s2 = hn::Xor(s2, t);
    s3 = rotate<11>(s3);
    return result;
  }
};

/// Uniform in [0, 1): 24 bits for float, 31 for double.
template <class D, class VU>
HWY_INLINE hn::Vec<D> uniform(D d, VU bits) {
  const hn::Rebind<int32_t, D> di;
  if constexpr (sizeof(hn::TFromD<D>) == 4) {
    return hn::Mul(hn::ConvertTo(d, hn::BitCast(di, hn::ShiftRight<8>(bits))),
                   hn::Set(d, 0x1p-24f));
  } else {
    return hn::Mul(hn::PromoteTo(d, hn::BitCast(di, hn::ShiftRight<1>(bits))), hn::Set(d, 0x1p-31));
  }
}

/// exp(x) for an accept step, x clamped to [-80, 80]. Adding 1.5 * 2^23 rounds to an integer and
/// leaves it in the low bits of the sum, ready to be shifted into the exponent.
template <class D, HWY_IF_LANE_SIZE_D(D, 4)>
HWY_INLINE hn::Vec<D> accept_exp(D d, hn::Vec<D> x) {
  const hn::RebindToSigned<D> di;
  const auto round = hn::Set(d, 12582912.0f);
  x = hn::Min(hn::Max(x, hn::Set(d, -80.0f)), hn::Set(d, 80.0f));
  const auto shifted = hn::MulAdd(x, hn::Set(d, 1.44269504f), round);
  const auto n = hn::Sub(shifted, round);
  auto r = hn::NegMulAdd(n, hn::Set(d, 0.693145752f), x);
  r = hn::NegMulAdd(n, hn::Set(d, 1.42860677e-6f), r);
  auto p = hn::MulAdd(hn::Set(d, 0.008373887772f), r, hn::Set(d, 0.041898485922f));
  p = hn::MulAdd(p, r, hn::Set(d, 0.166664654584f));
  p = hn::MulAdd(p, r, hn::Set(d, 0.499991447554f));
  p = hn::MulAdd(p, hn::Mul(r, r), hn::Add(r, hn::Set(d, 1.0f)));
  return hn::BitCast(d, hn::Add(hn::BitCast(di, p), hn::ShiftLeft<23>(hn::BitCast(di, shifted))));
}
template <class D, HWY_IF_LANE_SIZE_D(D, 8)>
HWY_INLINE hn::Vec<D> accept_exp(D d, hn::Vec<D> x) {
  return hn::Exp(d, hn::Min(hn::Max(x, hn::Set(d, -700.0)), hn::Set(d, 700.0)));
}

/// ln u for u in (0, 1], by exponent and a polynomial of ln(1 + f) on |f| <= 1/3.
template <class D, HWY_IF_LANE_SIZE_D(D, 4)>
HWY_INLINE hn::Vec<D> log_uniform(D d, hn::Vec<D> u) {
  const hn::RebindToSigned<D> di;
  const auto bits = hn::BitCast(di, u);
  const auto e = hn::ShiftRight<23>(hn::Sub(bits, hn::Set(di, 0x3f2aaaab)));
  const auto f = hn::Sub(hn::BitCast(d, hn::Sub(bits, hn::ShiftLeft<23>(e))), hn::Set(d, 1.0f));
  auto p = hn::MulAdd(hn::Set(d, -0.156308649367f), f, hn::Set(d, 0.171280093909f));
  p = hn::MulAdd(p, f, hn::Set(d, -0.163826600372f));
  p = hn::MulAdd(p, f, hn::Set(d, 0.197960057287f));
  p = hn::MulAdd(p, f, hn::Set(d, -0.250080251096f));
  p = hn::MulAdd(p, f, hn::Set(d, 0.333375518368f));
  p = hn::MulAdd(p, f, hn::Set(d, -0.5f));
  p = hn::MulAdd(p, hn::Mul(f, f), f);
  return hn::MulAdd(hn::ConvertTo(d, e), hn::Set(d, 0.693147181f), p);
}
template <class D, HWY_IF_LANE_SIZE_D(D, 8)>
HWY_INLINE hn::Vec<D> log_uniform(D d, hn::Vec<D> u) {
  return hn::Log(d, u);
}

/// sin and cos of pi v for v in [-1/2, 1/2].
template <class D, HWY_IF_LANE_SIZE_D(D, 4)>
HWY_INLINE void sin_cos_half(D d, hn::Vec<D> v, hn::Vec<D>& sine, hn::Vec<D>& cosine) {
  const auto z = hn::Mul(v, hn::Set(d, 3.14159265f));
  const auto z2 = hn::Mul(z, z);
  auto s = hn::MulAdd(hn::Set(d, 2.605224845614e-06f), z2, hn::Set(d, -1.980907525656e-04f));
  s = hn::MulAdd(s, z2, hn::Set(d, 8.333051062909e-03f));
  s = hn::MulAdd(s, z2, hn::Set(d, -1.666665799189e-01f));
  s = hn::MulAdd(s, z2, hn::Set(d, 1.0f));
  sine = hn::Mul(s, z);
  auto c = hn::MulAdd(hn::Set(d, 2.315393073301e-05f), z2, hn::Set(d, -1.385370426257e-03f));
  c = hn::MulAdd(c, z2, hn::Set(d, 4.166358468607e-02f));
  c = hn::MulAdd(c, z2, hn::Set(d, -4.999990534673e-01f));
  cosine = hn::MulAdd(c, z2, hn::Set(d, 1.0f));
}
template <class D, HWY_IF_LANE_SIZE_D(D, 8)>
HWY_INLINE void sin_cos_half(D d, hn::Vec<D> v, hn::Vec<D>& sine, hn::Vec<D>& cosine) {
  const auto z = hn::Mul(v, hn::Set(d, 3.14159265358979323846));
  sine = hn::Sin(d, z);
  cosine = hn::Cos(d, z);
}

/// Two independent standard Gaussians a lane (Box-Muller).
template <class D, class VU>
HWY_INLINE void gaussian_pair(D d, VU radius_bits, VU angle_bits, hn::Vec<D>& z0, hn::Vec<D>& z1) {
  using T = hn::TFromD<D>;
  const auto one = hn::Set(d, T(1));
  const auto u = hn::Sub(one, uniform(d, radius_bits));  // in (0, 1]
  const auto radius = hn::Sqrt(hn::Mul(hn::Set(d, T(-2)), log_uniform(d, u)));
  hn::Vec<D> s, c;
  sin_cos_half(d, hn::Sub(uniform(d, angle_bits), hn::Set(d, T(0.5))), s, c);
  // Double angle: the full circle from the half circle.
  z0 = hn::Mul(radius, hn::Mul(hn::Add(s, s), c));
  z1 = hn::Mul(radius, hn::NegMulAdd(hn::Add(s, s), s, one));
}

}  // namespace quartic::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
