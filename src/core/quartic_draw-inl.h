// Draws from the quartic density on a vector of chains: independence Metropolis steps and exact
// draws; included once per SIMD target. The constants of a unit or site come as any type with the
// members a, b, least_centre, well_square and two_root_b (mcmc/sweep_table.hpp says what they are).
#if defined(QUARTIC_QUARTIC_DRAW_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef QUARTIC_QUARTIC_DRAW_INL_H_
#undef QUARTIC_QUARTIC_DRAW_INL_H_
#else
#define QUARTIC_QUARTIC_DRAW_INL_H_
#endif

#include "core/simd_math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace quartic {
namespace HWY_NAMESPACE {

/// x_new where accepted, x elsewhere; counts acceptances.
template <class D, class V, class M>
HWY_INLINE V choose(D d, M accept, V x_new, V x, V& accepted) {
  accepted = hn::Add(accepted, hn::IfThenElseZero(accept, hn::Set(d, hn::TFromD<D>(1))));
  return hn::IfThenElse(accept, x_new, x);
}

/// 1/x to a few digits, where any value keeps a move exact.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V rough_reciprocal(D d, V x) {
  if constexpr (sizeof(hn::TFromD<D>) == 4) {
    return hn::ApproximateReciprocal(x);
  } else {
    return hn::Div(hn::Set(d, 1.0), x);
  }
}

/// 1/sqrt(x) to full precision, without the divider for float.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V reciprocal_sqrt(D d, V x) {
  using T = hn::TFromD<D>;
  if constexpr (sizeof(T) == 4) {
    const V half = hn::Mul(hn::Set(d, T(0.5)), x);
    V y = hn::ApproximateReciprocalSqrt(x);
    for (int step = 0; step < (HWY_TARGET <= HWY_SSE4 ? 1 : 3); ++step)  // x86 begins with 12 bits
      y = hn::Mul(y, hn::NegMulAdd(hn::Mul(half, y), y, hn::Set(d, T(1.5))));
    return y;
  } else {
    return hn::Div(hn::Set(d, T(1)), hn::Sqrt(x));
  }
}

/// The positive root of 4 b m^3 + 2 a m = t, a >= 0, roughly: a start between both limits and one
/// Newton step. What is centred there is exact for every centre, so speed comes before digits.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V rough_mode(D d, V two_a, V four_b, V t) {
  using T = hn::TFromD<D>;
  // Start m = t / (2a + (4 b t^2)^(1/3)): right for small and for large t.
  const V q = hn::MulAdd(hn::Mul(four_b, t), t, hn::Set(d, T(1e-30)));
  V root;
  if constexpr (sizeof(T) == 4) {  // a cube root to 5 %, from the exponent bits
    const hn::RebindToSigned<D> di;
    const auto third = hn::Mul(hn::ConvertTo(d, hn::BitCast(di, q)), hn::Set(d, T(1.0 / 3)));
    root = hn::BitCast(d, hn::Add(hn::ConvertTo(di, third), hn::Set(di, 709921077)));
  } else {
    root = hn::Exp(d, hn::Mul(hn::Log(d, q), hn::Set(d, T(1.0 / 3))));
  }
  const V least = hn::Set(d, T(1e-6));
  const V m = hn::Mul(t, rough_reciprocal(d, hn::Max(hn::Add(two_a, root), least)));
  const V bm2 = hn::Mul(hn::Mul(four_b, m), m);
  const V slope = hn::Max(hn::MulAdd(hn::Set(d, T(3)), bm2, two_a), least);
  return hn::Mul(hn::MulAdd(hn::Add(bm2, bm2), m, t), rough_reciprocal(d, slope));
}
template <class D, class V = hn::Vec<D>>
HWY_INLINE V rough_mode_square(D d, V two_a, V four_b, V t) {
  const V m = rough_mode(d, two_a, four_b, t);
  return hn::Mul(m, m);
}

