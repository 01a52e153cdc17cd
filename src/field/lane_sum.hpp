// Sums of a per-lane expression over items, in float64 and in fixed order.
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>

namespace quartic {

/// out[lane] = sum over k < count of value(k, lane). Sixteen lanes at a time keep their sums in
/// registers.
template <class Value>
void sum_over(std::size_t count, int lanes, std::span<double> out, Value&& value) {
  constexpr int width = 16;
  for (int first = 0; first < lanes; first += width) {
    double sum[width] = {};
    for (std::size_t k = 0; k < count; ++k)
      for (int lane = 0; lane < width; ++lane) sum[lane] += value(k, first + lane);
    std::copy_n(sum, width, out.begin() + first);
  }
}

}  // namespace quartic
