#include <cstddef>
#include <span>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/quartic_density_simd.cpp"
#include "hwy/foreach_target.h"
// clang-format off
#include "hwy/highway.h"
#include "hwy/contrib/math/math-inl.h"
// clang-format on

#include "core/quartic_mode-inl.h"
#include "core/quartic_window.hpp"
#include "quartic/core/quartic_density.hpp"

HWY_BEFORE_NAMESPACE();
namespace quartic::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/// Trapezoidal points on the window; tests hold the sums to 1e-12 against the adaptive reference.
constexpr int kPoints = 160;

void Moments(size_t count, const double* a_in, const double* b_in, const double* j_in,
             double* log_normaliser, double* mean, double* second, double* fourth) {
  const hn::ScalableTag<double> d;
  using V = hn::Vec<decltype(d)>;
  const size_t n = hn::Lanes(d);
  for (size_t i = 0; i < count; i += n) {
    const V a = hn::LoadU(d, a_in + i), b = hn::LoadU(d, b_in + i), j = hn::LoadU(d, j_in + i);
    const V t = hn::Abs(j), one = hn::Set(d, 1.0), zero = hn::Zero(d);
    const V x0 = mode_of(d, a, b, t);
    const V bx2 = hn::Mul(hn::Mul(b, x0), x0);
    const V curvature =  // as in quartic_window
        hn::Max(hn::MulAdd(hn::Set(d, 6.0), bx2, a), hn::Mul(hn::Set(d, 4.0), bx2));
    const V peak = hn::Mul(x0, hn::Sub(t, hn::Mul(x0, hn::Add(a, bx2))));
    const V cutoff = hn::Set(d, quartic_cutoff);
    const V harmonic = hn::Sqrt(hn::Div(cutoff, curvature));
    const V left = hn::Min(x0, hn::Add(harmonic, harmonic));
    const V right = hn::Min(harmonic, hn::Sqrt(hn::Sqrt(hn::Div(cutoff, b))));
    const V low = hn::Sub(x0, left);
    const V step = hn::Mul(hn::Add(left, right), hn::Set(d, 1.0 / kPoints));
    const V cubic = hn::Mul(hn::Set(d, 4.0), hn::Mul(b, x0)),
            minus_2t = hn::Mul(hn::Set(d, -2.0), t);
    V s0 = zero, s1 = zero, s2 = zero, s4 = zero;
    V weight = hn::IfThenElse(hn::Gt(low, zero), one, hn::Set(d, 0.5));
    for (int k = 0; k <= kPoints; ++k) {
      const V x = hn::MulAdd(hn::Set(d, static_cast<double>(k)), step, low);
      const V e = hn::Sub(x, x0);
      const V drop = hn::Mul(hn::Mul(e, e), hn::MulAdd(e, hn::MulAdd(b, e, cubic), curvature));
      const V value = hn::Mul(weight, hn::Exp(d, hn::Neg(drop)));
      const V odd = hn::Expm1(d, hn::Mul(minus_2t, x));
      const V even = hn::Mul(value, hn::Add(hn::Set(d, 2.0), odd));
      const V x2 = hn::Mul(x, x), even2 = hn::Mul(even, x2);
      s0 = hn::Add(s0, even);
      s1 = hn::NegMulAdd(hn::Mul(value, x), odd, s1);
      s2 = hn::Add(s2, even2);
      s4 = hn::MulAdd(even2, x2, s4);
      weight = one;
    }
    hn::StoreU(hn::Add(peak, hn::Log(d, hn::Mul(s0, step))), d, log_normaliser + i);
    hn::StoreU(hn::CopySign(hn::Div(s1, s0), j), d, mean + i);
    hn::StoreU(hn::Div(s2, s0), d, second + i);
    hn::StoreU(hn::Div(s4, s0), d, fourth + i);
  }
}

}  // namespace quartic::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include <algorithm>
#include <array>

namespace quartic {
HWY_EXPORT(Moments);

void quartic_moments(std::span<const double> a, std::span<const double> b,
                     std::span<const double> j, std::span<double> log_normaliser,
                     std::span<double> mean, std::span<double> second, std::span<double> fourth) {
  // Chunks of one fixed size, padded with a harmless density: no tail code in the kernel.
  constexpr std::size_t chunk = 64;
  std::array<double, chunk> pa, pb, pj, p0, p1, p2, p4;
  for (std::size_t begin = 0; begin < a.size(); begin += chunk) {
    const std::size_t count = std::min(chunk, a.size() - begin);
    pa.fill(1);
    pb.fill(1);
    pj.fill(0);
    for (std::size_t i = 0; i < count; ++i) {
      require_quartic_entry(begin + i, a[begin + i], b[begin + i], j[begin + i]);
      pa[i] = a[begin + i];
      pb[i] = b[begin + i];
      pj[i] = j[begin + i];
    }
    HWY_DYNAMIC_DISPATCH(Moments)
    (chunk, pa.data(), pb.data(), pj.data(), p0.data(), p1.data(), p2.data(), p4.data());
    const auto give = [&](const std::array<double, chunk>& from, std::span<double> to) {
      if (!to.empty())
        std::copy_n(from.begin(), count, to.begin() + static_cast<std::ptrdiff_t>(begin));
    };
    give(p0, log_normaliser);
    give(p1, mean);
    give(p2, second);
    give(p4, fourth);
  }
}

}  // namespace quartic
#endif