/// The envelope's precision P = 2a + 4bc with the centre c at the mode of the given field.
template <class D, class V, class C, class T = hn::TFromD<D>>
HWY_INLINE V precision_at_mode(D d, const C& site, V j) {
  const V two_a = hn::Set(d, site.a + site.a), four_b = hn::Set(d, 4 * site.b);
  const V m2 = rough_mode_square(d, two_a, four_b, hn::Abs(j));
  const V stiffness = hn::MulAdd(hn::Mul(hn::Set(d, T(3)), four_b), m2, two_a);
  const V spread = hn::Mul(hn::Set(d, T(1.2)),
                           rough_reciprocal(d, hn::Max(stiffness, hn::Set(d, site.two_root_b))));
  const V c = hn::Max(hn::Add(m2, spread), hn::Set(d, site.least_centre));
  return hn::MulAdd(four_b, c, two_a);
}

/// Single well: x' from N(j/P, 1/P), P = 2a + 4bc, weight exp(-b (x^2 - c)^2) <= 1. P must be a
/// function of j alone; any positive one is exact.
template <class D, class V, class S, class C, class T = hn::TFromD<D>>
HWY_INLINE V independence_single(D d, const C& site, V precision, V j, V x, V z, S& stream,
                                 V& accepted) {
  const V width = reciprocal_sqrt(d, precision);
  const V proposal = hn::MulAdd(width, z, hn::Mul(j, hn::Mul(width, width)));
  // b (x^2 - p^2) (x^2 + p^2 - 2c) with 2bc = P/2 - a.
  const V x2 = hn::Mul(x, x), p2 = hn::Mul(proposal, proposal);
  const V centre = hn::MulSub(hn::Set(d, T(0.5)), precision, hn::Set(d, site.a));
  const V log_ratio =
      hn::Mul(hn::Sub(x2, p2), hn::MulSub(hn::Set(d, site.b), hn::Add(x2, p2), centre));
  const V v = uniform(d, stream.next());
  return choose(d, hn::Lt(v, accept_exp(d, log_ratio)), proposal, x, accepted);
}

/// The folded envelope of |x| (core/quartic_density.hpp): Gaussian centre, width, and weight
/// exponent b (y - s)^2 y (y + 2s).
template <class D>
struct FoldedEnvelope {
  using V = hn::Vec<D>;
  using T = hn::TFromD<D>;
  V b, s, centre, width, minus_2t;

  template <class C>
  HWY_INLINE FoldedEnvelope(D d, const C& site, V j) : b(hn::Set(d, site.b)) {
    const V t = hn::Abs(j), two_a = hn::Set(d, 2 * site.a), four_b = hn::Set(d, 4 * site.b);
    // In a double well the mode lies beyond both sqrt(-a / 2b) and the cube root of t / 4b.
    const V well2 = hn::Set(d, site.well_square);
    V m2 = site.a < 0 ? well2 : rough_mode_square(d, two_a, four_b, t);
    if (site.a < 0) {
      V m = hn::Add(hn::Sqrt(m2), hn::Div(t, hn::MulAdd(hn::Add(four_b, four_b), m2,
                                                        hn::Sqrt(hn::Mul(four_b, t)))));
      for (int step = 0; step < 2; ++step) {
        const V bm2 = hn::Mul(hn::Mul(four_b, m), m);
        m = hn::Div(hn::MulAdd(hn::Add(bm2, bm2), m, t), hn::MulAdd(hn::Set(d, T(3)), bm2, two_a));
      }
      m2 = hn::Max(hn::Mul(m, m), well2);
    }
    const V spread = hn::MulAdd(hn::Mul(hn::Set(d, T(3)), four_b), m2,
                                hn::Set(d, (site.a > 0 ? 2 * site.a : T(0)) + site.two_root_b));
    const V s2 = hn::Add(m2, hn::Div(hn::Set(d, T(1)), spread));
    s = hn::Sqrt(s2);
    const V variance =
        hn::Div(hn::Set(d, T(1)), hn::MulAdd(hn::Mul(hn::Set(d, T(1.5)), four_b), s2, two_a));
    centre = hn::Mul(hn::MulAdd(hn::Mul(hn::Add(b, b), s2), s, t), variance);
    width = hn::Sqrt(variance);
    minus_2t = hn::Mul(hn::Set(d, T(-2)), t);
  }
  HWY_INLINE V exponent(V y) const {
    const V e = hn::Sub(y, s);
    return hn::Mul(hn::Mul(hn::Mul(b, e), hn::Mul(e, y)), hn::Add(y, hn::Add(s, s)));
  }
};

