// How often errors hold: AR(1) chains with known answers, and the coverage of intervals.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <string>
#include <vector>

#include "quartic/core/random.hpp"

namespace quartic::testing {

/// Stationary AR(1) chains of unit variance with integrated autocorrelation time tau,
/// [chain][draw].
inline std::vector<double> ar1(int chains, int draws, double tau, std::uint64_t seed,
                               double scale = 1) {
  const double a = (2 * tau - 1) / (2 * tau + 1), kick = std::sqrt(1 - a * a);
  std::vector<double> x;
  x.reserve(static_cast<std::size_t>(chains) * draws);
  for (int c = 0; c < chains; ++c) {
    RandomStream random(seed, Stream::check, static_cast<std::uint64_t>(c));
    double value = random.normal();
    for (int t = 0; t < draws; ++t, value = a * value + kick * random.normal())
      x.push_back(scale * value);
  }
  return x;
}

/// Whether tests take as many seeds and cases as they can (QUARTIC_TEST_THOROUGH, set by tools/test
/// --slow) or a part of them; bounds at a given p follow the number.
inline bool thorough() {
  return std::getenv("QUARTIC_TEST_THOROUGH") != nullptr;
}

/// A standard normal deviate is larger with p = 1e-5 (two-sided).
inline constexpr double rare_deviation = 4.42;

/// That `count` z-scores have variance 1, by their mean square: between the quantiles of chi^2 /
/// count at p = 1e-5, two-sided (Wilson and Hilferty, Proc. Natl. Acad. Sci. 17 (1931) 684).
inline void expect_unit_variance(double mean_square, double count, const std::string& what) {
  const double spread = 2 / (9 * count);
  EXPECT_NEAR(std::cbrt(mean_square), 1 - spread, rare_deviation * std::sqrt(spread))
      << what << ": " << count << " z-scores of mean square " << mean_square;
}

/// How many z-scores of an honest error lie within k sigma, and their variance: p = 1e-5 each, of
/// some two hundred such checks.
inline void expect_coverage(const std::vector<double>& z, const std::string& what) {
  const auto count = static_cast<double>(z.size());
  for (const double k : {1.0, 2.0}) {
    double inside = 0;
    for (const double v : z) inside += std::abs(v) <= k ? 1 : 0;
    const double p = std::erf(k / std::sqrt(2.0));
    EXPECT_NEAR(inside / count, p, rare_deviation * std::sqrt(p * (1 - p) / count))
        << what << ", " << k << " sigma";
  }
  double square = 0;
  for (const double v : z) square += v * v / count;
  expect_unit_variance(square, count, what);
  ::testing::Test::RecordProperty(what, std::to_string(square));
}

}  // namespace quartic::testing
