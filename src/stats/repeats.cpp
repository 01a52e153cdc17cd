#include "stats/repeats.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <span>
#include <vector>

#include "core/parallel.hpp"

namespace quartic {
namespace {

constexpr std::size_t most_sorted = std::size_t{1} << 28;
constexpr std::size_t near_by_norm = 64;   // by norm, on either side
constexpr double widest_tolerance = 0.01;  // of a tolerance
constexpr double by_chance = 1e-8;         // pairs

struct Scale {
  double width;    // the narrowest of the sites
  double largest;  // |phi|
};

Scale scale_of(const Action& action, const FieldSample& sample, std::size_t count) {
  std::vector<double> most(sample.sites());
  for (std::size_t n = 0; n < count; ++n)
    for (int i = 0; i < sample.sites(); ++i) most[i] = std::max(most[i], std::abs(sample.at(n, i)));
  double curvature = 0, largest = 0;
  for (int i = 0; i < sample.sites(); ++i) {
    const double square = most[i] * most[i];
    curvature = std::max(curvature, 2 * std::abs(action.a[i]) + 12 * action.b[i] * square);
    largest = std::max(largest, most[i]);
  }
  return {1 / std::sqrt(std::max(curvature, 1e-300)), largest};
}

/// Ascending |phi| of every configuration in units of the width, and their order by norm.
struct Sorted {
  std::vector<float> values;  // [configuration][site]
  std::vector<double> norm;
  std::vector<std::size_t> order;
};

Sorted sort_all(const FieldSample& sample, std::size_t count, double width, int threads) {
  const auto sites = static_cast<std::size_t>(sample.sites());
  Sorted out;
  out.values.resize(count * sites), out.norm.resize(count), out.order.resize(count);
  in_parallel(static_cast<int>(count), threads_or_all(threads), [&](int n, int) {
    const std::span row(out.values.data() + n * sites, sites);
    double square = 0;
    for (std::size_t i = 0; i < sites; ++i) {
      const double x = std::abs(sample.at(n, static_cast<int>(i))) / width;
      row[i] = static_cast<float>(x);
      square += x * x;
    }
    std::sort(row.begin(), row.end());
    out.norm[n] = std::sqrt(square);
  });
  std::iota(out.order.begin(), out.order.end(), std::size_t{0});
  std::stable_sort(out.order.begin(), out.order.end(),
                   [&](std::size_t x, std::size_t y) { return out.norm[x] < out.norm[y]; });
  return out;
}

bool are_near(const float* x, const float* y, std::size_t sites, double square) {
  double sum = 0;
  for (std::size_t i = 0; i < sites; ++i) {
    const double d = static_cast<double>(x[i]) - static_cast<double>(y[i]);
    sum += d * d;
    if (sum > square) return false;
  }
  return true;
}

/// ln of the bound mu^k / k! on P(at least k events of a Poisson number with mean mu).
double log_poisson_tail(double k, double mean) {
  return std::min(0.0, k * std::log(mean) - std::lgamma(k + 1));
}

}  // namespace

Repeats find_repeats(const Action& action, const FieldSample& sample, int threads) {
  const auto sites = static_cast<std::size_t>(sample.sites());
  const std::size_t count = std::min(sample.count(), std::max<std::size_t>(most_sorted / sites, 2));
  Repeats out;
  if (sample.chains() < 2 || count < 2) return out;
  const Scale scale = scale_of(action, sample, count);
  const auto v = static_cast<double>(sites), n = static_cast<double>(count);
  const double log_pairs = 2 * std::log(n) - std::log(2.0) + std::lgamma(v + 1);
  const double chosen = 0.5 * std::exp((std::log(by_chance) - log_pairs) / v);
  // Values are kept as float32: differences below its resolution are no differences.
  const double resolution = 2.4e-7 * scale.largest / scale.width;
  out.tolerance = std::max(std::min(chosen, widest_tolerance), resolution);
  out.expected = std::exp(std::min(log_pairs + v * std::log(2 * out.tolerance), 700.0));
  if (out.expected > n) return out;
  const Sorted sorted = sort_all(sample, count, scale.width, threads);
  const double square = out.tolerance * out.tolerance * v, reach = std::sqrt(square);
  std::vector<char> repeats(count);
  for (std::size_t k = 0; k < count; ++k) {
    const std::size_t one = sorted.order[k];
    for (std::size_t m = k + 1; m < std::min(count, k + 1 + near_by_norm); ++m) {
      const std::size_t other = sorted.order[m];
      if (sorted.norm[other] - sorted.norm[one] > reach) break;
      if (one / sample.draws() == other / sample.draws()) continue;  // of one chain
      if (!are_near(&sorted.values[one * sites], &sorted.values[other * sites], sites, square))
        continue;
      const auto [first, second] = std::minmax(one, other);
      if (out.rows == 0 || second < out.second) out.first = first, out.second = second;
      out.rows += !repeats[second];
      repeats[second] = 1;
    }
  }
  if (out.rows == 0) return out;
  out.identical = true;
  for (std::size_t i = 0; i < sites; ++i)
    out.identical &=
        sample.at(out.first, static_cast<int>(i)) == sample.at(out.second, static_cast<int>(i));
  out.log_p_value = log_poisson_tail(static_cast<double>(out.rows), out.expected);
  return out;
}

}  // namespace quartic
