// The mode of the folded quartic density on a vector of densities; included once per SIMD target.
#if defined(QUARTIC_QUARTIC_MODE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef QUARTIC_QUARTIC_MODE_INL_H_
#undef QUARTIC_QUARTIC_MODE_INL_H_
#else
#define QUARTIC_QUARTIC_MODE_INL_H_
#endif

#include "hwy/contrib/math/math-inl.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace quartic::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

template <class D, class V = hn::Vec<D>>
HWY_INLINE V cube_root(D d, V x) {
  const auto y =
      hn::Exp(d, hn::Mul(hn::Log(d, hn::Max(x, hn::Set(d, 1e-300))), hn::Set(d, 1.0 / 3)));
  return hn::IfThenElseZero(hn::Gt(x, hn::Zero(d)), y);
}

/// As quartic_mode (core/quartic_window.hpp), with a fixed number of Newton steps.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V mode_of(D d, V a, V b, V t) {
  const auto zero = hn::Zero(d), tiny = hn::Set(d, 1e-300);
  const auto root = cube_root(d, hn::Div(t, hn::Max(hn::Mul(hn::Set(d, 4.0), b), tiny)));
  const auto harmonic = hn::Div(t, hn::Max(hn::Add(a, a), tiny));
  const auto well = hn::Sqrt(hn::Div(hn::Max(hn::Neg(a), zero), hn::Max(hn::Add(b, b), tiny)));
  const auto positive = hn::Gt(a, zero);
  auto x = hn::IfThenElse(positive, hn::Min(root, harmonic), hn::Add(root, well));
  x = hn::IfThenElse(hn::Eq(b, zero), harmonic, x);
  const auto two_a = hn::Add(a, a);
  for (int step = 0; step < 10; ++step) {
    const auto bx2 = hn::Mul(hn::Mul(b, x), x);
    const auto slope = hn::MulAdd(hn::Set(d, 12.0), bx2, two_a);
    const auto next =
        hn::Div(hn::MulAdd(hn::Mul(hn::Set(d, 8.0), bx2), x, t), hn::Max(slope, tiny));
    x = hn::Min(x, next);
  }
  return x;
}

}  // namespace quartic::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
