// Gibbs sampling of networks: p is stationary for every pair of units, draws given the data are
// exact, and the field's own sampler on the bipartite graph finds the same moments.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "quartic/mcmc/sampler.hpp"
#include "quartic/network/exact.hpp"
#include "quartic/network/sampler.hpp"
#include "quartic/stats/annealing.hpp"
#include "stats/energies.hpp"
#include "unit/network_fixtures.hpp"

namespace quartic {
namespace {

/// Exact draws of p: the first layer from its marginal on a grid (cells so small that their width
/// does not show), the second from its conditional by the scalar reference.
class ExactDraws {
 public:
  explicit ExactDraws(const Network& network) : network_(network) {
    const Layer& layer = network.visible;
    for (int i = 0; i < 2; ++i) {
      if (layer.discrete()) {
        values_[i].assign(layer.values().begin(), layer.values().end());
      } else {
        for (double x = -6; x < 6; x += cell) values_[i].push_back(x);
      }
    }
    double sum = 0;
    for (const double x : values_[0]) {
      for (const double y : values_[1]) {
        sum += std::exp(-network.free_energy(std::vector<double>{x, y}));
        cumulative_.push_back(sum);
      }
    }
  }
  void draw(RandomStream& random, double* phi, double* h) const {
    const double u = random.uniform() * cumulative_.back();
    const auto k =
        std::upper_bound(cumulative_.begin(), cumulative_.end(), u) - cumulative_.begin();
    const auto columns = static_cast<std::ptrdiff_t>(values_[1].size());
    phi[0] = values_[0][k / columns], phi[1] = values_[1][k % columns];
    if (!network_.visible.discrete())
      for (int i = 0; i < 2; ++i) phi[i] += cell * (random.uniform() - 0.5);
    const auto field = network_.field_on_hidden(std::vector<double>{phi[0], phi[1]});
    for (int j = 0; j < 2; ++j) h[j] = network_.hidden.draw(j, field[j], random);
  }

 private:
  static constexpr double cell = 0.06;
  const Network& network_;
  std::vector<double> values_[2], cumulative_;
};

/// z-scores of the chains' moments against the exact ones; chains are independent.
void expect_moments(const Network& network, const std::vector<double>& visible,
                    const std::vector<double>& hidden, const NetworkMoments& exact) {
  const int nv = network.visible.size(), nh = network.hidden.size();
  const std::size_t chains = visible.size() / static_cast<std::size_t>(nv);
  const auto check = [&](auto&& value, double expected, const char* what) {
    double sum = 0, sum2 = 0;
    for (std::size_t c = 0; c < chains; ++c) {
      const double x = value(&visible[c * nv], &hidden[c * nh]);
      sum += x, sum2 += x * x;
    }
    const double n = static_cast<double>(chains), mean = sum / n;
    const double error = std::sqrt((sum2 / n - mean * mean) / n) + 1e-9;
    EXPECT_LT(std::abs(mean - expected), 4 * error)
        << what << ": " << mean << " +- " << error << ", exact " << expected;
  };
  for (int i = 0; i < nv; ++i) {
    check([&](const double* v, const double*) { return v[i]; }, exact.r[i], "<phi>");
    check([&](const double* v, const double*) { return v[i] * v[i]; }, exact.a[i], "<phi^2>");
    check([&](const double* v, const double*) { return std::pow(v[i], 4); }, exact.b[i], "<phi^4>");
    for (int j = 0; j < nh; ++j)
      check([&](const double* v, const double* h) { return v[i] * h[j]; }, exact.w[i * nh + j],
            "<phi h>");
  }
  for (int j = 0; j < nh; ++j) {
    check([&](const double*, const double* h) { return h[j]; }, exact.s[j], "<h>");
    check([&](const double*, const double* h) { return h[j] * h[j]; }, exact.m[j], "<h^2>");
  }
}

template <class T>
void expect_stationary(int chains, int sweeps) {
  for (const Unit visible : all_units) {
    for (const Unit hidden : all_units) {
      SCOPED_TRACE(pair_name(visible, hidden));
      const Network network = sample_network(visible, hidden);
      const auto exact = solve_exactly(network).moments;
      NetworkSampler<T> sampler(network, chains, 3, Stream::check, 2);
      NetworkSamplerState state = sampler.state();
      const ExactDraws draws(network);
      RandomStream random(17, Stream::check, 0);
      for (int c = 0; c < chains; ++c)
        draws.draw(random, &state.visible[2 * c], &state.hidden[2 * c]);
      sampler.restore(state);
      sampler.sweep(sweeps);
      expect_moments(network, sampler.visible(), sampler.hidden(), exact);
    }
  }
}

TEST(NetworkSampling, ExactDrawsStayExactForEveryPairOfUnits) {
  expect_stationary<float>(20000, 8);
}
TEST(NetworkSampling, ExactDrawsStayExactInDoublePrecision) {
  expect_stationary<double>(6000, 8);
}

/// From a start far away the chains reach p, and as many as 500 with padding do.
TEST(NetworkSampling, ChainsFindTheMoments) {
  const Network network = sample_network(Unit::quartic, Unit::spin, 3, 4, 0.5);
  NetworkSampler<float> sampler(network, 9999, 3, Stream::check, 2);
  sampler.set_visible(std::vector<double>(9999 * 3, 2.0));
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
  options.chains = 8192;
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
