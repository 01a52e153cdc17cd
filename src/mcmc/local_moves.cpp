#include <cstddef>
#include <cstdint>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "mcmc/local_moves.cpp"
#include "hwy/foreach_target.h"
// clang-format off
#include "hwy/highway.h"
#include "core/simd_math-inl.h"
// clang-format on

#include "mcmc/local_moves.hpp"

HWY_BEFORE_NAMESPACE();
namespace quartic {
namespace HWY_NAMESPACE {

constexpr int kMostLanes = 64;

/// Runs a site kernel over all sites in the table's order, kVectors vectors of chains side by side:
/// their latencies overlap, and each neighbour's row and weight are looked up once for all of them.
/// The kernel gets (turn, constants, apply) and calls apply once with what maps (lane, j, x,
/// stream) to the new x and adds 1 for each acceptance, so that it decides by site outside the loop
/// over vectors; j = scale * sum w phi - r.
template <int kVectors, class T, class Kernel>
HWY_INLINE double sweep_vectors(const SweepBlock<T>& block, int lane, Kernel& kernel) {
  const hn::ScalableTag<T> d;
  using V = hn::Vec<decltype(d)>;
  const hn::Rebind<uint32_t, decltype(d)> du;
  const int step = static_cast<int>(hn::Lanes(d));
  const ptrdiff_t stride = block.lanes;
  const auto& table = *block.table;
  const int32_t* HWY_RESTRICT order = table.order.data();
  const int32_t* HWY_RESTRICT row = table.row.data();
  const int32_t* HWY_RESTRICT neighbour = table.neighbour.data();
  const T* HWY_RESTRICT weight = table.weight.data();
  T* phi = block.phi + lane;
  uint32_t* words = block.words + lane;
  const V scale = hn::Set(d, block.scale);
  V accepted = hn::Zero(d);
  double total = 0;
  for (int turn = block.begin; turn < block.end; ++turn) {
    const int site = order[turn];
    const SiteConstants<T>& constants = table.site[site];
    V j[kVectors];
    for (int k = 0; k < kVectors; ++k) j[k] = hn::Zero(d);
    for (auto n = row[site]; n < row[site + 1]; ++n) {
      const T* x = phi + neighbour[n] * stride;
      const V w = hn::Set(d, weight[n]);
      for (int k = 0; k < kVectors; ++k) j[k] = hn::MulAdd(w, hn::Load(d, x + k * step), j[k]);
    }
    T* x = phi + site * stride;
    const V r = hn::Set(d, constants.r);
    kernel(d, turn, constants, [&](auto&& update) HWY_ATTR {
#pragma GCC unroll 4
      for (int k = 0; k < kVectors; ++k) {
        VectorStream<decltype(du)> stream(du, words + k * step, static_cast<size_t>(stride));
        const V old = hn::Load(d, x + k * step);
        const V field = hn::MulSub(j[k], scale, r);
        hn::Store(update(lane + k * step, field, old, stream, accepted), d, x + k * step);
        stream.store(du, words + k * step, static_cast<size_t>(stride));
      }
    });
    if ((turn & 1023) == 1023) {  // float counts stay exact
      total += static_cast<double>(hn::GetLane(hn::SumOfLanes(d, accepted)));
      accepted = hn::Zero(d);
    }
  }
  return total + static_cast<double>(hn::GetLane(hn::SumOfLanes(d, accepted)));
}

template <class T, class Kernel>
HWY_INLINE double sweep(const SweepBlock<T>& block, Kernel&& kernel) {
  const int step = static_cast<int>(hn::Lanes(hn::ScalableTag<T>()));
  double accepted = 0;
  int lane = 0;
  for (; lane + 4 * step <= block.lanes; lane += 4 * step)
    accepted += sweep_vectors<4>(block, lane, kernel);
  for (; lane < block.lanes; lane += step) accepted += sweep_vectors<1>(block, lane, kernel);
  return accepted;
}

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

/// The positive root of 4 b m^3 + 2 a m = t, roughly: a start between both limits and one Newton
/// step. Its square centres an envelope that is exact for every centre, so speed comes before
/// digits.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V rough_mode_square(D d, V two_a, V four_b, V t) {
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
  const V next = hn::Mul(hn::MulAdd(hn::Add(bm2, bm2), m, t), rough_reciprocal(d, slope));
  return hn::Mul(next, next);
}

/// P = 2a + 4bc with the centre c at the mode, for a field that is not usual.
template <class D, class V, class T = hn::TFromD<D>>
HWY_INLINE V unusual_precision(D d, const SiteConstants<T>& site, V j) {
  const V two_a = hn::Set(d, site.a + site.a), four_b = hn::Set(d, 4 * site.b);
  const V m2 = rough_mode_square(d, two_a, four_b, hn::Abs(j));
  const V stiffness = hn::MulAdd(hn::Mul(hn::Set(d, T(3)), four_b), m2, two_a);
  const V spread = hn::Mul(hn::Set(d, T(1.2)),
                           rough_reciprocal(d, hn::Max(stiffness, hn::Set(d, site.two_root_b))));
  const V c = hn::Max(hn::Add(m2, spread), hn::Set(d, site.least_centre));
  return hn::MulAdd(four_b, c, two_a);
}

/// Single well: x' from N(j/P, 1/P), P = 2a + 4bc, weight exp(-b (x^2 - c)^2) <= 1. P is a function
/// of j alone, and any positive one is exact.
template <class D, class V, class S, class T = hn::TFromD<D>>
HWY_INLINE V independence_single(D d, const SiteConstants<T>& site, V j, V x, V z, S& stream,
                                 V& accepted) {
  const V u = hn::Mul(j, j);
  const V usual =
      hn::Mul(hn::MulAdd(hn::Set(d, site.precision[1]), u, hn::Set(d, site.precision[0])),
              rough_reciprocal(d, hn::MulAdd(hn::Set(d, site.precision[2]), u, hn::Set(d, T(1)))));
  V precision = usual;
  const auto beyond = hn::Or(hn::Lt(u, hn::Set(d, site.usual_field2[0])),
                             hn::Gt(u, hn::Set(d, site.usual_field2[1])));
  if (HWY_UNLIKELY(!hn::AllFalse(d, beyond)))
    precision = hn::IfThenElse(beyond, unusual_precision(d, site, j), usual);
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

  HWY_INLINE FoldedEnvelope(D d, const SiteConstants<T>& site, V j) : b(hn::Set(d, site.b)) {
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
template <class D, class V, class S, class T = hn::TFromD<D>>
HWY_INLINE V independence_folded(D d, const SiteConstants<T>& site, V j, V x, V z, S& stream,
                                 V& accepted) {
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

template <class T>
double Independence(const SweepBlock<T>& block) {
  HWY_ALIGN T spare[kMostLanes];  // the second Gaussian of each pair, for every other turn
  return sweep(block, [&](auto d, int turn, const auto& site, auto&& apply) HWY_ATTR {
    using V = hn::Vec<decltype(d)>;
    const auto gaussian = [&](int lane, auto& stream) HWY_ATTR {
      if ((turn & 1) != 0) return hn::Load(d, spare + lane);
      V first, second;
      const auto radius_bits = stream.next(), angle_bits = stream.next();
      gaussian_pair(d, radius_bits, angle_bits, first, second);
      hn::Store(second, d, spare + lane);
      return first;
    };
    if (site.folded) {
      apply([&](int lane, V j, V x, auto& stream, V& accepted) HWY_ATTR {
        const V z = gaussian(lane, stream);
        return independence_folded(d, site, j, x, z, stream, accepted);
      });
    } else {
      apply([&](int lane, V j, V x, auto& stream, V& accepted) HWY_ATTR {
        const V z = gaussian(lane, stream);
        return independence_single(d, site, j, x, z, stream, accepted);
      });
    }
  });
}

template <class T>
double Reflection(const SweepBlock<T>& block) {
  return sweep(block, [&](auto d, int, const auto& site, auto&& apply) HWY_ATTR {
    apply([&](int, auto j, auto x, auto& stream, auto& accepted) HWY_ATTR {
      const auto offset = hn::CopySign(hn::Set(d, 2 * site.reflection[0]), j);
      const auto sum = hn::MulAdd(hn::Set(d, 2 * site.reflection[1]), j, offset);  // x + x'
      const auto reflected = hn::Sub(sum, x);
      const auto squares = hn::MulAdd(x, x, hn::Mul(reflected, reflected));
      const auto slope =
          hn::MulSub(sum, hn::MulAdd(hn::Set(d, site.b), squares, hn::Set(d, site.a)), j);
      const auto log_ratio = hn::Mul(hn::Sub(x, reflected), slope);
      const auto u = uniform(d, stream.next());
      return choose(d, hn::Lt(u, accept_exp(d, log_ratio)), reflected, x, accepted);
    });
  });
}

template <class T>
double Metropolis(const SweepBlock<T>& block) {
  return sweep(block, [&](auto d, int, const auto& site, auto&& apply) HWY_ATTR {
    apply([&](int, auto j, auto x, auto& stream, auto& accepted) HWY_ATTR {
      const auto a = hn::Set(d, site.a), b = hn::Set(d, site.b);
      for (int hit = 0; hit < block.hits; ++hit) {
        const auto move = hn::Sub(uniform(d, stream.next()), hn::Set(d, T(0.5)));
        const auto proposal = hn::MulAdd(hn::Set(d, site.step + site.step), move, x);
        const auto sum = hn::Add(x, proposal);
        const auto squares = hn::MulAdd(x, x, hn::Mul(proposal, proposal));
        const auto log_ratio =
            hn::Mul(hn::Sub(x, proposal), hn::MulSub(sum, hn::MulAdd(b, squares, a), j));
        const auto u = uniform(d, stream.next());
        x = choose(d, hn::Lt(u, accept_exp(d, log_ratio)), proposal, x, accepted);
      }
      return x;
    });
  });
}

template <class T>
double HeatBath(const SweepBlock<T>& block) {
  return sweep(block, [&](auto d, int, const auto& site, auto&& apply) HWY_ATTR {
    apply([&](int, auto j, auto x, auto& stream, auto& accepted) HWY_ATTR {
      const auto one = hn::Set(d, T(1));
      accepted = hn::Add(accepted, one);
      auto z = x, spare = x;
      if (site.b == T(0)) {
        const auto radius_bits = stream.next(), angle_bits = stream.next();
        gaussian_pair(d, radius_bits, angle_bits, z, spare);
        const auto variance = hn::Set(d, T(1) / (2 * site.a));
        return hn::MulAdd(hn::Sqrt(variance), z, hn::Mul(j, variance));
      }
      const FoldedEnvelope<decltype(d)> envelope(d, site, j);
      auto open = hn::Eq(one, one);
      while (!hn::AllFalse(d, open)) {
        const auto radius_bits = stream.next(), angle_bits = stream.next();
        gaussian_pair(d, radius_bits, angle_bits, z, spare);
        const auto y = hn::MulAdd(envelope.width, z, envelope.centre);
        const auto fold = hn::Add(one, accept_exp(d, hn::Mul(envelope.minus_2t, y)));
        const auto weight = hn::Mul(fold, accept_exp(d, hn::Neg(envelope.exponent(y))));
        const auto u = uniform(d, stream.next()), v = uniform(d, stream.next());
        const auto accept = hn::And(hn::Lt(hn::Add(u, u), weight), hn::Ge(y, hn::Zero(d)));
        const auto drawn = signed_value(d, y, j, hn::Lt(hn::Mul(v, fold), one));
        x = hn::IfThenElse(hn::And(open, accept), drawn, x);
        open = hn::AndNot(accept, open);
      }
      return x;
    });
  });
}

template <class T>
double Flip(const SweepBlock<T>& block) {
  const hn::ScalableTag<T> d;
  const hn::Rebind<uint32_t, decltype(d)> du;
  const size_t stride = static_cast<size_t>(block.lanes);
  const int sites = block.table->sites();
  double total = 0;
  for (int lane = 0; lane < block.lanes; lane += static_cast<int>(hn::Lanes(d))) {
    auto field = hn::Zero(d);
    for (int site = 0; site < sites; ++site) {
      const auto x = hn::Load(d, block.phi + static_cast<ptrdiff_t>(site) * block.lanes + lane);
      field = hn::MulAdd(hn::Set(d, block.table->site[site].r), x, field);
    }
    VectorStream<decltype(du)> stream(du, block.words + lane, stride);
    // A coin besides the acceptance: without it r = 0 would flip always, a period of two.
    const auto coin = uniform(d, stream.next()), u = uniform(d, stream.next());
    stream.store(du, block.words + lane, stride);
    const auto accept =
        hn::And(hn::Lt(coin, hn::Set(d, T(0.5))), hn::Lt(u, accept_exp(d, hn::Add(field, field))));
    const auto sign = hn::IfThenElse(accept, hn::Set(d, T(-1)), hn::Set(d, T(1)));
    for (int site = 0; site < sites; ++site) {
      T* x = block.phi + static_cast<ptrdiff_t>(site) * block.lanes + lane;
      hn::Store(hn::Mul(sign, hn::Load(d, x)), d, x);
    }
    total += static_cast<double>(hn::CountTrue(d, accept));
  }
  return total;
}

#define QUARTIC_MOVE(Name)                               \
  double Name##Float(const SweepBlock<float>& block) {   \
    return Name<float>(block);                           \
  }                                                      \
  double Name##Double(const SweepBlock<double>& block) { \
    return Name<double>(block);                          \
  }
QUARTIC_MOVE(Independence)
QUARTIC_MOVE(Reflection)
QUARTIC_MOVE(Metropolis)
QUARTIC_MOVE(HeatBath)
QUARTIC_MOVE(Flip)
#undef QUARTIC_MOVE

}  // namespace HWY_NAMESPACE
}  // namespace quartic
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace quartic {

#define QUARTIC_MOVE(Name, function)                         \
  HWY_EXPORT(Name##Float);                                   \
  HWY_EXPORT(Name##Double);                                  \
  template <>                                                \
  double function<float>(const SweepBlock<float>& block) {   \
    return HWY_DYNAMIC_DISPATCH(Name##Float)(block);         \
  }                                                          \
  template <>                                                \
  double function<double>(const SweepBlock<double>& block) { \
    return HWY_DYNAMIC_DISPATCH(Name##Double)(block);        \
  }
QUARTIC_MOVE(Independence, independence_sweep)
QUARTIC_MOVE(Reflection, reflection_sweep)
QUARTIC_MOVE(Metropolis, metropolis_sweep)
QUARTIC_MOVE(HeatBath, heat_bath_sweep)
QUARTIC_MOVE(Flip, flip_sweep)
#undef QUARTIC_MOVE

}  // namespace quartic
#endif
