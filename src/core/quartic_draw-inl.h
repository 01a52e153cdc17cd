// Draws from the quartic density on a vector of chains: independence Metropolis steps and exact
// draws; included once per SIMD target. The constants of a unit or site come as any type with the
// members a, b, min_centre, well_square and two_root_b (mcmc/sweep_table.hpp says what they are).
#if defined(QUARTIC_QUARTIC_DRAW_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef QUARTIC_QUARTIC_DRAW_INL_H_
#undef QUARTIC_QUARTIC_DRAW_INL_H_
#else
#define QUARTIC_QUARTIC_DRAW_INL_H_
#endif

#include <type_traits>

#include "core/simd_math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace quartic::HWY_NAMESPACE {

/// A constant as it is, or one of every chain.
template <class D>
HWY_INLINE hn::Vec<D> spread(D d, hn::TFromD<D> x) {
  return hn::Set(d, x);
}
template <class D>
HWY_INLINE hn::Vec<D> spread(D, hn::Vec<D> x) {
  return x;
}

/// The constants of a density whose a is another one on every chain.
template <class D>
struct ChainConstants {
  using V = hn::Vec<D>;
  V a;
  hn::TFromD<D> b;
  V well_square;
  hn::TFromD<D> two_root_b, quartic_width;

  /// `gates`: what a is less by.
  template <class C>
  HWY_INLINE ChainConstants(D d, const C& site, V gates)
      : a(hn::Sub(hn::Set(d, site.a), gates)),
        b(site.b),
        well_square(hn::Max(hn::Zero(d),
                            hn::Div(hn::Neg(a), hn::Set(d, b > 0 ? 2 * b : hn::TFromD<D>(1e30))))),
        two_root_b(site.two_root_b),
        quartic_width(site.quartic_width) {}
};

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

/// The cube root of x > 0 to 5 %.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V rough_cube_root(D d, V x) {
  using T = hn::TFromD<D>;
  if constexpr (sizeof(T) == 4) {  // from the exponent bits
    const hn::RebindToSigned<D> di;
    const auto third = hn::Mul(hn::ConvertTo(d, hn::BitCast(di, x)), hn::Set(d, T(1.0 / 3)));
    return hn::BitCast(d, hn::Add(hn::ConvertTo(di, third), hn::Set(di, 709921077)));
  } else {
    return hn::Exp(d, hn::Mul(hn::Log(d, x), hn::Set(d, T(1.0 / 3))));
  }
}

/// The mode of exp(-b x^4 - a x^2 + t x) on x >= 0 for t >= 0, the root of 4 b m^3 + 2 a m = t,
/// roughly: a start that is right for small and for large t and Newton steps. What is centred there
/// is exact for every centre, so speed comes before digits.
template <int kSteps, class D, class C, class V = hn::Vec<D>, class T = hn::TFromD<D>>
HWY_INLINE V rough_mode(D d, const C& site, V t) {
  const V a = spread(d, site.a), two_a = hn::Add(a, a), four_b = hn::Set(d, 4 * site.b);
  const V least = hn::Set(d, T(1e-6)), tiny = hn::Set(d, T(1e-30));
  const auto single = [&]() HWY_ATTR {  // t / (2a + (4 b t^2)^(1/3))
    const V root = rough_cube_root(d, hn::MulAdd(hn::Mul(four_b, t), t, tiny));
    return hn::Mul(t, rough_reciprocal(d, hn::Max(hn::Add(two_a, root), least)));
  };
  const auto folded = [&]() HWY_ATTR {
    // m^2 = w^2 + q / m with w^2 = -a / 2b, q = t / 4b; m is above w and above q^(1/3)
    const V q = hn::MulAdd(t, rough_reciprocal(d, four_b), tiny);
    const V root = rough_cube_root(d, q), well2 = spread(d, site.well_square);
    const V steep = hn::Mul(q, reciprocal_sqrt(d, hn::Max(well2, tiny)));
    return hn::Sqrt(hn::Add(well2, hn::Min(steep, hn::Mul(root, root))));
  };
  V m;
  if constexpr (std::is_same_v<decltype(site.a), T>) {
    m = site.a >= 0 ? single() : folded();
  } else {
    const auto positive = hn::Ge(a, hn::Zero(d));
    m = hn::IfThenElse(positive, single(), folded());
  }
  for (int step = 0; step < kSteps; ++step) {
    const V bm2 = hn::Mul(hn::Mul(four_b, m), m);
    const V slope = hn::Max(hn::MulAdd(hn::Set(d, T(3)), bm2, two_a), least);
    m = hn::Mul(hn::MulAdd(hn::Add(bm2, bm2), m, t), rough_reciprocal(d, slope));
  }
  return m;
}

