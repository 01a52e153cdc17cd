// Mean, error, autocorrelation time and R-hat of series whose answers are known without statistics.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "quartic/core/autocorrelation.hpp"
#include "quartic/core/error.hpp"
#include "quartic/core/random.hpp"

namespace quartic {
namespace {

constexpr double inf = std::numeric_limits<double>::infinity();

std::vector<double> noise(int count, std::uint64_t seed) {
  RandomStream random(seed, Stream::check, 0);
  std::vector<double> x(count);
  for (double& v : x) v = random.normal();
  return x;
}

TEST(EstimateSeries, ConstantSeriesHasNoError) {
  const auto e = estimate_series(std::vector<double>(400, 0.1), 4);
  EXPECT_EQ(e.mean, 0.1);
  EXPECT_EQ(e.error, 0);
  EXPECT_EQ(e.ess, 400);
  EXPECT_EQ(e.r_hat, 1);
  EXPECT_TRUE(e.window_found);
}

TEST(EstimateSeries, ChainsStuckAtDifferentValuesAreIndependentDraws) {
  std::vector<double> x;
  const auto level = noise(100, 1);
  for (const double v : level) x.insert(x.end(), 50, v);
  const auto e = estimate_series(x, 100);
  EXPECT_FALSE(e.window_found);
  EXPECT_EQ(e.r_hat, inf);
  const auto one_each = estimate_series(level, 100);
  EXPECT_NEAR(e.error, one_each.error, 0.01 * one_each.error);
  EXPECT_NEAR(e.ess, 100, 3);
}

TEST(EstimateSeries, ValuesThatAreNotFiniteGiveNothing) {
  for (const double bad : {inf, -inf, std::nan("")}) {
    auto x = noise(64, 2);
    x[17] = bad;
    const auto e = estimate_series(x, 4);
    EXPECT_TRUE(std::isnan(e.mean) && std::isnan(e.error) && std::isnan(e.tau));
    EXPECT_EQ(e.ess, 0);
    EXPECT_FALSE(e.window_found);
  }
}

TEST(EstimateSeries, OneDrawAChain) {
  const auto x = noise(256, 3);
  double mean = 0, square = 0;
  for (const double v : x) mean += v / 256;
  for (const double v : x) square += (v - mean) * (v - mean) / 255;
  const auto e = estimate_series(x, 256);
  EXPECT_NEAR(e.mean, mean, 1e-14);
  EXPECT_NEAR(e.error, std::sqrt(square / 256), 1e-3 * e.error);
  EXPECT_NEAR(e.tau, 0.5, 1e-2);
  EXPECT_TRUE(std::isnan(e.r_hat));
}

TEST(EstimateSeries, ASingleValueHasNoKnownError) {
  const auto e = estimate_series(std::vector{3.0}, 1);
  EXPECT_EQ(e.mean, 3);
  EXPECT_EQ(e.error, inf);
  EXPECT_FALSE(e.window_found);
}

TEST(EstimateSeries, AntitheticDrawsNeverClaimMoreThanNLogN) {
  std::vector<double> x(1000);
  for (int t = 0; t < 1000; ++t) x[t] = t % 2 == 0 ? 1 : -1;
  const auto e = estimate_series(x, 1);
  EXPECT_GT(e.error, 0);
  EXPECT_LT(e.tau, 0.5);
  EXPECT_LE(e.ess, 3000.001);
}

TEST(EstimateSeries, ADisplacedChainShowsInRHat) {
  auto x = noise(8 * 500, 4);
  EXPECT_LT(estimate_series(x, 8).r_hat, 1.01);
  for (int t = 0; t < 500; ++t) x[3 * 500 + t] += 1.5;
  const auto e = estimate_series(x, 8);
  EXPECT_GT(e.r_hat, 1.1);
  EXPECT_GT(e.error, 0.8 * 1.5 * std::sqrt(7.0) / 8 / std::sqrt(7.0));  // the scatter of the chains
  auto drifting = noise(500, 5);  // one chain whose halves differ
  for (int t = 250; t < 500; ++t) drifting[t] += 2;
  EXPECT_GT(estimate_series(drifting, 1).r_hat, 1.3);
}

TEST(EstimateSeries, SplitRHatIsThatOfTheFormula) {
  const auto x = noise(4 * 20, 6);
  double mean[8] = {}, within = 0, overall = 0, between = 0;
  for (int h = 0; h < 8; ++h)
    for (int t = 0; t < 10; ++t) mean[h] += x[h * 10 + t] / 10;
  for (int h = 0; h < 8; ++h) {
    overall += mean[h] / 8;
    for (int t = 0; t < 10; ++t) within += std::pow(x[h * 10 + t] - mean[h], 2) / (8 * 9);
  }
  for (const double m : mean) between += std::pow(m - overall, 2) / 7;
  EXPECT_NEAR(estimate_series(x, 4).r_hat, std::sqrt(0.9 + between / within), 1e-12);
}

TEST(EstimateSeries, BinsOfIndependentDrawsGiveTheSameAnswerInDraws) {
  const int chains = 4, draws = 4096, length = 16;
  const auto x = noise(chains * draws, 7);
  std::vector<double> bins(x.size() / length);
  double mean = 0, variance = 0;
  for (std::size_t t = 0; t < x.size(); ++t) bins[t / length] += x[t] / length;
  for (const double v : x) mean += v / static_cast<double>(x.size());
  for (const double v : x) variance += (v - mean) * (v - mean) / static_cast<double>(x.size());
  const auto whole = estimate_series(x, chains);
  const auto binned = estimate_binned_series(bins, chains, length, variance);
  EXPECT_NEAR(binned.mean, whole.mean, 1e-14);
  EXPECT_NEAR(binned.tau, 0.5, 4 * binned.tau_error);
  EXPECT_NEAR(binned.ess, 2 * 8192, 4 * 2 * 8192 * binned.tau_error / 0.5);
  EXPECT_NEAR(binned.error, 1 / std::sqrt(chains * draws), 0.3 / std::sqrt(chains * draws));
  EXPECT_NEAR(binned.r_hat, whole.r_hat, 1e-12);
}

TEST(EstimateSeries, RefusesWhatIsNotRectangular) {
  const std::vector<double> x(10);
  EXPECT_THROW(estimate_series(x, 3), BadInput);
  EXPECT_THROW(estimate_series(x, 0), BadInput);
  EXPECT_THROW(estimate_series({}, 1), BadInput);
  EXPECT_THROW(estimate_binned_series(x, 2, 0, 1), BadInput);
}

}  // namespace
}  // namespace quartic
