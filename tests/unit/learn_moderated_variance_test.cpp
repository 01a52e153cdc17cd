// Errors of many couplings from a few groups of chains.
#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <vector>

#include "learn/moderated_variance.hpp"
#include "quartic/core/random.hpp"
#include "quartic/graph/lattice.hpp"

namespace quartic {
namespace {

constexpr int groups = 64;

Parameters free_a(int side) {
  const auto graph =
      std::make_shared<const Graph>(make_lattice({"square", {side, side}, {true, true}}));
  using enum Freedom;
  return {graph, {frozen, frozen, free, frozen}};
}

/// [group][k] with the wanted deviations of the sums over groups; of so many of a thousand groups
/// `rare` have a share that is ten times as large.
std::vector<double> noise_of(const std::vector<double>& deviation, double rare) {
  RandomStream random(3, Stream::check, 1);
  std::vector<double> out(groups * deviation.size());
  const double unit = 1 / std::sqrt(groups * (1 + 99 * rare));
  for (std::size_t n = 0; n < out.size(); ++n) {
    const double share = random.uniform() < rare ? 10 : 1;
    out[n] = deviation[n % deviation.size()] * unit * share * random.normal();
  }
  return out;
}

TEST(ModeratedVariance, CouplingsThatAreAlikeHaveOneError) {
  const auto parameters = free_a(32);
  const std::vector<double> deviation(parameters.size(), 0.3);
  for (const double v : moderated_variance(noise_of(deviation, 0), parameters))
    EXPECT_NEAR(std::sqrt(v), 0.3, 0.1 * 0.3);
  // Half of the couplings have met none of the rare shares, which are half of the variance.
  const auto rare = noise_of(deviation, 0.01);
  std::vector<double> alone(deviation.size());
  for (std::size_t n = 0; n < rare.size(); ++n) alone[n % alone.size()] += rare[n] * rare[n];
  const auto off = [](const std::vector<double>& variance) {
    double square = 0;
    for (const double v : variance)
      square += std::pow(std::log(std::sqrt(v) / 0.3), 2) / static_cast<double>(variance.size());
    return std::sqrt(square);
  };
  EXPECT_LT(off(moderated_variance(rare, parameters)), 0.85 * off(alone));
}

// Over three decades.
TEST(ModeratedVariance, CouplingsThatAreNotAlikeKeepTheirOwn) {
  const auto parameters = free_a(32);
  std::vector<double> deviation;
  for (int k = 0; k < parameters.size(); ++k)
    deviation.push_back(std::pow(10, -3.0 * k / parameters.size()));
  const auto variance = moderated_variance(noise_of(deviation, 0), parameters);
  double mean = 0, square = 0;
  for (std::size_t k = 0; k < variance.size(); ++k) {
    const double off = std::log(std::sqrt(variance[k]) / deviation[k]);
    mean += off / parameters.size(), square += off * off / parameters.size();
  }
  EXPECT_NEAR(mean, 0, 0.04);
  EXPECT_LT(std::sqrt(square), 0.12);  // sqrt(1 / 2 / 64) = .088 of their own groups
}

TEST(ModeratedVariance, FewCouplingsAreLeftToThemselves) {
  const auto parameters = free_a(3);
  std::vector<double> noise(groups * parameters.size(), 0.0);
  for (int g = 0; g < groups; ++g) noise[g * parameters.size()] = g % 2 == 0 ? 0.5 : -0.5;
  const auto variance = moderated_variance(noise, parameters);
  EXPECT_NEAR(variance[0], 16, 1);
  for (int k = 1; k < parameters.size(); ++k) EXPECT_EQ(variance[k], 0);
}

}  // namespace
}  // namespace quartic
