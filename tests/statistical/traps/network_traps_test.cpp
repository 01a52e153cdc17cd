// No confident wrong ln Z: what is ok lies within four errors of the exact value, on networks made
// to mislead; the long way, over seeds, is network_traps_slow.cpp.
#include "statistical/traps/network_traps.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "network/mean_field.hpp"
#include "network/mode_log_z.hpp"
#include "quartic/network/likelihood.hpp"

namespace quartic::testing {
namespace {

Network uncoupled(const Network& network) {
  return Network(network.visible, network.hidden);
}

LogZOptions quick() {
  LogZOptions o;
  o.exact = false, o.threads = 1;
  o.chains = 128, o.steps = 200, o.ladders = 32, o.sweeps = 200, o.equilibration = 100;
  return o;
}

TEST(NetworkTraps, WhatIsOkIsRight) {
  int trusted = 0, all = 0;
  for (const auto& trap : network_traps()) {
    SCOPED_TRACE(trap.name);
    const LogZ z = estimate_log_z<float>({uncoupled(trap.network), trap.network}, quick(), 1);
    const double exact = trap.exact();
    ++all, trusted += z.ok;
    EXPECT_TRUE(!z.ok || std::abs(z.value.value - exact) < 4 * z.value.error)
        << z.value.value << " +- " << z.value.error << ", exact " << exact;
    EXPECT_EQ(z.ok, z.reason.empty());
    EXPECT_LT(z.bound, exact + 1e-6);
  }
  EXPECT_GE(trusted, all * 9 / 10);
}

/// Eight phases of three blocks with two each: all are found, whichever the blind starts hit.
TEST(NetworkTraps, BlocksWithPhasesOfTheirOwn) {
  const auto block = [](double r, double s) {
    return uniform(Unit::binary, Unit::binary, 15, 15, 0.8, r, s);
  };
  for (const auto& trap : {blocks({block(6.2, 6.1), block(5.9, 6), block(6.05, 6.05)}),
                           blocks({block(6, 6), block(6, 6), block(6, 6)})}) {
    for (std::uint64_t seed = 0; seed < 6; ++seed) {
      EXPECT_EQ(mean_field_modes(trap.network, {}, 12, seed).size(), 8u) << seed;
      const LogZ z = estimate_log_z<float>({uncoupled(trap.network), trap.network}, quick(), seed);
      EXPECT_TRUE(!z.ok || std::abs(z.value.value - trap.exact()) < 4.5 * z.value.error)
          << seed << ": " << z.value.value << " +- " << z.value.error << ", exact " << trap.exact();
    }
  }
}

TEST(NetworkTraps, OrdinaryNetworksStayTrusted) {
  int trusted = 0, all = 0;
  for (const auto& trap : ordinary_networks()) {
    SCOPED_TRACE(trap.name);
    const LogZ z = estimate_log_z<float>({uncoupled(trap.network), trap.network}, quick(), 1);
    const double exact = trap.exact();
    ++all, trusted += z.ok;
    EXPECT_TRUE(!z.ok || std::abs(z.value.value - exact) < 4.5 * z.value.error)
        << z.value.value << " +- " << z.value.error << ", exact " << exact;
    EXPECT_LT(z.bound, exact + 1e-6);
  }
  EXPECT_GE(trusted, all * 9 / 10);
}

/// Any fields make a bound, and shares add up to one.
TEST(NetworkTraps, MeanFieldBoundsAndShares) {
  for (const Unit visible : all_units) {
    for (const Unit hidden : all_units) {
      SCOPED_TRACE(pair_name(visible, hidden));
      const Network network = sample_network(visible, hidden, 3, 2, 0.6);
      const double exact = exact_log_z(network);
      const auto modes = mean_field_modes(network, {}, 8, 1);
      ASSERT_FALSE(modes.empty());
      for (const auto& mode : modes) EXPECT_LT(mode.bound, exact + 1e-9);
      EXPECT_GT(modes.front().bound, exact - 1);
    }
  }
  const auto traps = network_traps();
  const Network& network = traps.front().network;
  const auto modes = mean_field_modes(network, {}, 8, 1);
  ASSERT_EQ(modes.size(), 2u);  // all on and all off
  const ModeShares shares(network, modes);
  const std::vector<double> on(30, 1.0), off(30, 0.0);
  for (const auto& row : {on, off}) {
    const auto g = shares.log_shares(row);
    EXPECT_NEAR(std::exp(g[0]) + std::exp(g[1]), 1, 1e-12);
  }
  EXPECT_GT(shares.log_shares(on)[0], -1e-6);
  EXPECT_GT(shares.log_shares(off)[1], -1e-6);
}

/// Probabilities above 1 are a proof of error.
TEST(NetworkTraps, RowsRefuteAnLnZThatIsTooSmall) {
  const auto traps = network_traps();
  const auto& trap = traps.front();
  LogZ z;
  z.value = {0.0392, 5e-6};
  const std::vector<float> off(30, 0.0f), on(30, 1.0f);
  EXPECT_FALSE(contradiction(trap.network, off, z));
  ASSERT_TRUE(contradiction(trap.network, on, z));
  EXPECT_NE(contradiction(trap.network, on, z)->find("ln p"), std::string::npos);
  // Each of these is below 1, but not their sum; one alone many times over proves nothing.
  const Network coin(Layer(Unit::binary, 2), Layer(Unit::binary, 1));
  z.value = {exact_log_z(coin) - std::log(2.0), 1e-3};
  const std::vector<float> rows{0, 0, 0, 1, 1, 0, 1, 0};
  ASSERT_TRUE(contradiction(coin, rows, z));
  EXPECT_NE(contradiction(coin, rows, z)->find("3 different rows"), std::string::npos);
  EXPECT_FALSE(contradiction(coin, std::vector<float>{0, 1, 0, 1, 0, 1}, z));
}

}  // namespace
}  // namespace quartic::testing
