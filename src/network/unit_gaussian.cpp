#include <cmath>
#include <numbers>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "network/unit_gaussian.cpp"
#include "hwy/foreach_target.h"
// clang-format off
#include "hwy/highway.h"
#include "network/unit_rows-inl.h"
// clang-format on

#include "network/unit_type.hpp"

HWY_BEFORE_NAMESPACE();
namespace quartic::HWY_NAMESPACE {

/// p(x | j) = N(j / 2a, 1 / 2a).
struct GaussianKernels {
  template <class T>
  static void draw(const UnitBlock<T>& block, const UnitDraws<T>& draws) {
    GaussianSupply<T> gaussian;
    draw_rows(block, draws, [&](auto d, int unit, int lane, auto j, auto, auto& stream) HWY_ATTR {
      const auto variance = variance_of(d, block, unit, lane);
      const auto z = gaussian(d, unit, lane, stream);
      return hn::MulAdd(hn::Sqrt(variance), z, hn::Mul(j, variance));
    });
  }

  template <class T>
  static void moments(const UnitBlock<T>& block, const UnitMeans<T>& out) {
    const hn::ScalableTag<T> d;
    give_means(d, block, 0, block.units, out,
               [&, d](const auto& site, auto j, int lane, auto& lanes) HWY_ATTR {
                 const int unit = static_cast<int>(&site - block.constants);
                 const auto variance = variance_of(d, block, unit, lane);
                 const auto m = hn::Mul(j, variance);
                 lanes.add(1, lane, hn::MulAdd(m, m, variance));
                 return m;
               });
  }

  template <class T>
  static void log_normaliser(const UnitBlock<T>& block, double* sums) {
    add_to_lanes(block, sums, [&](auto d, int unit, int lane, auto j) HWY_ATTR {
      return log_normaliser_of(d, variance_of(d, block, unit, lane), j);
    });
  }

  template <class T>
  static void summary(const UnitBlock<T>& block, const UnitSummary<T>& out) {
    add_to_lanes(block, out.log_normaliser, [&](auto d, int unit, int lane, auto j) HWY_ATTR {
      const auto variance = variance_of(d, block, unit, lane);
      const auto m = hn::Mul(j, variance), m2 = hn::Mul(m, m);
      const std::ptrdiff_t at = unit * out.stride + lane;
      const auto three = hn::Set(d, T(3)), six = hn::Set(d, T(6));
      hn::Store(m, d, out.mean + at);
      hn::Store(hn::Add(m2, variance), d, out.second + at);
      hn::Store(
          hn::MulAdd(m2, m2, hn::Mul(variance, hn::MulAdd(six, m2, hn::Mul(three, variance)))), d,
          out.fourth + at);
      return log_normaliser_of(d, variance, j);
    });
  }

 private:
  template <class D, class T>
  static HWY_INLINE hn::Vec<D> variance_of(D d, const UnitBlock<T>& block, int unit, int lane) {
    if (!block.gates) return hn::Set(d, T(1) / (2 * block.constants[unit].a));
    const auto a = hn::Sub(hn::Set(d, block.constants[unit].a), gates_of(d, block, unit, lane));
    return hn::Div(hn::Set(d, T(0.5)), a);
  }
  /// ln sqrt(2 pi v) + v j^2 / 2.
  template <class D, class V>
  static HWY_INLINE V log_normaliser_of(D d, V variance, V j) {
    using T = hn::TFromD<D>;
    const auto alone = hn::Mul(
        hn::Set(d, T(0.5)), hn::Log(d, hn::Mul(hn::Set(d, 2 * std::numbers::pi_v<T>), variance)));
    return hn::MulAdd(hn::Mul(j, j), hn::Mul(hn::Set(d, T(0.5)), variance), alone);
  }
};

UnitKernelsOfBoth Gaussian() {
  return unit_kernels<GaussianKernels>();
}

}  // namespace quartic::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace quartic {
namespace {
HWY_EXPORT(Gaussian);

UnitMoments moments(double a, double, double j) {
  const double mean = j / (2 * a), variance = 1 / (2 * a), square = mean * mean;
  return {std::log(std::numbers::pi / a) / 2 + j * j / (4 * a), mean, square + variance,
          square * square + 6 * square * variance + 3 * variance * variance};
}
}  // namespace

const UnitType gaussian_unit{
    {}, true, false, moments, [] { return HWY_DYNAMIC_DISPATCH(Gaussian)(); }};

}  // namespace quartic
#endif
