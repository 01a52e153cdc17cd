// Gibbs sampling of networks: p is stationary for every pair of units, draws given the data are
// exact, and the field's own sampler on the bipartite graph finds the same moments.
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "quartic/mcmc/sampler.hpp"
#include "quartic/network/exact.hpp"
#include "quartic/network/sampler.hpp"
#include "quartic/stats/annealing.hpp"
#include "statistical/network_draws.hpp"
#include "stats/energies.hpp"
#include "unit/network_fixtures.hpp"

namespace quartic {
namespace {

template <class T>
void expect_all_stationary(int chains, int sweeps) {
  for (const Unit visible : all_units) {
    for (const Unit hidden : all_units) {
      SCOPED_TRACE(pair_name(visible, hidden));
      expect_stationary<T>(sample_network(visible, hidden), chains, sweeps);
    }
  }
}

TEST(NetworkSampling, ExactDrawsStayExactForEveryPairOfUnits) {
  expect_all_stationary<float>(44000, 8);
}
TEST(NetworkSampling, ExactDrawsStayExactInDoublePrecision) {
  expect_all_stationary<double>(13200, 8);
}

/// From a start far away the chains reach p, and as many as 500 with padding do.
TEST(NetworkSampling, ChainsFindTheMoments) {
  const Network network = sample_network(Unit::quartic, Unit::spin, 3, 4, 0.5);
  NetworkSampler<float> sampler(network, 21999, 3, Stream::check, 2);
  sampler.set_visible(std::vector<double>(21999 * 3, 2.0));
  sampler.sweep(60);
  expect_moments(network, sampler.visible(), sampler.hidden(), solve_exactly(network).moments);
}

/// Hidden units given data are drawn without any memory of the chain.
TEST(NetworkSampling, HiddenUnitsGivenDataAreExact) {
  const Network network = sample_network(Unit::gaussian, Unit::quartic, 2, 3, 2.5);
  constexpr int chains = 20000;
  NetworkSampler<float> sampler(network, chains, 4);
  std::vector<double> rows;
  for (int c = 0; c < chains; ++c) rows.push_back(0.7), rows.push_back(-1.1);
  sampler.set_visible(rows);
  const auto hidden = sampler.hidden(), means = sampler.hidden_means();
  const auto field = network.field_on_hidden(std::vector<double>{0.7, -1.1});
  for (int j = 0; j < 3; ++j) {
    const auto m = network.hidden.moments(j, field[j]);
    double sum = 0, sum2 = 0;
    for (int c = 0; c < chains; ++c)
      sum += hidden[3 * c + j], sum2 += std::pow(hidden[3 * c + j], 2);
    EXPECT_LT(std::abs(sum / chains - m.mean), 4 * std::sqrt(m.variance() / chains));
    EXPECT_LT(std::abs(sum2 / chains - m.second),
              4 * std::sqrt((m.fourth - m.second * m.second) / chains));
    EXPECT_NEAR(means[j], m.mean, 3e-5);
  }
}

/// The field's moves on the bipartite graph sample the same distribution.
TEST(NetworkSampling, FieldOnTheBipartiteGraphHasTheSameMoments) {
  const Network network = sample_network(Unit::quartic, Unit::quartic, 3, 2, 0.6);
  SamplerOptions options;
  options.chains = 18432;
  Sampler<float> field(as_action(network), options, 9);
  field.sweep(80);
  const auto phi = get_fields(field);
  std::vector<double> visible, hidden;
  for (int c = 0; c < options.chains; ++c) {
    for (int i = 0; i < 5; ++i) (i < 3 ? visible : hidden).push_back(phi[c * 5 + i]);
  }
  expect_moments(network, visible, hidden, solve_exactly(network).moments);
}

TEST(NetworkSampling, SameBitsForAnyNumberOfThreadsAndAfterARestart) {
  for (const Unit unit : all_units) {
    const Network network =
        sample_network(unit, Unit::quartic, 70, 60, unit == Unit::gaussian ? 0.02 : 0.1);
    NetworkSampler<float> one(network, 300, 7, Stream::fields, 1),
        three(network, 300, 7, Stream::fields, 3);
    one.sweep(5), three.sweep(2);
    NetworkSampler<float> resumed(network, 300, 1, Stream::fields, 2);
    resumed.restore(three.state());
    resumed.sweep(3), three.sweep(3);
    EXPECT_EQ(one.visible(), three.visible());
    EXPECT_EQ(one.hidden(), resumed.hidden());
    EXPECT_EQ(one.state().streams, resumed.state().streams);
  }
}

}  // namespace
}  // namespace quartic
