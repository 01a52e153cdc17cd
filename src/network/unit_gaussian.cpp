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
      const T variance = T(1) / (2 * block.constants[unit].a);
      const auto z = gaussian(d, unit, lane, stream);
      return hn::MulAdd(hn::Set(d, std::sqrt(variance)), z, hn::Mul(j, hn::Set(d, variance)));
    });
  }

  template <class T>
  static void moments(const UnitBlock<T>& block, const UnitMeans<T>& out) {
    const hn::ScalableTag<T> d;
    give_means(d, block, 0, block.units, out,
               [d](const auto& constants, auto j, int lane, auto& lanes) HWY_ATTR {
                 const auto variance = hn::Set(d, T(1) / (2 * constants.a));
                 const auto m = hn::Mul(j, variance);
                 lanes.add(1, lane, hn::MulAdd(m, m, variance));
                 return m;
               });
  }

  template <class T>
  static void log_normaliser(const UnitBlock<T>& block, double* sums) {
    add_to_lanes(block, sums, [&](auto d, int unit, auto j) HWY_ATTR {
      const T a = block.constants[unit].a;
      const auto alone = hn::Set(d, std::log(std::numbers::pi_v<T> / a) / 2);
      return hn::MulAdd(hn::Mul(j, j), hn::Set(d, T(0.25) / a), alone);
    });
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
