// Inpainting and denoising: chains against the exact posterior, for every pair of units.
#include "quartic/network/conditional_sampler.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <vector>

#include "quartic/core/error.hpp"
#include "quartic/network/exact.hpp"
#include "unit/network_fixtures.hpp"

namespace quartic {
namespace {

constexpr double unknown = std::numeric_limits<double>::quiet_NaN();

/// exp(-(phi - y)^2 / (2 noise^2)) taken into the couplings of unit i, by what it is at the values
/// that a discrete unit has.
Network with_observation(Network network, int i, double y, double noise) {
  Layer& layer = network.visible;
  const double precision = 1 / (noise * noise);
  const auto penalty = [&](double x) { return (x - y) * (x - y) * precision / 2; };
  if (layer.unit == Unit::binary) {
    layer.r[i] += penalty(1) - penalty(0);
  } else if (layer.unit == Unit::spin) {
    layer.r[i] += (penalty(1) - penalty(-1)) / 2;
  } else {
    layer.r[i] -= y * precision, layer.a[i] += precision / 2;
  }
  return network;
}

/// Sums over chains of phi_unit^power against what it should be.
void expect_mean(const std::vector<double>& values, int units, int unit, int power, double exact) {
  double sum = 0, square = 0;
  const auto chains = static_cast<double>(values.size()) / units;
  for (std::size_t k = unit; k < values.size(); k += units) {
    const double x = std::pow(values[k], power);
    sum += x, square += x * x;
  }
  const double mean = sum / chains,
               error = std::sqrt(std::max(0.0, square / chains - mean * mean) / chains);
  EXPECT_LT(std::abs(mean - exact), 4 * error + 1e-6)
      << "<phi_" << unit << "^" << power << "> = " << mean << " +- " << error << ", exact "
      << exact;
}

void for_each_pair(const std::function<void(const Network&)>& check) {
  for (const Unit visible : all_units) {
    for (const Unit hidden : all_units) {
      SCOPED_TRACE(pair_name(visible, hidden));
      check(sample_network(visible, hidden));
    }
  }
}

std::vector<double> repeated(int rows, std::vector<double> row) {
  std::vector<double> out;
  for (int k = 0; k < rows; ++k) out.insert(out.end(), row.begin(), row.end());
  return out;
}

TEST(ConditionalSampling, NoisyObservationsGiveTheExactPosterior) {
  constexpr int chains = 12000;
  constexpr double y = 0.6, noise = 0.7;
  for_each_pair([&](const Network& network) {
    const auto exact = solve_exactly(with_observation(network, 0, y, noise)).moments;
    ConditionalSampler<float> sampler(network, repeated(chains, {y, unknown}),
                                      std::vector<double>{noise}, 5, Stream::check, 2);
    sampler.sweep(60);
    const auto phi = sampler.visible(), means = sampler.visible_means();
    for (int unit = 0; unit < 2; ++unit) {
      expect_mean(phi, 2, unit, 1, exact.r[unit]);
      expect_mean(phi, 2, unit, 2, exact.a[unit]);
      expect_mean(means, 2, unit, 1, exact.r[unit]);
    }
  });
}

TEST(ConditionalSampling, ClampedUnitsStayAndTheOthersFollow) {
  constexpr int chains = 12000;
  for_each_pair([&](const Network& network) {
    const double clamped = network.visible.discrete() ? network.visible.values().back() : -0.8;
    // p(phi_1 | phi_0) from the free energy: a sum over values, or over a fine grid.
    double norm = 0, first = 0, second = 0;
    std::vector<double> values(network.visible.values().begin(), network.visible.values().end());
    for (double x = -8; !network.visible.discrete() && x < 8; x += 1e-3) values.push_back(x);
    for (const double x : values) {
      const double p = std::exp(-network.free_energy(std::vector<double>{clamped, x}));
      norm += p, first += p * x, second += p * x * x;
    }
    ConditionalSampler<float> sampler(network, repeated(chains, {clamped, unknown}),
                                      std::vector<double>{0.0}, 6, Stream::check, 2);
    sampler.sweep(60);
    const auto phi = sampler.visible(), means = sampler.visible_means();
    expect_mean(phi, 2, 0, 1, clamped), expect_mean(means, 2, 0, 1, clamped);
    expect_mean(phi, 2, 1, 1, first / norm), expect_mean(phi, 2, 1, 2, second / norm);
    expect_mean(means, 2, 1, 1, first / norm);
  });
}

/// Rows of a batch do not know of each other, nor of threads.
TEST(ConditionalSampling, SameBitsForAnyNumberOfThreads) {
  const Network network = sample_network(Unit::quartic, Unit::binary, 70, 60, 0.1);
  std::vector<double> rows(300 * 70);
  for (std::size_t k = 0; k < rows.size(); ++k)
    rows[k] = k % 3 == 0 ? unknown : std::sin(static_cast<double>(k));
  const std::vector<double> noise{0.3};
  ConditionalSampler<float> one(network, rows, noise, 7, Stream::check, 1),
      three(network, rows, noise, 7, Stream::check, 3);
  one.sweep(5), three.sweep(5);
  EXPECT_EQ(one.visible(), three.visible());
  EXPECT_EQ(one.visible_means(), three.visible_means());
}

TEST(ConditionalSampling, RefusesWhatCannotBeObserved) {
  const Network network = sample_network(Unit::binary, Unit::binary);
  const auto sampler = [&](std::vector<double> rows, std::vector<double> noise) {
    ConditionalSampler<float>(network, rows, noise, 1);
  };
  EXPECT_THROW(sampler({0.5, 1}, {0}), BadInput);
  EXPECT_NO_THROW(sampler({0.5, 1}, {0.1}));
  EXPECT_THROW(sampler({1, 0, 1}, {0}), BadInput);
  EXPECT_THROW(sampler({1, 0}, {-1}), BadInput);
  EXPECT_THROW(sampler({1, 0}, {1, 1, 1}), BadInput);
  EXPECT_THROW(sampler({1, std::numeric_limits<double>::infinity()}, {1}), BadInput);
}

}  // namespace
}  // namespace quartic
