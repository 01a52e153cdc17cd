// Units of two values, low and high: all follows from the logistic function of the difference of
// their exponents; included once per SIMD target.
#if defined(QUARTIC_TWO_VALUED_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef QUARTIC_TWO_VALUED_INL_H_
#undef QUARTIC_TWO_VALUED_INL_H_
#else
#define QUARTIC_TWO_VALUED_INL_H_
#endif

#include "network/unit_rows-inl.h"

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
  static void step(const UnitBlock<T>& block, const UnitDraws<T>& draws) {
    draw(block, draws);
  }

  template <class T>
  static void moments(const UnitBlock<T>& block, const UnitMeans<T>& out) {
    const hn::ScalableTag<T> d;
    for (int unit = 0; unit < block.units; ++unit) {
      LaneSums<decltype(d)> lanes{d, out.count};
      for_each_vector(d, block, unit, [&](int lane, auto j) HWY_ATTR {
        const auto one = hn::Set(d, T(1));
        const auto odds = hn::Add(one, accept_exp(d, hn::Mul(hn::Set(d, T(-gap)), j)));
        const auto value = hn::Add(hn::Set(d, T(kLow)), hn::Div(hn::Set(d, T(gap)), odds));
        hn::Store(value, d, out.mean + unit * out.stride + lane);
        lanes.add(0, lane, value);
      });
      lanes.give(out.sums + static_cast<std::ptrdiff_t>(3) * unit);
    }
  }

  /// low j + ln(1 + exp(gap j)) = low j + max(gap j, 0) + ln(1 + exp(-|gap j|)).
  template <class T>
  static void log_normaliser(const UnitBlock<T>& block, double* sums) {
    add_to_lanes(block, sums, [](auto d, int, auto j) HWY_ATTR {
      const auto x = hn::Mul(hn::Set(d, T(gap)), j);
      const auto fold = hn::Add(hn::Set(d, T(1)), accept_exp(d, hn::Neg(hn::Abs(x))));
      const auto rest = hn::Add(hn::Max(x, hn::Zero(d)), log_uniform(d, fold));
      return hn::MulAdd(hn::Set(d, T(kLow)), j, rest);
    });
  }
};

}  // namespace quartic::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
