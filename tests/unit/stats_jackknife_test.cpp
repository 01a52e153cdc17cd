// The jackknife where its answer is known in closed form.
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "quartic/core/random.hpp"
#include "quartic/stats/jackknife.hpp"
#include "quartic/stats/overlap.hpp"

namespace quartic {
namespace {

struct Data {
  JackknifeGroups groups;
  std::vector<std::vector<double>> sums;
  double mean = 0, variance = 0;  // over groups of equal length
};

Data random_groups(int count, std::size_t length) {
  Data data;
  RandomStream random(1, Stream::check, 0);
  data.groups.first.push_back(0);
  for (int g = 0; g < count; ++g) {
    data.groups.first.push_back(data.groups.first.back() + length);
    data.groups.stratum.push_back(0);
    const double mean = 2 + random.normal();
    data.sums.push_back({mean * static_cast<double>(length)});
    data.mean += mean / count;
    data.variance += mean * mean / (count - 1);
  }
  data.variance -= data.mean * data.mean * count / (count - 1);
  return data;
}

/// By how much an error is widened: for 19 degrees of freedom, and for the skewness of the mean.
double widening(const Data& data) {
  double third = 0;
  for (const auto& sum : data.sums) third += std::pow(sum[0] / 7 - data.mean, 3);
  const double skewness = third / std::pow(19 * data.variance, 1.5);
  constexpr double v = 1 / 19.0;
  return (1 + v / 2 + v * v / 4 + v * v * v / 16) * std::sqrt(1 + 2 * skewness * skewness);
}

TEST(Jackknife, OfAMeanIsItsWidenedStandardError) {
  const auto data = random_groups(20, 7);
  const double error = widening(data) * std::sqrt(data.variance / 20);
  const auto mean = [](auto means, auto out) { out[0] = means[0], out[1] = -3 * means[0]; };
  for (const bool corrected : {false, true}) {
    const auto result = jackknife(data.groups, data.sums, 2, mean, corrected);
    EXPECT_NEAR(result[0].value, data.mean, 1e-13);
    EXPECT_NEAR(result[0].error, error, 1e-13);
    EXPECT_NEAR(result[1].value, -3 * data.mean, 1e-12);
    EXPECT_NEAR(result[1].error, 3 * error, 1e-12);
  }
}

TEST(Jackknife, TakesTheBiasOfASquareAway) {
  const auto data = random_groups(20, 7);
  const auto square = [](auto means, auto out) { out[0] = means[0] * means[0]; };
  EXPECT_NEAR(jackknife(data.groups, data.sums, 1, square)[0].value, data.mean * data.mean, 1e-12);
  EXPECT_NEAR(jackknife(data.groups, data.sums, 1, square, true)[0].value,
              data.mean * data.mean - data.variance / 20, 1e-12);
}

TEST(Jackknife, GroupsOfUnequalLengthWeighAsTheirSamples) {
  RandomStream random(2, Stream::check, 0);
  double covered = 0;
  constexpr int trials = 2000;
  for (int trial = 0; trial < trials; ++trial) {
    JackknifeGroups groups;
    std::vector<std::vector<double>> sums;
    groups.first.push_back(0);
    for (int g = 0; g < 60; ++g) {
      const std::size_t length = g % 3 == 0 ? 40 : 10;
      groups.first.push_back(groups.first.back() + length);
      groups.stratum.push_back(0);
      sums.push_back({random.normal() * std::sqrt(static_cast<double>(length))});
    }
    const auto result = jackknife(groups, sums, 1, [](auto means, auto out) { out[0] = means[0]; });
    covered += std::pow(result[0].value / result[0].error, 2) / trials;
  }
  EXPECT_NEAR(covered, 60.0 / 58 / std::pow(1 + 0.5 / 59, 2), 3.3 * std::sqrt(2.2 / trials));
}

/// One chain that carries all weight: its error is not known, and says so by being large.
TEST(Overlap, OfOneChainThatCarriesAllWeightHasALargeError) {
  for (const double heavy : {0.0, -400.0}) {
    std::vector<double> difference(64, 700.0);
    difference[17] = heavy;
    const Overlap overlap = measure_overlap(difference, 64);
    EXPECT_NEAR(overlap.log_mean_weight.value, -heavy - std::log(64.0), 1e-12);
    EXPECT_GT(overlap.log_mean_weight.error, 10);
    EXPECT_TRUE(std::isfinite(overlap.log_mean_weight.error));
    EXPECT_NEAR(overlap.weight_ess.value, 1.0 / 64, 1e-12);
    EXPECT_TRUE(std::isfinite(overlap.weight_ess.error));
  }
}

}  // namespace
}  // namespace quartic
