#include <cmath>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "network/unit_quartic.cpp"
#include "hwy/foreach_target.h"
// clang-format off
#include "hwy/highway.h"
#include "network/unit_rows-inl.h"
#include "core/quartic_draw-inl.h"
// clang-format on

#include "core/quartic_window.hpp"
#include "network/unit_type.hpp"
#include "quartic/core/quartic_density.hpp"

HWY_BEFORE_NAMESPACE();
namespace quartic {
namespace HWY_NAMESPACE {

/// How finely the folded density is summed. The trapezoidal error falls exponentially with the
/// intervals, what the window leaves out as exp(-cutoff); tests hold both precisions to their
/// digits.
struct Summation {
  int intervals;
  double cutoff, root;  ///< root: cutoff^(1/4)
};
template <class T>
constexpr Summation for_moments = sizeof(T) == 4 ? Summation{12, 12, 1.8612}
                                                 : Summation{64, 42, 2.5457};
template <class T>
constexpr Summation for_normaliser = sizeof(T) == 4 ? Summation{16, 14, 1.9343}
                                                    : Summation{64, 42, 2.5457};

/// The mode of exp(-b x^4 - a x^2 + t x) on x >= 0, roughly: the sums about it allow for the slope
/// that is left.
template <class D, class T, class V = hn::Vec<D>>
HWY_INLINE V near_mode(D d, const UnitConstants<T>& unit, V t) {
  const V two_a = hn::Set(d, 2 * unit.a), four_b = hn::Set(d, 4 * unit.b);
  if (unit.a >= 0) return rough_mode(d, two_a, four_b, t);
  // In a double well from above, with one Newton step.
  const V well2 = hn::Set(d, unit.well_square);
  const V stiffness = hn::MulAdd(hn::Add(four_b, four_b), well2, hn::Sqrt(hn::Mul(four_b, t)));
  const V m = hn::MulAdd(t, rough_reciprocal(d, stiffness), hn::Sqrt(well2));
  const V bm2 = hn::Mul(hn::Mul(four_b, m), m);
  const V slope = hn::MulAdd(hn::Set(d, T(3)), bm2, two_a);
  return hn::Mul(hn::MulAdd(hn::Add(bm2, bm2), m, t), rough_reciprocal(d, slope));
}

/// Trapezoidal sums of the density with x and -x folded together, as quartic_moments, relative to
/// its value near the mode.
template <class D>
struct FoldedSums {
  using V = hn::Vec<D>;
  using T = hn::TFromD<D>;
  D d;
  V norm = hn::Zero(d), first = hn::Zero(d), second = hn::Zero(d), fourth = hn::Zero(d);
  V step = hn::Zero(d), log_peak = hn::Zero(d);

  /// What is summed: the norm alone, with the mean, or with all moments.
  enum What { norm_only, with_mean, all };

