#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "quartic/stats/reweighting.hpp"

namespace quartic {
namespace {

/// Profile posterior mean of b = -k / sigma, then k, shrunk towards 1/2 as by ten more
/// observations. x ascending, positive.
double fit_shape(const std::vector<double>& x) {
  const auto n = static_cast<double>(x.size());
  const int points = 30 + static_cast<int>(std::sqrt(n));
  const double quartile = x[static_cast<std::size_t>(n / 4 + 0.5) - 1];
  const auto shape = [&](double b) {
    double sum = 0;
    for (const double value : x) sum += std::log1p(-b * value);
    return sum / n;
  };
  std::vector<double> b(points), likelihood(points);
  for (int j = 0; j < points; ++j) {
    b[j] = 1 / x.back() + (1 - std::sqrt(points / (j + 0.5))) / (3 * quartile);
    const double k = shape(b[j]);
    likelihood[j] = n * (std::log(-b[j] / k) - k - 1);
  }
  const double most = *std::max_element(likelihood.begin(), likelihood.end());
  double weight = 0, mean = 0;
  for (int j = 0; j < points; ++j) {
    const double w = std::exp(likelihood[j] - most);
    weight += w, mean += w * b[j];
  }
  constexpr double prior = 10;
  return (n * shape(mean / weight) + prior * 0.5) / (n + prior);
}

}  // namespace

double pareto_shape(std::span<const double> log_weight) {
  const auto count = static_cast<double>(log_weight.size());
  const auto tail = static_cast<std::size_t>(std::min(count / 5, 3 * std::sqrt(count)));
  constexpr double flat = -std::numeric_limits<double>::infinity();
  if (tail < 5) return flat;
  std::vector<double> l(log_weight.begin(), log_weight.end());
  const auto cut = l.end() - static_cast<std::ptrdiff_t>(tail) - 1;
  std::nth_element(l.begin(), cut, l.end());
  std::sort(cut, l.end());
  const double top = l.back(), threshold = std::exp(*cut - top);
  std::vector<double> excess;
  for (auto it = cut + 1; it != l.end(); ++it)
    if (const double x = std::exp(*it - top) - threshold; x > 1e-12) excess.push_back(x);
  return excess.size() < 5 ? flat : fit_shape(excess);
}

}  // namespace quartic
