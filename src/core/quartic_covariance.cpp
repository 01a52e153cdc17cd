#include "quartic/core/quartic_covariance.hpp"

#include <cstddef>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/quartic_covariance.cpp"
#include "hwy/foreach_target.h"
// clang-format off
#include "hwy/highway.h"
#include "hwy/contrib/math/math-inl.h"
// clang-format on

#include "core/quartic_mode-inl.h"
#include "core/quartic_window.hpp"

HWY_BEFORE_NAMESPACE();
namespace quartic::HWY_NAMESPACE {

/// As Moments (core/quartic_density_simd.cpp), on fewer points of a shorter window, with exp(-2tx)
/// by recursion. out holds ten rows of `count` numbers: ln Z1, <x>, <x^2>, <x^4>, and covariances.
void Covariances(size_t count, double a_in, double b_in, const double* j_in, double* const* out) {
  constexpr int points = 40;
  constexpr double cutoff = 26;  // leaves out 5e-12
  const hn::ScalableTag<double> d;
  using V = hn::Vec<decltype(d)>;
  const V a = hn::Set(d, a_in), b = hn::Set(d, b_in), zero = hn::Zero(d), one = hn::Set(d, 1.0);
  for (size_t i = 0; i < count; i += hn::Lanes(d)) {
    const V j = hn::LoadU(d, j_in + i), t = hn::Abs(j);
    const V x0 = mode_of(d, a, b, t);
    const V bx2 = hn::Mul(hn::Mul(b, x0), x0);
    const V curvature = hn::MulAdd(hn::Set(d, 6.0), bx2, a);
    const V peak = hn::Mul(x0, hn::Sub(t, hn::Mul(x0, hn::Add(a, bx2))));
    const V harmonic = hn::Sqrt(hn::Div(hn::Set(d, cutoff), curvature));
    const V left = hn::Min(x0, hn::Add(harmonic, harmonic));
    const V right = hn::Min(harmonic, hn::Sqrt(hn::Sqrt(hn::Div(hn::Set(d, cutoff), b))));
    const V low = hn::Sub(x0, left);
    const V step = hn::Mul(hn::Add(left, right), hn::Set(d, 1.0 / points));
    const V cubic = hn::Mul(hn::Set(d, 4.0), hn::Mul(b, x0));
    const V minus_2t = hn::Mul(hn::Set(d, -2.0), t);
    const V ratio = hn::Exp(d, hn::Mul(minus_2t, step));
    V fold = hn::Exp(d, hn::Mul(minus_2t, low));
    V s0 = zero, s1 = zero, s2 = zero, s3 = zero, s4 = zero, s5 = zero, s6 = zero, s8 = zero;
    V weight = hn::IfThenElse(hn::Gt(low, zero), one, hn::Set(d, 0.5));
    for (int k = 0; k <= points; ++k) {
      const V x = hn::MulAdd(hn::Set(d, static_cast<double>(k)), step, low);
      const V e = hn::Sub(x, x0);
      const V drop = hn::Mul(hn::Mul(e, e), hn::MulAdd(e, hn::MulAdd(b, e, cubic), curvature));
      const V value = hn::Mul(weight, hn::Exp(d, hn::Neg(drop)));
      const V even = hn::MulAdd(value, fold, value);
      const V odd = hn::Mul(hn::NegMulAdd(value, fold, value), x);
      const V x2 = hn::Mul(x, x), x4 = hn::Mul(x2, x2), even4 = hn::Mul(even, x4);
      s0 = hn::Add(s0, even);
      s1 = hn::Add(s1, odd);
      s2 = hn::MulAdd(even, x2, s2);
      s3 = hn::MulAdd(odd, x2, s3);
      s4 = hn::Add(s4, even4);
      s5 = hn::MulAdd(odd, x4, s5);
      s6 = hn::MulAdd(even4, x2, s6);
      s8 = hn::MulAdd(even4, x4, s8);
      fold = hn::Mul(fold, ratio);
      weight = one;
    }
    const V scale = hn::Div(one, s0);
    const V m1 = hn::Mul(s1, scale), m2 = hn::Mul(s2, scale), m4 = hn::Mul(s4, scale);
    const auto store = [&](int row, V value) { hn::StoreU(value, d, out[row] + i); };
    const auto central = [&](V raw, V x, V y) { return hn::NegMulAdd(x, y, hn::Mul(raw, scale)); };
    store(0, hn::Add(peak, hn::Log(d, hn::Mul(s0, step))));
    store(1, hn::CopySign(m1, j));
    store(2, m2);
    store(3, m4);
    store(4, central(s2, m1, m1));
    store(5, hn::CopySignToAbs(hn::Max(central(s3, m1, m2), zero), j));
    store(6, central(s4, m2, m2));
    store(7, hn::CopySignToAbs(hn::Max(central(s5, m1, m4), zero), j));
    store(8, central(s6, m2, m4));
    store(9, central(s8, m4, m4));
  }
}

}  // namespace quartic::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include <algorithm>
#include <array>

namespace quartic {
HWY_EXPORT(Covariances);

void quartic_covariances(double a, double b, std::span<const double> j,
                         const QuarticCovarianceRows& out) {
  constexpr std::size_t chunk = 64, rows = 10;  // padded: no tail code in the kernel
  std::array<double, chunk> field;
  std::array<std::array<double, chunk>, rows> values;
  std::array<double*, rows> to;
  for (std::size_t row = 0; row < rows; ++row) to[row] = values[row].data();
  for (std::size_t begin = 0; begin < j.size(); begin += chunk) {
    const std::size_t count = std::min(chunk, j.size() - begin);
    field.fill(0);
    for (std::size_t i = 0; i < count; ++i) {
      require_quartic_entry(begin + i, a, b, j[begin + i]);
      field[i] = j[begin + i];
    }
    HWY_DYNAMIC_DISPATCH(Covariances)(chunk, a, b, field.data(), to.data());
    const auto give = [&](std::size_t row, std::span<double> where) {
      std::copy_n(values[row].begin(), count, where.begin() + static_cast<std::ptrdiff_t>(begin));
    };
    give(0, out.log_normaliser);
    for (std::size_t k = 0; k < 3; ++k) give(1 + k, out.mean[k]);
    for (std::size_t k = 0; k < 6; ++k) give(4 + k, out.covariance[k]);
  }
}

}  // namespace quartic
#endif