  template <int kIntervals, What kWhat>
  HWY_INLINE void sum(const UnitConstants<T>& unit, V j, T cutoff, T quartic_width) {
    const V zero = hn::Zero(d), one = hn::Set(d, T(1)), tiny = hn::Set(d, T(1e-30));
    const V t = hn::Abs(j), a = hn::Set(d, unit.a), b = hn::Set(d, unit.b);
    const V m = near_mode(d, unit, t);
    const V bm = hn::Mul(b, m), bm2 = hn::Mul(bm, m), e_over_m = hn::Add(a, bm2);
    log_peak = hn::Mul(m, hn::NegMulAdd(e_over_m, m, t));
    const V curvature = hn::Max(hn::MulAdd(hn::Set(d, T(6)), bm2, a), tiny);
    const Drop drop{hn::MulSub(hn::Add(m, m), hn::Add(e_over_m, bm2), t), curvature,
                    hn::Mul(hn::Set(d, T(4)), bm), b};
    const V harmonic = hn::Sqrt(hn::Mul(hn::Set(d, cutoff), rough_reciprocal(d, curvature)));
    // To the left it falls by curvature x^2 (1 - x/2m)^2 at least.
    const V reach =
        hn::NegMulAdd(hn::Add(harmonic, harmonic), rough_reciprocal(d, hn::Max(m, tiny)), one);
    const V left = hn::NegMulAdd(m, hn::Sqrt(hn::Max(reach, zero)), m);
    const V right = hn::Min(harmonic, hn::Set(d, quartic_width));
    const V low = hn::Sub(m, left), start = hn::Neg(left);
    step = hn::Mul(hn::Add(left, right), hn::Set(d, T(1) / kIntervals));
    const V minus_2t = hn::Mul(hn::Set(d, T(-2)), t);
    const V ratio = accept_exp(d, hn::Mul(minus_2t, step));
    V fold = accept_exp(d, hn::Mul(minus_2t, low));
    // At x = 0 the folded density counts half: it is the even extension's own value.
    const V weight = hn::IfThenElse(hn::Gt(low, zero), one, hn::Set(d, T(0.5)));
    if constexpr (sizeof(T) == 4 && kWhat != norm_only) {
      Ladder ladder(d, drop, start, step);
      add<kWhat>(low, hn::Mul(ladder.value, weight), fold);
      V x = low;
      for (int k = 1; k <= kIntervals; ++k) {
        ladder.next();
        fold = hn::Mul(fold, ratio);
        x = hn::Add(x, step);
        add<kWhat>(x, ladder.value, fold);
      }
    } else {
      V x = low, offset = start;
      for (int k = 0; k <= kIntervals; ++k) {
        V value = accept_exp(d, hn::Neg(drop.at(offset)));
        if (k == 0) value = hn::Mul(value, weight);
        add<kWhat>(x, value, fold);
        fold = hn::Mul(fold, ratio);
        offset = hn::Add(offset, step);
        x = hn::Add(x, step);
      }
    }
  }

 private:
  /// The exponent falls by x (slope + x (curvature + x (cubic + b x))) at m + x.
  struct Drop {
    V slope, curvature, cubic, b;
    HWY_INLINE V at(V x) const {
      return hn::Mul(x, hn::MulAdd(x, hn::MulAdd(x, hn::MulAdd(b, x, cubic), curvature), slope));
    }
  };

  /// exp(-drop) at equal steps by its ratios up to the fourth, which is constant: four products a
  /// point. Rounding grows as k^4 / 24, to some 1e-5 for a dozen points in float.
  struct Ladder {
    V value, r1, r2, r3, r4;
    HWY_INLINE Ladder(D d, const Drop& drop, V x, V h) {
      const auto set = [d](double c) HWY_ATTR { return hn::Set(d, static_cast<T>(c)); };
      // Differences of the drop: of first, second, third, fourth order.
      const V hh = hn::Mul(h, h), bx = hn::Mul(drop.b, x), bh = hn::Mul(drop.b, h);
      const V d4 = hn::Mul(set(24), hn::Mul(hn::Mul(bh, h), hh));
      const V d3 =
          hn::Mul(hn::Mul(hh, h),
                  hn::MulAdd(set(6), drop.cubic, hn::MulAdd(set(24), bx, hn::Mul(set(36), bh))));
      const V quadratic =
          hn::MulAdd(set(12), hn::Mul(bx, x),
                     hn::MulAdd(set(24), hn::Mul(bh, x), hn::Mul(set(14), hn::Mul(bh, h))));
      const V d2 = hn::Mul(hh, hn::Add(hn::MulAdd(hn::Mul(set(6), drop.cubic), hn::Add(x, h),
                                                  hn::Add(drop.curvature, drop.curvature)),
                                       quadratic));
      const V first = drop.at(x), d1 = hn::Sub(drop.at(hn::Add(x, h)), first);
      const auto exponential = [d](V drop_by) HWY_ATTR { return accept_exp(d, hn::Neg(drop_by)); };
      value = exponential(first);
      r1 = exponential(d1), r2 = exponential(d2), r3 = exponential(d3), r4 = exponential(d4);
    }
    HWY_INLINE void next() {
      value = hn::Mul(value, r1);
      r1 = hn::Mul(r1, r2);
      r2 = hn::Mul(r2, r3);
      r3 = hn::Mul(r3, r4);
    }
  };