/// The envelope's precision P = 2a + 4bc with the centre c at the mode of the given field.
template <class D, class V, class C, class T = hn::TFromD<D>>
HWY_INLINE V precision_at_mode(D d, const C& site, V j) {
  const V two_a = hn::Set(d, site.a + site.a), four_b = hn::Set(d, 4 * site.b);
  const V m = rough_mode<1>(d, site, hn::Abs(j)), m2 = hn::Mul(m, m);
  const V stiffness = hn::MulAdd(hn::Mul(hn::Set(d, T(3)), four_b), m2, two_a);
  const V spread = hn::Mul(hn::Set(d, T(1.2)),
                           rough_reciprocal(d, hn::Max(stiffness, hn::Set(d, site.two_root_b))));
  const V c = hn::Max(hn::Add(m2, spread), hn::Set(d, site.min_centre));
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

/// Where the folded envelope begins to fall: near the mode, beyond it by what the field spreads.
/// Any value that is a function of |j| alone is exact.
template <class D, class V, class C, class T = hn::TFromD<D>>
HWY_INLINE V folded_scale(D d, const C& site, V j) {
  const V m = rough_mode<1>(d, site, hn::Abs(j));
  const V m2 = hn::Max(hn::Mul(m, m), spread(d, site.well_square));
  const V a = hn::Max(spread(d, site.a), hn::Zero(d));
  const V stiffness =
      hn::MulAdd(hn::Set(d, 12 * site.b), m2, hn::Add(hn::Add(a, a), hn::Set(d, site.two_root_b)));
  const V s2 = hn::Add(m2, rough_reciprocal(d, stiffness));
  return hn::Mul(s2, reciprocal_sqrt(d, s2));
}

/// The folded envelope of |x| (core/quartic_density.hpp) for a scale s: Gaussian centre, width, and
/// weight exponent b (y - s)^2 y (y + 2s).
template <class D>
struct FoldedEnvelope {
  using V = hn::Vec<D>;
  using T = hn::TFromD<D>;
  V b, s, centre, width, minus_2t;

  template <class C>
  HWY_INLINE FoldedEnvelope(D d, const C& site, V scale, V j) : b(hn::Set(d, site.b)), s(scale) {
    const V t = hn::Abs(j), bs2 = hn::Mul(b, hn::Mul(s, s));
    const V a = spread(d, site.a);
    width = reciprocal_sqrt(d, hn::MulAdd(hn::Set(d, T(6)), bs2, hn::Add(a, a)));
    centre = hn::Mul(hn::MulAdd(hn::Add(bs2, bs2), s, t), hn::Mul(width, width));
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
HWY_INLINE V independence_folded(D d, const C& site, V scale, V j, V x, V z, S& stream,
                                 V& accepted) {
  const FoldedEnvelope<D> envelope(d, site, scale, j);
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
/// of its vector. NaN where 300 proposals fail, though one in a few is accepted for every a,
/// b, j: T does not resolve the density's width at its distance from 0, or its couplings overflow.
template <bool kAlone, class D, class V, class S, class C, class T = hn::TFromD<D>>
HWY_INLINE V draw_folded(D d, const C& site, V j, S& stream) {
  const FoldedEnvelope<D> envelope(d, site, folded_scale(d, site, j), j);
  const V one = hn::Set(d, T(1));
  V x = hn::Zero(d), z = x, spare = x;
  auto open = hn::Eq(one, one);
  for (int proposals = 0; !hn::AllFalse(d, open); ++proposals) {
    if (proposals == 300) return hn::IfThenElse(open, hn::NaN(d), x);
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

}  // namespace quartic::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
