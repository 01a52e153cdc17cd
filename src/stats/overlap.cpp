#include "quartic/stats/overlap.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <vector>

#include "quartic/core/error.hpp"

namespace quartic {
namespace {

constexpr int quantities = 5;

/// Sums over a group of chains; differences and weights relative to fixed offsets, so that nothing
/// cancels or overflows.
struct Sums {
  double count = 0, first = 0, second = 0, weight = 0, weight2 = 0;
  Sums& operator+=(const Sums& other) {
    count += other.count, first += other.first, second += other.second;
    weight += other.weight, weight2 += other.weight2;
    return *this;
  }
  Sums without(const Sums& other) const {
    return {count - other.count, first - other.first, second - other.second, weight - other.weight,
            weight2 - other.weight2};
  }
};

/// <D>, Var D, ln<w>, ESS, gap.
std::array<double, quantities> evaluate(const Sums& s, double centre, double least) {
  const double mean = s.first / s.count, variance = s.second / s.count - mean * mean;
  const double log_weight = std::log(s.weight / s.count) - least;
  return {centre + mean, std::max(variance, 0.0), log_weight,
          s.weight * s.weight / (s.count * s.weight2), std::max(centre + mean + log_weight, 0.0)};
}

}  // namespace

Overlap measure_overlap(std::span<const double> difference, int chains) {
  if (chains < 2 || difference.empty() ||
      difference.size() % static_cast<std::size_t>(chains) != 0) {
    throw BadInput("the overlap needs at least two chains of equal length, got " +
                   std::to_string(difference.size()) + " values in " + std::to_string(chains) +
                   " chains");
  }
  double centre = 0;
  for (const double d : difference) centre += d;
  centre /= static_cast<double>(difference.size());
  const double least = *std::min_element(difference.begin(), difference.end());

  const int groups = std::min(chains, 64);
  const std::size_t draws = difference.size() / static_cast<std::size_t>(chains);
  std::vector<Sums> parts(groups);
  for (int chain = 0; chain < chains; ++chain) {
    Sums sums;
    for (const double d : difference.subspan(chain * draws, draws)) {
      const double w = std::exp(least - d), x = d - centre;
      sums += {1, x, x * x, w, w * w};
    }
    parts[static_cast<std::size_t>(chain) * groups / chains] += sums;
  }
  Sums total;
  for (const auto& part : parts) total += part;
  const auto value = evaluate(total, centre, least);
  std::array<double, quantities> mean{}, error{};
  std::vector<std::array<double, quantities>> left_out;
  for (const auto& part : parts) left_out.push_back(evaluate(total.without(part), centre, least));
  for (const auto& v : left_out)
    for (int k = 0; k < quantities; ++k) mean[k] += v[k] / groups;
  for (const auto& v : left_out)
    for (int k = 0; k < quantities; ++k) error[k] += (v[k] - mean[k]) * (v[k] - mean[k]);
  for (double& e : error) e = std::sqrt(e * (groups - 1) / groups);
  const auto estimate = [&](int k) { return Estimate{value[k], error[k]}; };
  return {estimate(0), estimate(1), estimate(2),
          estimate(3), estimate(4), {value[1] / 2, error[1] / 2}};
}

}  // namespace quartic