  template <What kWhat>
  HWY_INLINE void add(V x, V value, V fold) {
    const V other = hn::Mul(value, fold), even = hn::Add(value, other);
    norm = hn::Add(norm, even);
    if constexpr (kWhat != norm_only) first = hn::MulAdd(hn::Sub(value, other), x, first);
    if constexpr (kWhat == all) {
      const V x2 = hn::Mul(x, x), even2 = hn::Mul(even, x2);
      second = hn::Add(second, even2);
      fourth = hn::MulAdd(even2, x2, fourth);
    }
  }
};

struct QuarticKernels {
  /// Independence Metropolis, as the local moves of a field (mcmc/local_moves.cpp).
  template <class T>
  static void step(const UnitBlock<T>& block, const UnitDraws<T>& draws) {
    GaussianSupply<T> gaussian;
    draw_rows(block, draws, [&](auto d, int unit, int lane, auto j, auto x, auto& stream) HWY_ATTR {
      const auto& constants = block.constants[unit];
      const auto z = gaussian(d, unit, lane, stream);
      auto accepted = hn::Zero(d);
      if (constants.folded) return independence_folded(d, constants, j, x, z, stream, accepted);
      const auto precision = precision_at_mode(d, constants, j);
      return independence_single(d, constants, precision, j, x, z, stream, accepted);
    });
  }
  template <class T>
  static void draw(const UnitBlock<T>& block, const UnitDraws<T>& draws) {
    draw_rows(block, draws, [&](auto d, int unit, int, auto j, auto, auto& stream) HWY_ATTR {
      return draw_folded<true>(d, block.constants[unit], j, stream);
    });
  }

  template <class T>
  static void moments(const UnitBlock<T>& block, const UnitMeans<T>& out) {
    if (out.higher) {
      sum_moments<FoldedSums<hn::ScalableTag<T>>::all>(block, out);
    } else {
      sum_moments<FoldedSums<hn::ScalableTag<T>>::with_mean>(block, out);
    }
  }

  template <class T>
  static void log_normaliser(const UnitBlock<T>& block, double* sums) {
    constexpr Summation summation = for_normaliser<T>;
    add_to_lanes(block, sums, [&](auto d, int unit, auto j) HWY_ATTR {
      const auto& constants = block.constants[unit];
      const T width = constants.quartic_width * T(summation.root);
      FoldedSums<decltype(d)> folded{d};
      folded.template sum<summation.intervals, folded.norm_only>(constants, j, T(summation.cutoff),
                                                                 width);
      return hn::Add(folded.log_peak, log_uniform(d, hn::Mul(folded.norm, folded.step)));
    });
  }

 private:
  template <int kWhat, class T>
  static void sum_moments(const UnitBlock<T>& block, const UnitMeans<T>& out) {
    const hn::ScalableTag<T> d;
    using Sums = FoldedSums<decltype(d)>;
    constexpr auto what = static_cast<typename Sums::What>(kWhat);
    constexpr Summation summation = for_moments<T>;
    for (int unit = 0; unit < block.units; ++unit) {
      const auto& constants = block.constants[unit];
      const T width = constants.quartic_width * T(summation.root);
      LaneSums<decltype(d)> lanes{d, out.count};
      for_each_vector(d, block, unit, [&](int lane, auto j) HWY_ATTR {
        Sums folded{d};
        folded.template sum<summation.intervals, what>(constants, j, T(summation.cutoff), width);
        const auto scale = hn::Div(hn::Set(d, T(1)), folded.norm);
        const auto value = hn::CopySign(hn::Mul(folded.first, scale), j);
        hn::Store(value, d, out.mean + unit * out.stride + lane);
        lanes.add(0, lane, value);
        if constexpr (what == Sums::all) {
          lanes.add(1, lane, hn::Mul(folded.second, scale));
          lanes.add(2, lane, hn::Mul(folded.fourth, scale));
        }
      });
      lanes.give(out.sums + static_cast<std::ptrdiff_t>(3) * unit);
    }
  }
};
QUARTIC_UNIT_TARGET(Quartic)

}  // namespace HWY_NAMESPACE
}  // namespace quartic
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace quartic {
namespace {
QUARTIC_UNIT_EXPORT(Quartic)

UnitMoments moments(double a, double b, double j) {
  const QuarticMoments m = quartic_moments(a, b, j);
  return {m.log_normaliser, m.mean, m.second, m.fourth};
}
double mode(double a, double b, double j) {
  return std::copysign(quartic_mode(a, b, std::abs(j)), j);
}
}  // namespace

const UnitType quartic_unit{"quartic", {},           true,         true,         moments,
                            mode,      draw_quartic, kernelsFloat, kernelsDouble};

}  // namespace quartic
#endif
