// Units of two values, low and high: all follows from the logistic function of the difference of
// their exponents.
#include <algorithm>
#include <cmath>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "network/unit_two_valued.cpp"
#include "hwy/foreach_target.h"
// clang-format off
#include "hwy/highway.h"
#include "network/unit_rows-inl.h"
// clang-format on

#include "network/unit_type.hpp"

HWY_BEFORE_NAMESPACE();
namespace quartic::HWY_NAMESPACE {

template <int kLow, int kHigh>
struct TwoValuedKernels {
  static constexpr int gap = kHigh - kLow;

  template <class T>
  static void draw(const UnitBlock<T>& block, const UnitDraws<T>& draws) {
    draw_rows(block, draws, [&](auto d, int, int, auto j, auto, auto& stream) HWY_ATTR {
      // P(high) = 1 / (1 + exp(-gap j)): compare without dividing.
      const auto one = hn::Set(d, T(1));
      const auto odds = hn::Add(one, accept_exp(d, hn::Mul(hn::Set(d, T(-gap)), j)));
      const auto high = hn::Lt(hn::Mul(uniform(d, stream.next()), odds), one);
      return hn::IfThenElse(high, hn::Set(d, T(kHigh)), hn::Set(d, T(kLow)));
    });
  }

  template <class T>
  static void moments(const UnitBlock<T>& block, const UnitMeans<T>& out) {
    const hn::ScalableTag<T> d;
    give_means(d, block, 0, block.units, out, [d](const auto&, auto j, int, auto&) HWY_ATTR {
      const auto one = hn::Set(d, T(1));
      const auto odds = hn::Add(one, accept_exp(d, hn::Mul(hn::Set(d, T(-gap)), j)));
      return hn::Add(hn::Set(d, T(kLow)), hn::Div(hn::Set(d, T(gap)), odds));
    });
  }

  /// low j + ln(1 + exp(gap j)) = low j + max(gap j, 0) + ln(1 + exp(-|gap j|)).
  template <class T>
  static void log_normaliser(const UnitBlock<T>& block, double* sums) {
    add_to_lanes(block, sums,
                 [](auto d, int, int, auto j) HWY_ATTR { return log_normaliser_of(d, j); });
  }

  template <class T>
  static void summary(const UnitBlock<T>& block, const UnitSummary<T>& out) {
    add_to_lanes(block, out.log_normaliser, [&](auto d, int unit, int lane, auto j) HWY_ATTR {
      // One exponential for both: P(high) = 1 / fold or 1 - 1 / fold.
      const auto one = hn::Set(d, T(1)), x = hn::Mul(hn::Set(d, T(gap)), j);
      const auto small = accept_exp(d, hn::Neg(hn::Abs(x))), fold = hn::Add(one, small);
      const auto larger = hn::Lt(hn::Zero(d), x);
      const auto high = hn::Div(hn::IfThenElse(larger, one, small), fold);
      const auto even = kLow == 0 ? high : one;  // <x^2> = <x^4>
      const std::ptrdiff_t at = unit * out.stride + lane;
      hn::Store(hn::MulAdd(hn::Set(d, T(gap)), high, hn::Set(d, T(kLow))), d, out.mean + at);
      hn::Store(even, d, out.second + at);
      hn::Store(even, d, out.fourth + at);
      return log_normaliser_of(d, j, x, fold);
    });
  }

 private:
  template <class D, class V>
  static HWY_INLINE V log_normaliser_of(D d, V j) {
    using T = hn::TFromD<D>;
    const auto x = hn::Mul(hn::Set(d, T(gap)), j);
    const auto fold = hn::Add(hn::Set(d, T(1)), accept_exp(d, hn::Neg(hn::Abs(x))));
    return log_normaliser_of(d, j, x, fold);
  }
  /// fold = 1 + exp(-|x|), x = gap j.
  template <class D, class V>
  static HWY_INLINE V log_normaliser_of(D d, V j, V x, V fold) {
    using T = hn::TFromD<D>;
    const auto rest = hn::Add(hn::Max(x, hn::Zero(d)), log_uniform(d, fold));
    return hn::MulAdd(hn::Set(d, T(kLow)), j, rest);
  }
};

UnitKernelsOfBoth Binary() {
  return unit_kernels<TwoValuedKernels<0, 1>>();
}
UnitKernelsOfBoth Spin() {
  return unit_kernels<TwoValuedKernels<-1, 1>>();
}

}  // namespace quartic::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace quartic {
namespace {
HWY_EXPORT(Binary);
HWY_EXPORT(Spin);

template <int kLow, int kHigh>
constexpr double both_values[] = {kLow, kHigh};

/// In float64, the reference of the kernels.
template <int kLow, int kHigh>
UnitMoments moments(double, double, double j) {
  const double x = (kHigh - kLow) * j, high = 1 / (1 + std::exp(-x));
  const auto power = [&](int n) {
    return std::pow(double{kLow}, n) * (1 - high) + std::pow(double{kHigh}, n) * high;
  };
  const double log_fold = std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x)));
  return {kLow * j + log_fold, power(1), power(2), power(4)};
}
}  // namespace

const UnitType binary_unit{both_values<0, 1>, false, false, moments<0, 1>,
                           [] { return HWY_DYNAMIC_DISPATCH(Binary)(); }};
const UnitType spin_unit{both_values<-1, 1>, false, false, moments<-1, 1>,
                         [] { return HWY_DYNAMIC_DISPATCH(Spin)(); }};

}  // namespace quartic
#endif
