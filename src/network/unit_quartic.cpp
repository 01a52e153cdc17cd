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
  V m;
  if (unit.a < 0) {
    const V well2 = hn::Set(d, unit.well_square);
    m = hn::Add(hn::Sqrt(well2),
                hn::Mul(t, rough_reciprocal(d, hn::MulAdd(hn::Add(four_b, four_b), well2,
                                                          hn::Sqrt(hn::Mul(four_b, t))))));
  } else {
    m = hn::Sqrt(rough_mode_square(d, two_a, four_b, t));
  }
  const V bm2 = hn::Mul(hn::Mul(four_b, m), m);
  const V slope = hn::Max(hn::MulAdd(hn::Set(d, T(3)), bm2, two_a), hn::Set(d, T(1e-6)));
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

  template <int kIntervals, bool kHigher>
  HWY_INLINE void sum(const UnitConstants<T>& unit, V j, T cutoff, T quartic_width) {
    const V zero = hn::Zero(d), one = hn::Set(d, T(1)), tiny = hn::Set(d, T(1e-30));
    const V t = hn::Abs(j), a = hn::Set(d, unit.a), b = hn::Set(d, unit.b);
    const V m = near_mode(d, unit, t);
    const V bm = hn::Mul(b, m), bm2 = hn::Mul(bm, m), e_over_m = hn::Add(a, bm2);
    log_peak = hn::Mul(m, hn::NegMulAdd(e_over_m, m, t));
    // The exponent falls by x (slope + x (curvature + x (cubic + b x))) at m + x.
    const V slope = hn::MulSub(hn::Add(m, m), hn::Add(e_over_m, bm2), t);
    const V curvature = hn::Max(hn::MulAdd(hn::Set(d, T(6)), bm2, a), tiny);
    const V cubic = hn::Mul(hn::Set(d, T(4)), bm);
    const V harmonic = hn::Sqrt(hn::Mul(hn::Set(d, cutoff), rough_reciprocal(d, curvature)));
    // To the left it falls by curvature x^2 (1 - x/2m)^2 at least.
    const V reach =
        hn::NegMulAdd(hn::Add(harmonic, harmonic), rough_reciprocal(d, hn::Max(m, tiny)), one);
    const V left = hn::NegMulAdd(m, hn::Sqrt(hn::Max(reach, zero)), m);
    const V right = hn::Min(harmonic, hn::Set(d, quartic_width));
    const V low = hn::Sub(m, left);
    step = hn::Mul(hn::Add(left, right), hn::Set(d, T(1) / kIntervals));
    const V minus_2t = hn::Mul(hn::Set(d, T(-2)), t);
    V fold = accept_exp(d, hn::Mul(minus_2t, low));
    const V ratio = accept_exp(d, hn::Mul(minus_2t, step));
    // At x = 0 the folded density counts half: it is the even extension's own value.
    V weight = hn::IfThenElse(hn::Gt(low, zero), one, hn::Set(d, T(0.5)));
    V x = low, offset = hn::Neg(left);
    for (int k = 0; k <= kIntervals; ++k) {
      const V drop = hn::Mul(
          offset,
          hn::MulAdd(offset, hn::MulAdd(offset, hn::MulAdd(b, offset, cubic), curvature), slope));
      V value = accept_exp(d, hn::Neg(drop));
      if (k == 0) value = hn::Mul(value, weight);
      const V other = hn::Mul(value, fold), even = hn::Add(value, other);
      norm = hn::Add(norm, even);
      if constexpr (kHigher) {
        const V x2 = hn::Mul(x, x), even2 = hn::Mul(even, x2);
        first = hn::MulAdd(hn::Sub(value, other), x, first);
        second = hn::Add(second, even2);
        fourth = hn::MulAdd(even2, x2, fourth);
        x = hn::Add(x, step);
      }
      fold = hn::Mul(fold, ratio);
      offset = hn::Add(offset, step);
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
  static void moments(const UnitBlock<T>& block, int count, T* mean, std::ptrdiff_t stride,
                      double* sums) {
    const hn::ScalableTag<T> d;
    constexpr Summation summation = for_moments<T>;
    for (int unit = 0; unit < block.units; ++unit) {
      const auto& constants = block.constants[unit];
      const T width = constants.quartic_width * T(summation.root);
      LaneSums<decltype(d)> lanes{d, count};
      for_each_vector(d, block, unit, [&](int lane, auto j) HWY_ATTR {
        FoldedSums<decltype(d)> folded{d};
        folded.template sum<summation.intervals, true>(constants, j, T(summation.cutoff), width);
        const auto scale = hn::Div(hn::Set(d, T(1)), folded.norm);
        const auto value = hn::CopySign(hn::Mul(folded.first, scale), j);
        hn::Store(value, d, mean + unit * stride + lane);
        lanes.add(0, lane, value);
        lanes.add(1, lane, hn::Mul(folded.second, scale));
        lanes.add(2, lane, hn::Mul(folded.fourth, scale));
      });
      lanes.give(sums + static_cast<std::ptrdiff_t>(3) * unit);
    }
  }

  template <class T>
  static void log_normaliser(const UnitBlock<T>& block, double* sums) {
    constexpr Summation summation = for_normaliser<T>;
    add_to_lanes(block, sums, [&](auto d, int unit, auto j) HWY_ATTR {
      const auto& constants = block.constants[unit];
      const T width = constants.quartic_width * T(summation.root);
      FoldedSums<decltype(d)> folded{d};
      folded.template sum<summation.intervals, false>(constants, j, T(summation.cutoff), width);
      return hn::Add(folded.log_peak, log_uniform(d, hn::Mul(folded.norm, folded.step)));
    });
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
