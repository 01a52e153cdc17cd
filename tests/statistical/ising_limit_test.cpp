// The Ising limit: b (phi^2 - 1)^2 with growing b, a = -2b, pins phi to +-1. The field on a lattice
// then has the Ising model's energy, the network that of spins.
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <memory>
#include <numbers>

#include "quartic/graph/lattice.hpp"
#include "quartic/mcmc/sampler.hpp"
#include "quartic/network/exact.hpp"
#include "quartic/network/sampler.hpp"
#include "stats/energies.hpp"
#include "unit/network_fixtures.hpp"

namespace quartic {
namespace {

/// ln Z of the Ising model at coupling k on an n x n torus (Kaufman, Phys. Rev. 76 (1949) 1232).
double kaufman_log_z(int n, double k) {
  const auto gamma = [&](int index) {
    if (index == 0) return 2 * k + std::log(std::tanh(k));
    const double c = std::cosh(2 * k) / std::tanh(2 * k);
    return std::acosh(c - std::cos(std::numbers::pi * index / n));
  };
  double cosh_odd = 1, sinh_odd = 1, cosh_even = 1, sinh_even = 1;
  for (int r = 0; r < n; ++r) {
    const double odd = n * gamma(2 * r + 1) / 2, even = n * gamma(2 * r) / 2;
    cosh_odd *= 2 * std::cosh(odd), sinh_odd *= 2 * std::sinh(odd);
    cosh_even *= 2 * std::cosh(even), sinh_even *= 2 * std::sinh(even);
  }
  return n * n / 2.0 * std::log(2 * std::sinh(2 * k)) +
         std::log((cosh_odd + sinh_odd + cosh_even + sinh_even) / 2);
}

/// <sum over edges of s s> = d ln Z / dk.
double kaufman_energy(int n, double k) {
  constexpr double h = 1e-5;
  return (kaufman_log_z(n, k + h) - kaufman_log_z(n, k - h)) / (2 * h);
}

TEST(IsingLimit, KaufmanFormulaMatchesASumOverAllSpins) {
  const Graph graph = make_lattice({"square", {4, 4}, {true, true}});
  const double k = 0.37;
  double sum = 0;
  for (unsigned s = 0; s < 65536; ++s) {
    int bonds = 0;
    for (const auto& [i, j] : graph.edges()) bonds += ((s >> i) & 1) == ((s >> j) & 1) ? 1 : -1;
    sum += std::exp(k * bonds);
  }
  EXPECT_NEAR(kaufman_log_z(4, k), std::log(sum), 1e-10);
}

TEST(IsingLimit, FieldHasTheEnergyOfTheFiniteLattice) {
  constexpr int n = 8;
  const auto graph = std::make_shared<Graph>(make_lattice({"square", {n, n}, {true, true}}));
  for (const double k : {0.3, 0.4406868}) {
    const double b = 2000, exact = kaufman_energy(n, k);
    SamplerOptions options;
    options.chains = 2048, options.cluster = ClusterMove::fill, options.threads = 2;
    Sampler<float> sampler(Action::uniform(graph, k, 0, -2 * b, b), options, 3);
    sampler.sweep(100);
    const Action bonds = Action::uniform(graph, -1, 0, 0, 0);
    std::vector<double> energy(options.chains);
    constexpr int draws = 240;
    for (int draw = 0; draw < draws; ++draw) {
      sampler.sweep(4);
      const auto now = energies(sampler, bonds);
      for (std::size_t c = 0; c < energy.size(); ++c) energy[c] += now[c] / draws;
    }
    double mean = 0, square = 0;
    for (const double e : energy) mean += e / options.chains;
    for (const double e : energy) square += (e - mean) * (e - mean);
    const double error = std::sqrt(square / options.chains / (options.chains - 1));
    EXPECT_LT(error / exact, 0.0005);
    EXPECT_NEAR(mean, exact, 0.002 * exact) << "k = " << k << " error " << error;
    EXPECT_NEAR(mean, exact, 3.5 * error + exact / b) << "k = " << k << " error " << error;
  }
}

/// A network of quartic units on both sides nears that of spins as 1/b.
TEST(IsingLimit, NetworkNearsTheSpins) {
  const Network spins = sample_network(Unit::spin, Unit::spin, 2, 3, 0.8);
  const auto exact = solve_exactly(spins).moments;
  const auto deviation = [&](double b) {
    Network network(Layer(Unit::quartic, 2), Layer(Unit::quartic, 3));
    network.w = spins.w, network.visible.r = spins.visible.r, network.hidden.r = spins.hidden.r;
    for (Layer* layer : {&network.visible, &network.hidden})
      layer->a.assign(layer->r.size(), -2 * b), layer->b.assign(layer->r.size(), b);
    const auto moments = solve_exactly(network).moments;
    double largest = 0;
    for (std::size_t k = 0; k < exact.w.size(); ++k)
      largest = std::max(largest, std::abs(moments.w[k] - exact.w[k]));
    return largest;
  };
  const double at_20 = deviation(20), at_80 = deviation(80);
  EXPECT_LT(at_80, 0.02);
  EXPECT_NEAR(at_20 / at_80, 4, 0.8);
}

/// And its Gibbs sampling, started from equilibrium of the spins, stays there.
TEST(IsingLimit, SamplingASharpNetworkFindsTheSpinsMoments) {
  const Network spins = sample_network(Unit::spin, Unit::spin, 3, 4, 0.5);
  const auto exact = solve_exactly(spins).moments;
  const double b = 500;
  Network network(Layer(Unit::quartic, 3), Layer(Unit::quartic, 4));
  network.w = spins.w, network.visible.r = spins.visible.r, network.hidden.r = spins.hidden.r;
  for (Layer* layer : {&network.visible, &network.hidden})
    layer->a.assign(layer->r.size(), -2 * b), layer->b.assign(layer->r.size(), b);
  constexpr int chains = 20000;
  NetworkSampler<float> sampler(network, chains, 3);
  sampler.sweep(60);
  const auto visible = sampler.visible(), hidden = sampler.hidden();
  for (int i = 0; i < 3; ++i) {
    for (int j = 0; j < 4; ++j) {
      double mean = 0;
      for (int c = 0; c < chains; ++c) mean += visible[c * 3 + i] * hidden[c * 4 + j] / chains;
      EXPECT_NEAR(mean, exact.w[i * 4 + j], 4 / std::sqrt(chains) + 2 / b);
    }
  }
}

}  // namespace
}  // namespace quartic