/// |x| = y with the sign of j where `with_field`, against it elsewhere.
template <class D, class V, class M>
HWY_INLINE V signed_value(D, V y, V j, M with_field) {
  const V along = hn::CopySign(y, j);
  return hn::IfThenElse(with_field, along, hn::Neg(along));
}

/// Double well: propose |x'| from the folded envelope, accept by the folded weight, then the sign
/// by its exact odds.
template <class D, class V, class S, class C, class T = hn::TFromD<D>>
HWY_INLINE V independence_folded(D d, const C& site, V j, V x, V z, S& stream, V& accepted) {
  const FoldedEnvelope<D> envelope(d, site, j);
  const V one = hn::Set(d, T(1));
  const V y = hn::MulAdd(envelope.width, z, envelope.centre), old = hn::Abs(x);
  const V fold = hn::Add(one, accept_exp(d, hn::Mul(envelope.minus_2t, y)));
  const V old_fold = hn::Add(one, accept_exp(d, hn::Mul(envelope.minus_2t, old)));
  const V ratio = accept_exp(d, hn::Sub(envelope.exponent(old), envelope.exponent(y)));
  const V u = uniform(d, stream.next()), v = uniform(d, stream.next());
  const auto accept =
      hn::And(hn::Lt(hn::Mul(u, old_fold), hn::Mul(ratio, fold)), hn::Ge(y, hn::Zero(d)));
  return choose(d, accept, signed_value(d, y, j, hn::Lt(hn::Mul(v, fold), one)), x, accepted);
}

/// An exact draw, independent of any x before it, by rejection until every lane has one. With
/// kAlone a lane that has its draw leaves its stream alone, so that no chain depends on the others
/// of its vector.
template <bool kAlone, class D, class V, class S, class C, class T = hn::TFromD<D>>
HWY_INLINE V draw_folded(D d, const C& site, V j, S& stream) {
  const FoldedEnvelope<D> envelope(d, site, j);
  const V one = hn::Set(d, T(1));
  V x = hn::Zero(d), z = x, spare = x;
  auto open = hn::Eq(one, one);
  while (!hn::AllFalse(d, open)) {
    const S before = stream;
    const auto radius_bits = stream.next(), angle_bits = stream.next();
    gaussian_pair(d, radius_bits, angle_bits, z, spare);
    const V y = hn::MulAdd(envelope.width, z, envelope.centre);
    const V fold = hn::Add(one, accept_exp(d, hn::Mul(envelope.minus_2t, y)));
    const V weight = hn::Mul(fold, accept_exp(d, hn::Neg(envelope.exponent(y))));
    const auto u = uniform(d, stream.next()), v = uniform(d, stream.next());
    if constexpr (kAlone) stream.keep_where_not(d, open, before);
    const auto accept = hn::And(hn::Lt(hn::Add(u, u), weight), hn::Ge(y, hn::Zero(d)));
    const V drawn = signed_value(d, y, j, hn::Lt(hn::Mul(v, fold), one));
    x = hn::IfThenElse(hn::And(open, accept), drawn, x);
    open = hn::AndNot(accept, open);
  }
  return x;
}

}  // namespace HWY_NAMESPACE
}  // namespace quartic
HWY_AFTER_NAMESPACE();

#endif
