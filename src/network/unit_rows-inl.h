// The loop over units and chains that all kinds of units share; included once per SIMD target.
#if defined(QUARTIC_UNIT_ROWS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef QUARTIC_UNIT_ROWS_INL_H_
#undef QUARTIC_UNIT_ROWS_INL_H_
#else
#define QUARTIC_UNIT_ROWS_INL_H_
#endif

#include "core/simd_math-inl.h"
#include "network/unit_type.hpp"

HWY_BEFORE_NAMESPACE();
namespace quartic::HWY_NAMESPACE {

/// Calls f(lane, j) for all vectors of chains of one unit.
template <class D, class T, class F>
HWY_INLINE void for_each_vector(D d, const UnitBlock<T>& block, int unit, F&& f) {
  const T* field = block.field + unit * block.field_stride;
  const auto r = hn::Set(d, block.constants[unit].r);
  for (int lane = 0; lane < block.lanes; lane += static_cast<int>(hn::Lanes(d)))
    f(lane, hn::MulSub(hn::Load(d, field + lane), hn::Load(d, block.scale + lane), r));
}

/// What the gates take from a unit's a on a vector of chains; 0 without gates.
template <class D, class T>
HWY_INLINE hn::Vec<D> gates_of(D d, const UnitBlock<T>& block, int unit, int lane) {
  if (!block.gates) return hn::Zero(d);
  return hn::Mul(hn::Load(d, block.gates + unit * block.field_stride + lane),
                 hn::Load(d, block.scale + lane));
}

/// x <- kernel(constants, lane, j, x, stream) for all units and chains.
template <class T, class Kernel>
HWY_INLINE void draw_rows(const UnitBlock<T>& block, const UnitDraws<T>& draws, Kernel&& kernel) {
  const hn::ScalableTag<T> d;
  const hn::Rebind<uint32_t, decltype(d)> du;
  const auto stride = static_cast<size_t>(draws.words_stride);
  for (int unit = 0; unit < block.units; ++unit) {
    T* x = draws.x + unit * draws.stride;
    for_each_vector(d, block, unit, [&](int lane, auto j) HWY_ATTR {
      VectorStream<decltype(du)> stream(du, draws.words + lane, stride);
      const auto old = hn::Load(d, x + lane);
      hn::Store(kernel(d, unit, lane, j, old, stream), d, x + lane);
      stream.store(du, draws.words + lane, stride);
    });
  }
}

/// One Gaussian a unit and chain: of the pair that Box-Muller gives, the next unit takes the
/// second.
template <class T>
struct GaussianSupply {
  HWY_ALIGN T spare[max_unit_lanes];

  template <class D, class S>
  HWY_INLINE hn::Vec<D> operator()(D d, int unit, int lane, S& stream) {
    if ((unit & 1) != 0) return hn::Load(d, spare + lane);
    hn::Vec<D> first, second;
    const auto radius_bits = stream.next(), angle_bits = stream.next();
    gaussian_pair(d, radius_bits, angle_bits, first, second);
    hn::Store(second, d, spare + lane);
    return first;
  }
};

/// The sums over the first `count` lanes.
template <class D>
struct LaneSums {
  using V = hn::Vec<D>;
  D d;
  int count;
  V sum[3] = {hn::Zero(d), hn::Zero(d), hn::Zero(d)};

  HWY_INLINE void add(int which, int lane, V value) {
    const int left = count - lane;
    if (left < static_cast<int>(hn::Lanes(d)))
      value = hn::IfThenElseZero(hn::FirstN(d, static_cast<size_t>(left < 0 ? 0 : left)), value);
    sum[which] = hn::Add(sum[which], value);
  }
  HWY_INLINE void give(double* out) const {
    for (int k = 0; k < 3; ++k)
      out[k] += static_cast<double>(hn::GetLane(hn::SumOfLanes(d, sum[k])));
  }
};

/// The means mean(constants, j, lane, lanes) of units [unit, end) and their sums; higher moments
/// are for `mean` to add to the lanes.
template <class D, class T, class Mean>
HWY_INLINE void give_means(D d, const UnitBlock<T>& block, int unit, int end,
                           const UnitMeans<T>& out, Mean&& mean) {
  for (; unit < end; ++unit) {
    LaneSums<D> lanes{d, out.count};
    for_each_vector(d, block, unit, [&](int lane, auto j) HWY_ATTR {
      const auto value = mean(block.constants[unit], j, lane, lanes);
      hn::Store(value, d, out.mean + unit * out.stride + lane);
      lanes.add(0, lane, value);
    });
    lanes.give(out.sums + static_cast<std::ptrdiff_t>(3) * unit);
  }
}

/// Adds kernel(d, unit, lane, j) of all units to sums[lane]: a few units at a time in the kernels'
/// precision, then in float64.
template <class T, class Kernel>
HWY_INLINE void add_to_lanes(const UnitBlock<T>& block, double* sums, Kernel&& kernel) {
  const hn::ScalableTag<T> d;
  constexpr int together = 8;
  HWY_ALIGN T few[max_unit_lanes];
  for (int first = 0; first < block.units; first += together) {
    const int end = first + together < block.units ? first + together : block.units;
    for (int unit = first; unit < end; ++unit) {
      for_each_vector(d, block, unit, [&](int lane, auto j) HWY_ATTR {
        const auto value = kernel(d, unit, lane, j);
        hn::Store(unit == first ? value : hn::Add(hn::Load(d, few + lane), value), d, few + lane);
      });
    }
    for (int lane = 0; lane < block.lanes; ++lane) sums[lane] += static_cast<double>(few[lane]);
  }
}

/// A kind's static member templates of the precision as its kernels on this target; without `step`
/// a step is a draw.
template <class Kind, class T>
UnitKernels<T> unit_kernels_of() {
  UnitKernels<T> kernels{Kind::template draw<T>, Kind::template draw<T>, Kind::template moments<T>,
                         Kind::template log_normaliser<T>, Kind::template summary<T>};
  if constexpr (requires { Kind::template step<T>; }) kernels.step = Kind::template step<T>;
  return kernels;
}
template <class Kind>
UnitKernelsOfBoth unit_kernels() {
  return {unit_kernels_of<Kind, float>(), unit_kernels_of<Kind, double>()};
}

}  // namespace quartic::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
