// The same traps over many seeds: pulls of numbers that say ok are standard normal.
#include <gtest/gtest.h>

#include <algorithm>

#include "traps.hpp"

namespace quartic::testing {
namespace {

class TrapsOverSeeds : public ::testing::TestWithParam<TrapFamily> {};

/// chi^2 of the pulls of every observable of every trap, at p = 1e-5.
void expect_pulls_of_one(const std::vector<Pull>& pulls) {
  std::map<std::string, std::vector<double>> z;
  for (const auto& pull : pulls)
    if (pull.ok) z[pull.trap + ", " + pull.observable].push_back(pull.z);
  for (const auto& [name, some] : z) {
    if (some.size() < 10) continue;
    const auto count = static_cast<double>(some.size());
    double square = 0;
    for (const double v : some) square += v * v / count;
    const double spread = 2 / (9 * count);
    const double too_large =
        (std::cbrt(square) - 1 + spread) / std::sqrt(spread);  // Wilson and Hilferty
    EXPECT_LE(too_large, rare_deviation)
        << name << ": " << count << " pulls of variance " << square;
  }
}

TEST_P(TrapsOverSeeds, PullsAreStandardNormal) {
  const bool anneals = GetParam().run == free_energy;
  const auto pulls = GetParam().pulls(anneals ? 10 : 60);
  double count = 0, square = 0, most = 0;
  for (const auto& pull : pulls)
    if (pull.ok) ++count, square += pull.z * pull.z, most = std::max(most, std::abs(pull.z));
  ASSERT_GT(count, 0);
  EXPECT_LE(most, largest_by_chance(count));
  EXPECT_GE(square / count, 0.85);
  EXPECT_LE(square / count, 1.2);
  expect_pulls_of_one(pulls);
  expect_right_is_ok(pulls);
}

INSTANTIATE_TEST_SUITE_P(All, TrapsOverSeeds, ::testing::ValuesIn(trap_families()), test_name);

}  // namespace
}  // namespace quartic::testing
