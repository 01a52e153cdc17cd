// Sums whose bits no order changes: over chains that ranks share as they may.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <vector>

#include "core/parallel.hpp"
#include "quartic/core/team.hpp"

namespace quartic {

/// Sums of numbers |x| <= bound: each is cut into three integers of 30 binary digits below the
/// bound, which float64 adds without rounding, in any order, 2^22 of them (as the bins of Demmel &
/// Nguyen, IEEE Trans. Comput. 64 (2015) 2060). What is cut off is 2^-90 of the bound, far below
/// what float64 keeps of a sum. Sums of what is not finite are NaN.
class ExactSums {
 public:
  /// One bound a sum, the same on all ranks; 0: that sum is 0.
  explicit ExactSums(std::span<const double> bounds)
      : scale_(bounds.size()), parts_(bounds.size()) {
    for (std::size_t k = 0; k < bounds.size(); ++k) {
      int exponent = 0;
      std::frexp(bounds[k], &exponent);
      scale_[k] = bounds[k] == 0 ? 0
                  : std::isfinite(bounds[k])
                      ? std::ldexp(1.0, std::clamp(digits - exponent, -1000, 1000))
                      : std::numeric_limits<double>::quiet_NaN();
    }
  }

  void add(std::size_t k, double x) {
    constexpr double step = 1 << digits;
    double rest = x * scale_[k];
    for (double& part : parts_[k]) {
      const double whole = rounded(rest);
      part += whole;
      rest = (rest - whole) * step;
    }
  }

  /// Of all ranks.
  std::vector<double> total(const Team& team) {
    if (team.several() && !parts_.empty())
      team.add_counts({parts_.front().data(), parts_.size() * parts_.front().size()});
    constexpr double step = 1.0 / (1 << digits);
    std::vector<double> out(parts_.size());
    for (std::size_t k = 0; k < out.size(); ++k)
      out[k] = scale_[k] == 0
                   ? 0
                   : ((parts_[k][2] * step + parts_[k][1]) * step + parts_[k][0]) / scale_[k];
    return out;
  }

 private:
  static constexpr int digits = 30;

  /// To an integer, |x| < 2^51.
  static double rounded(double x) {
    constexpr double shift = 6755399441055744.0;  // 1.5 * 2^52
    return (x + shift) - shift;
  }

  std::vector<double> scale_;
  std::vector<std::array<double, 3>> parts_;
};

/// The largest |x| over all ranks; infinite where one is not finite.
inline void share_bounds(const Team& team, std::span<double> bounds) {
  for (double& x : bounds)
    if (!std::isfinite(x)) x = std::numeric_limits<double>::infinity();
  if (team.several() && !bounds.empty()) team.max(bounds);
}

/// For every row the sums over its columns, of which each rank has its own, by group of columns:
/// [group][row]; value(row, column), group(column). Two messages of `rows` and of 3 `groups` `rows`
/// numbers. O(rows columns).
template <class Value, class Group>
std::vector<double> exact_sums(const Team& team, int threads, std::size_t rows, std::size_t columns,
                               std::size_t groups, Value&& value, Group&& group) {
  const bool worth_it = static_cast<double>(rows * columns) > 1e5;
  const int count = static_cast<int>(rows), used = worth_it ? threads : 1;
  std::vector<double> bounds(rows);
  in_parallel(count, used, [&](std::size_t row, int) {
    double most = 0;
    for (std::size_t column = 0; column < columns; ++column) {
      const double size = std::abs(value(row, column));
      if (!(size <= most)) most = size;
    }
    bounds[row] = most;
  });
  share_bounds(team, bounds);
  std::vector<double> all;
  for (std::size_t g = 0; g < groups; ++g) all.insert(all.end(), bounds.begin(), bounds.end());
  ExactSums sums(all);
  in_parallel(count, used, [&](std::size_t row, int) {
    for (std::size_t column = 0; column < columns; ++column)
      sums.add(group(column) * rows + row, value(row, column));
  });
  return sums.total(team);
}

/// Of all numbers of all ranks, f(x) each.
template <class F>
double exact_sum(const Team& team, std::span<const double> x, F&& f) {
  return exact_sums(
             team, 1, 1, x.size(), 1, [&](std::size_t, std::size_t n) { return f(x[n]); },
             [](std::size_t) { return 0; })
      .front();
}

}  // namespace quartic
