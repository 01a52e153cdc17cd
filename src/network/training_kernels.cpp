#include <cstddef>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "network/training_kernels.cpp"
#include "hwy/foreach_target.h"
// clang-format off
#include "hwy/highway.h"
#include "network/unit_rows-inl.h"
// clang-format on

#include "core/dispatch.hpp"
#include "network/training_kernels.hpp"

HWY_BEFORE_NAMESPACE();
namespace quartic::HWY_NAMESPACE {

template <class T>
void PowerSums(const T* x, std::ptrdiff_t stride, int units, int count, bool higher, double* sums) {
  const hn::ScalableTag<T> d;
  for (int unit = 0; unit < units; ++unit) {
    LaneSums<decltype(d)> lanes{d, count};
    for (int lane = 0; lane < count; lane += static_cast<int>(hn::Lanes(d))) {
      const auto value = hn::Load(d, x + unit * stride + lane);
      lanes.add(0, lane, value);
      if (higher) {
        const auto square = hn::Mul(value, value);
        lanes.add(1, lane, square);
        lanes.add(2, lane, hn::Mul(square, square));
      }
    }
    lanes.give(sums + static_cast<std::ptrdiff_t>(3) * unit);
  }
}

void RowPowerSums(const float* rows, int count, int columns, bool higher, double* sums) {
  const hn::ScalableTag<float> d;
  const int step = static_cast<int>(hn::Lanes(d));
  HWY_ALIGN float lanes[3][64];
  for (int column = 0; column < columns; column += step) {
    const int width = step < columns - column ? step : columns - column;
    auto s1 = hn::Zero(d), s2 = hn::Zero(d), s4 = hn::Zero(d);
    for (int row = 0; row < count; ++row) {
      const float* from = rows + static_cast<std::ptrdiff_t>(row) * columns + column;
      auto x = hn::Zero(d);
      if (width == step) {
        x = hn::LoadU(d, from);
      } else {
        for (int k = 0; k < width; ++k) lanes[0][k] = from[k];
        x = hn::IfThenElseZero(hn::FirstN(d, static_cast<size_t>(width)), hn::Load(d, lanes[0]));
      }
      s1 = hn::Add(s1, x);
      if (higher) {
        const auto square = hn::Mul(x, x);
        s2 = hn::Add(s2, square);
        s4 = hn::MulAdd(square, square, s4);
      }
    }
    hn::Store(s1, d, lanes[0]);
    hn::Store(s2, d, lanes[1]);
    hn::Store(s4, d, lanes[2]);
    for (int k = 0; k < width; ++k)
      for (int power = 0; power < 3; ++power)
        sums[3 * (column + k) + power] += static_cast<double>(lanes[power][k]);
  }
}

/// The rows of w are not padded: the last few entries go through a buffer.
template <class D>
struct PartialVector {
  using T = hn::TFromD<D>;
  D d;
  int width;  ///< entries that count
  HWY_INLINE bool whole() const { return width >= static_cast<int>(hn::Lanes(d)); }
  HWY_INLINE hn::Vec<D> load(const T* from) const {
    if (HWY_LIKELY(whole())) return hn::LoadU(d, from);
    HWY_ALIGN T lanes[64 / sizeof(T)] = {};
    for (int k = 0; k < width; ++k) lanes[k] = from[k];
    return hn::Load(d, lanes);
  }
  HWY_INLINE void store(hn::Vec<D> value, T* to) const {
    if (HWY_LIKELY(whole())) return hn::StoreU(value, d, to);
    HWY_ALIGN T lanes[64 / sizeof(T)];
    hn::Store(value, d, lanes);
    for (int k = 0; k < width; ++k) to[k] = lanes[k];
  }
};

/// w += step(g), g the centred gradient with weight decay; `step` sees the entries' place as well.
template <class T, class Step>
HWY_INLINE WeightRowSums weight_row(const WeightRow<T>& row, Step&& step) {
  const hn::ScalableTag<T> d;
  const auto mu = hn::Set(d, row.mu), difference = hn::Set(d, row.visible_difference),
             decay = hn::Set(d, row.decay);
  auto shift = hn::Zero(d), square = hn::Zero(d);
  for (int j = 0; j < row.size; j += static_cast<int>(hn::Lanes(d))) {
    const PartialVector<decltype(d)> part{d, row.size - j};
    const auto w = part.load(row.w + j), offset = part.load(row.offset + j);
    auto g = hn::NegMulAdd(mu, part.load(row.difference + j), part.load(row.gradient + j));
    g = hn::NegMulAdd(difference, offset, g);
    square = hn::MulAdd(g, g, square);
    const auto move = step(part, j, hn::NegMulAdd(decay, w, g));
    part.store(hn::Add(w, move), row.w + j);
    shift = hn::MulAdd(offset, move, shift);
    part.store(hn::MulAdd(mu, move, part.load(row.hidden_shift + j)), row.hidden_shift + j);
  }
  return {static_cast<double>(hn::GetLane(hn::SumOfLanes(d, shift))),
          static_cast<double>(hn::GetLane(hn::SumOfLanes(d, square)))};
}

template <class T>
WeightRowSums Momentum(const WeightRow<T>& row) {
  return weight_row(row, [&](const auto& part, int j, auto g) HWY_ATTR {
    const auto d = part.d;
    const auto velocity = hn::MulAdd(hn::Set(d, row.momentum), part.load(row.first + j),
                                     hn::Mul(hn::Set(d, row.rate), g));
    part.store(velocity, row.first + j);
    return velocity;
  });
}

template <class T>
WeightRowSums Adam(const WeightRow<T>& row) {
  return weight_row(row, [&](const auto& part, int j, auto g) HWY_ATTR {
    const auto d = part.d;
    const auto running = [&](T decay, auto before, auto now) HWY_ATTR {
      return hn::MulAdd(hn::Set(d, decay), before, hn::Mul(hn::Set(d, 1 - decay), now));
    };
    const auto first = running(row.momentum, part.load(row.first + j), g),
               second = running(row.second_decay, part.load(row.second + j), hn::Mul(g, g));
    part.store(first, row.first + j);
    part.store(second, row.second + j);
    const auto deviation =
        hn::Add(hn::Sqrt(hn::Mul(second, hn::Set(d, row.second_bias))), hn::Set(d, T(1e-8)));
    return hn::Div(hn::Mul(first, hn::Set(d, row.rate * row.first_bias)), deviation);
  });
}

QUARTIC_KERNEL(PowerSums)
QUARTIC_KERNEL(Momentum)
QUARTIC_KERNEL(Adam)

}  // namespace quartic::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace quartic {

