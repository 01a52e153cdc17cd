#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "quartic/core/autocorrelation.hpp"
#include "quartic/core/error.hpp"
#include "quartic/core/random.hpp"

namespace quartic {
namespace {

/// AR(1) chains with correlation rho from their stationary distribution, plus a slope.
std::vector<double> chains_with(double rho, double slope, int chains, int draws, int seed) {
  RandomStream random(seed, Stream::check, 0);
  std::vector<double> series;
  for (int chain = 0; chain < chains; ++chain) {
    double x = random.normal();
    for (int t = 0; t < draws; ++t, x = rho * x + std::sqrt(1 - rho * rho) * random.normal())
      series.push_back(x + slope * t);
  }
  return series;
}

TEST(Drift, IsATStatisticAtRestWhateverTheAutocorrelation) {
  for (const double rho : {0.0, 0.9, 0.99}) {
    int above = 0;
    constexpr int trials = 1000;
    for (int seed = 0; seed < trials; ++seed)
      above += drift(chains_with(rho, 0, 32, 40, seed), 32) > 2.04;  // 5 % of t with 31 degrees
    EXPECT_NEAR(above, 0.05 * trials, 4 * std::sqrt(0.05 * 0.95 * trials)) << rho;
  }
}

TEST(Drift, SeesAMove) {
  EXPECT_GT(drift(chains_with(0.9, 0.1, 32, 40, 1), 32), 5);
  EXPECT_GT(drift(chains_with(0.9, -0.1, 32, 41, 1), 32), 5);
}

TEST(Drift, OfLittleIsNothing) {
  EXPECT_EQ(drift(std::vector<double>(8, 1.0), 4), 0);
  EXPECT_EQ(drift(std::vector<double>(4, 1.0), 4), 0);
  EXPECT_EQ(drift({}, 4), 0);
  EXPECT_THROW(drift(std::vector<double>(5), 4), BadInput);
  EXPECT_THROW(drift(std::vector<double>(5), 1), BadInput);
}

}  // namespace
}  // namespace quartic
