// Exact draws of networks with two visible units, and chains held to exact moments.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "quartic/network/exact.hpp"
#include "quartic/network/network.hpp"
#include "quartic/network/sampler.hpp"
#include "unit_draws.hpp"

namespace quartic {

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
    for (int j = 0; j < 2; ++j) h[j] = draw_unit(network_.hidden, j, field[j], random);
  }

 private:
  static constexpr double cell = 0.06;
  Network network_;
  std::vector<double> values_[2], cumulative_;
};

/// z-scores of the chains' moments against the exact ones; chains are independent. Two thousand
/// moments are held to them: p = 1e-5 of all together.
inline void expect_moments(const Network& network, const std::vector<double>& visible,
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
    EXPECT_LT(std::abs(mean - expected), 5.9 * error)
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

/// Chains that start as exact draws of a network of two visible and two hidden units stay so.
template <class T>
void expect_stationary(const Network& network, int chains, int sweeps) {
  NetworkSampler<T> sampler(network, chains, 3, Stream::check, 2);
  NetworkSamplerState state = sampler.state();
  const ExactDraws draws(network);
  RandomStream random(17, Stream::check, 0);
  for (int c = 0; c < chains; ++c) draws.draw(random, &state.visible[2 * c], &state.hidden[2 * c]);
  sampler.restore(state);
  sampler.sweep(sweeps);
  expect_moments(network, sampler.visible(), sampler.hidden(), solve_exactly(network).moments);
}

}  // namespace quartic