HWY_EXPORT(RowPowerSums);
HWY_EXPORT(PowerSumsBoth);
HWY_EXPORT(MomentumBoth);
HWY_EXPORT(AdamBoth);

void add_row_power_sums(const float* rows, int count, int columns, bool higher, double* sums) {
  HWY_DYNAMIC_DISPATCH(RowPowerSums)(rows, count, columns, higher, sums);
}
template <class T>
void add_power_sums(const T* x, std::ptrdiff_t stride, int units, int count, bool higher,
                    double* sums) {
  QUARTIC_DISPATCH(PowerSums, T)(x, stride, units, count, higher, sums);
}
template <class T>
WeightRowSums momentum_row(const WeightRow<T>& row) {
  return QUARTIC_DISPATCH(Momentum, T)(row);
}
template <class T>
WeightRowSums adam_row(const WeightRow<T>& row) {
  return QUARTIC_DISPATCH(Adam, T)(row);
}

#define QUARTIC_INSTANTIATE(T)                                                     \
  template void add_power_sums(const T*, std::ptrdiff_t, int, int, bool, double*); \
  template WeightRowSums momentum_row(const WeightRow<T>&);                        \
  template WeightRowSums adam_row(const WeightRow<T>&);
QUARTIC_INSTANTIATE(float)
QUARTIC_INSTANTIATE(double)
#undef QUARTIC_INSTANTIATE

}  // namespace quartic
#endif
