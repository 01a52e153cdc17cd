// Gates in the samplers: p is stationary, draws of the hidden units from their list and of the
// visible ones given them are exact, known columns condition the others, ln Z by annealing and
// tempering is the exact one.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "quartic/network/conditional_sampler.hpp"
#include "quartic/network/exact.hpp"
#include "quartic/network/likelihood.hpp"
#include "quartic/network/sampler.hpp"
#include "statistical/network_draws.hpp"
#include "unit/network_fixtures.hpp"

namespace quartic {
namespace {

/// Gates that open a second well in the one column and close it in the other.
Network gated_network(Unit visible, Unit hidden, int hiddens = 2) {
  Network network = sample_network(visible, hidden, 2, hiddens);
  for (std::size_t k = 0; k < network.w.size(); ++k)
    network.u.push_back((visible == Unit::quartic ? 0.9 : 0.3) *
                        std::sin(2.3 * static_cast<double>(k) + 1));
  return network;
}

template <class T>
void expect_gated_stationary(int chains, int sweeps) {
  for (const Unit visible : {Unit::quartic, Unit::gaussian}) {
    for (const Unit hidden : {Unit::binary, Unit::spin, Unit::quartic}) {
      if (visible == Unit::gaussian && hidden == Unit::quartic) continue;  // not normalisable
      SCOPED_TRACE(pair_name(visible, hidden));
      expect_stationary<T>(gated_network(visible, hidden), chains, sweeps);
    }
  }
}

TEST(GatedSampling, ExactDrawsStayExact) {
  expect_gated_stationary<float>(44000, 6);
}
TEST(GatedSampling, ExactDrawsStayExactInDoublePrecision) {
  expect_gated_stationary<double>(13200, 6);
}

TEST(GatedSampling, IndependentDrawsHaveTheMoments) {
  constexpr int draws = 60000;
  for (const Unit visible : {Unit::quartic, Unit::gaussian}) {
    const Network network = gated_network(visible, Unit::binary, 5);
    ASSERT_TRUE(hidden_can_be_drawn(network));
    const auto hidden = draw_hidden_exactly(network, draws, 8, 2);
    NetworkSampler<double> sampler(network, draws, 8, Stream::sample, 2);
    sampler.set_hidden(hidden);
    expect_moments(network, sampler.visible(), hidden, solve_exactly(network).moments);
  }
}

/// p(phi_1 | phi_0) by sums over a line.
TEST(GatedSampling, KnownColumnsConditionTheOthers) {
  const Network network = gated_network(Unit::quartic, Unit::binary, 4);
  constexpr double known = 0.9;
  double norm = 0, mean = 0, square = 0;
  for (double x = -7; x < 7; x += 0.01) {
    const double p = std::exp(-network.free_energy(std::vector<double>{known, x}));
    norm += p, mean += p * x, square += p * x * x;
  }
  mean /= norm, square /= norm;
  constexpr int chains = 20000;
  std::vector<double> rows;
  for (int c = 0; c < chains; ++c)
    rows.push_back(known), rows.push_back(std::numeric_limits<double>::quiet_NaN());
  ConditionalSampler<double> sampler(network, rows, std::vector<double>{0.0}, 5);
  sampler.sweep(60);
  const auto values = sampler.visible();
  double sum = 0, sum2 = 0;
  for (int c = 0; c < chains; ++c) {
    EXPECT_EQ(values[2 * c], known);
    sum += values[2 * c + 1] / chains, sum2 += values[2 * c + 1] * values[2 * c + 1] / chains;
  }
  EXPECT_NEAR(sum, mean, 4.5 * std::sqrt((square - mean * mean) / chains));
  EXPECT_NEAR(sum2, square, 0.06);
}

TEST(GatedSampling, AnnealingAndTemperingFindLogZ) {
  const Network network = gated_network(Unit::quartic, Unit::binary, 6);
  Network base = network;
  std::fill(base.w.begin(), base.w.end(), 0.0), std::fill(base.u.begin(), base.u.end(), 0.0);
  const LogZ z = estimate_log_z<float>(
      NetworkPath(base, network),
      {.chains = 512, .steps = 300, .sweeps = 600, .exact = false, .threads = 2}, 4);
  EXPECT_TRUE(z.ok) << z.reason;
  EXPECT_NEAR(z.value.value, exact_log_z(network), 4.5 * z.value.error);
  EXPECT_LT(z.value.error, 0.05);
}

}  // namespace
}  // namespace quartic
