#include "stats/weight_sums.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "stats/complex_weights_simd.cpp"
#include "hwy/foreach_target.h"
// clang-format off
#include "hwy/highway.h"
#include "hwy/contrib/math/math-inl.h"
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace quartic::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

void Moduli(const double* log_modulus, double offset, double* modulus) {
  const hn::ScalableTag<double> d;
  const auto top = hn::Set(d, offset), least = hn::Set(d, -708.0);
  for (std::size_t i = 0; i < weight_chunk; i += hn::Lanes(d)) {
    const auto x = hn::Sub(hn::LoadU(d, log_modulus + i), top);
    hn::StoreU(hn::Exp(d, hn::Max(x, least)), d, modulus + i);
  }
}

void Phases(const double* phase, const double* modulus, double* real, double* imag) {
  const hn::ScalableTag<double> d;
  const auto inverse = hn::Set(d, 0.15915494309189533577);
  // 2 pi in two parts: n times the first is exact for |n| < 2^22.
  const auto high = hn::Set(d, 0x1.921fb544p+2), low = hn::Set(d, 0x1.0b4611a626331p-32);
  for (std::size_t i = 0; i < weight_chunk; i += hn::Lanes(d)) {
    const auto x = hn::LoadU(d, phase + i), size = hn::LoadU(d, modulus + i);
    const auto turns = hn::Round(hn::Mul(x, inverse));
    const auto r = hn::NegMulAdd(turns, low, hn::NegMulAdd(turns, high, x));
    hn::StoreU(hn::Mul(size, hn::Cos(d, r)), d, real + i);
    hn::StoreU(hn::Neg(hn::Mul(size, hn::Sin(d, r))), d, imag + i);
  }
}

}  // namespace quartic::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include <algorithm>
#include <array>

namespace quartic {
HWY_EXPORT(Moduli);
HWY_EXPORT(Phases);

void complex_weights(const double* log_modulus, const double* phase, double offset,
                     std::size_t count, double* modulus, double* real, double* imag) {
  // Chunks of one fixed size, padded: no tail code in the kernels.
  std::array<double, weight_chunk> l, p;
  std::fill(std::copy_n(log_modulus, count, l.begin()), l.end(), offset);
  HWY_DYNAMIC_DISPATCH(Moduli)(l.data(), offset, modulus);
  if (phase == nullptr) return;
  std::fill(std::copy_n(phase, count, p.begin()), p.end(), 0.0);
  HWY_DYNAMIC_DISPATCH(Phases)(p.data(), modulus, real, imag);
}

}  // namespace quartic
#endif
