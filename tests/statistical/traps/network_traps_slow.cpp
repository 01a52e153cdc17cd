// The traps of networks over seeds: every ok within four errors, errors that are neither too small
// nor too large, and how often right results are refused.
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "quartic/network/likelihood.hpp"
#include "statistical/coverage.hpp"
#include "statistical/traps/network_traps.hpp"

namespace quartic::testing {
namespace {

constexpr int seeds = 20;

struct Tally {
  int trusted = 0, all = 0, refused_though_right = 0;
  double square = 0;
};

Tally run(const std::vector<NetworkTrap>& traps, const LogZOptions& options) {
  Tally tally;
  for (const auto& trap : traps) {
    SCOPED_TRACE(trap.name);
    const double exact = trap.exact();
    const Network base(trap.network.visible, trap.network.hidden);
    for (int seed = 0; seed < seeds; ++seed) {
      const LogZ z = estimate_log_z<float>({base, trap.network}, options, 1000 + seed);
      const double pull = (z.value.value - exact) / z.value.error;
      ++tally.all;
      EXPECT_LT(z.bound, exact + 1e-6);
      if (z.ok) {
        // 1300 results are held to it: a normal deviate is beyond 5 once in a thousand such runs.
        EXPECT_LT(std::abs(pull), 5) << seed << ": " << z.value.value << " +- " << z.value.error;
        ++tally.trusted, tally.square += pull * pull;
      } else {
        tally.refused_though_right += std::abs(pull) < 4;
      }
    }
  }
  ::testing::Test::RecordProperty("trusted", tally.trusted);
  ::testing::Test::RecordProperty("all", tally.all);
  ::testing::Test::RecordProperty("mean_square_pull", std::to_string(tally.square / tally.trusted));
  return tally;
}

LogZOptions fifth_of_the_default() {
  LogZOptions o;
  o.exact = false;
  o.chains = 96, o.steps = 200, o.ladders = 32, o.sweeps = 400;
  return o;
}

TEST(NetworkTrapsSlow, WhatIsOkIsRightOverSeeds) {
  const Tally tally = run(network_traps(), fifth_of_the_default());
  EXPECT_LT(tally.refused_though_right, 0.02 * tally.all);
  // Where no chain of a mode moves the error is what could not be seen, far above what is missing.
  EXPECT_LT(tally.square / tally.trusted, 1.2);
}

TEST(NetworkTrapsSlow, OrdinaryNetworksStayTrustedOverSeeds) {
  const Tally tally = run(ordinary_networks(), fifth_of_the_default());
  EXPECT_LT(tally.refused_though_right, 0.02 * tally.all);
  expect_unit_variance(tally.square / tally.trusted, tally.trusted, "ordinary networks");
}

}  // namespace
}  // namespace quartic::testing
