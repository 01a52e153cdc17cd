// Chains in groups that are independent of each other, and what their noise adds up to.
#pragma once

#include <algorithm>
#include <cmath>
#include <span>
#include <vector>

#include "core/exact_sum.hpp"
#include "core/student.hpp"

namespace quartic {

/// Up to 64 groups of consecutive chains, enough for errors that are good to a tenth.
struct ChainGroups {
  explicit ChainGroups(int number) : chains(number), count(std::min(number, 64)) {}
  int begin(int group) const { return chains * group / count; }
  int end(int group) const { return begin(group + 1); }

  int chains, count;
};

/// Variance of each of `size` numbers from [group][k], widened for skewness and by Student's
/// factor.
inline std::vector<double> noise_variance(std::span<const double> noise, int size) {
  std::vector<double> out(size), third(size);
  for (std::size_t n = 0; n < noise.size(); ++n) {
    out[n % size] += noise[n] * noise[n];
    third[n % size] += noise[n] * noise[n] * noise[n];
  }
  for (int k = 0; k < size; ++k) out[k] *= skewness_factor(out[k], third[k]);
  const double widening = student_factor(static_cast<double>(noise.size() / size) - 1);
  for (double& x : out) x *= widening * widening;
  return out;
}

/// Of vector . x, from deviations of x, [group][k].
inline double variance_along(std::span<const double> vector, std::span<const double> noise) {
  double out = 0;
  for (std::size_t n = 0; n < noise.size(); n += vector.size()) {
    double along = 0;
    for (std::size_t k = 0; k < vector.size(); ++k) along += vector[k] * noise[n + k];
    out += along * along;
  }
  return out;
}

/// Of [k * own chains + chain], the sums over each group's chains of all ranks, [group][k], exact.
inline std::vector<double> sums_of_groups(const Team& team, int threads, const ChainGroups& groups,
                                          std::span<const double> by_chain, std::size_t size,
                                          int first_chain) {
  const std::size_t chains = by_chain.size() / size;
  std::vector<std::size_t> group;
  for (int g = 0; g < groups.count; ++g) group.resize(groups.end(g), g);
  return exact_sums(
      team, threads, size, chains, groups.count,
      [&](std::size_t k, std::size_t chain) { return by_chain[k * chains + chain]; },
      [&](std::size_t chain) { return group[first_chain + chain]; });
}

/// Sums over the chains of each group, [group][k], less their part of the sum over all, times
/// `scale` and the factor that makes the sum of outer products unbiased.
inline std::vector<double> deviations_of_groups(std::span<const double> sums, int size,
                                                const ChainGroups& groups, double scale) {
  std::vector<double> total(size), out(sums.size());
  for (std::size_t n = 0; n < sums.size(); ++n) total[n % size] += sums[n];
  scale *= std::sqrt(groups.count / std::max(groups.count - 1.0, 1.0));
  for (std::size_t n = 0; n < sums.size(); ++n) {
    const int g = static_cast<int>(n / size);
    out[n] =
        scale * (sums[n] - total[n % size] * (groups.end(g) - groups.begin(g)) / groups.chains);
  }
  return out;
}

}  // namespace quartic
