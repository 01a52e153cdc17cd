// Annealing in both directions against exact normalisers, with honest errors; evaluation.
#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <utility>
#include <vector>

#include "quartic/core/error.hpp"
#include "quartic/network/evaluation.hpp"
#include "quartic/network/exact.hpp"
#include "quartic/network/likelihood.hpp"
#include "quartic/network/sampler.hpp"
#include "quartic/network/start.hpp"
#include "statistical/coverage.hpp"
#include "unit/network_fixtures.hpp"

namespace quartic {
namespace {

using testing::expect_unit_variance;
using testing::rare_deviation;

Network uncoupled(const Network& network) {
  return Network(network.visible, network.hidden);
}

LogZOptions by_annealing(int chains, int steps) {
  LogZOptions o;
  o.exact = false, o.chains = chains, o.steps = steps, o.equilibration = 60, o.threads = 2;
  o.sweeps = 0;
  return o;
}

TEST(NetworkLikelihood, EveryPairOfUnitsMatchesTheExactNormaliser) {
  for (const Unit visible : all_units) {
    for (const Unit hidden : all_units) {
      SCOPED_TRACE(pair_name(visible, hidden));
      const Network network = sample_network(visible, hidden, 3, 2, 0.6);
      const double exact = exact_log_z(network);
      const LogZ z = estimate_log_z<float>({uncoupled(network), network}, by_annealing(512, 40), 4);
      EXPECT_TRUE(z.ok) << z.reason;
      EXPECT_LT(std::abs(z.value.value - exact), 4.5 * z.value.error + 2e-5);
      EXPECT_LT(std::abs(z.forward.value - exact), 4.5 * z.forward.error + 2e-5);
      EXPECT_LT(std::abs(z.reverse.value - exact), 4.5 * z.reverse.error + 2e-5);
    }
  }
}

/// Over seeds: pulls of variance 1 and mean 0, and weights of both directions whose mean is the
/// exact one, <exp(ln Z_forward)> = Z and <exp(-ln Z_reverse)> = 1 / Z.
class Pulls {
 public:
  void add(const LogZ& z, double exact) {
    const double pull = (z.value.value - exact) / z.value.error;
    EXPECT_LT(std::abs(pull), 6);
    square_ += pull * pull, mean_ += pull, ++count_;
    note(std::exp(z.forward.value - exact), forward_);
    note(std::exp(exact - z.reverse.value), reverse_);
  }
  double mean_square() const { return square_ / count_; }
  void expect_unbiased() const {
    EXPECT_NEAR(mean_ / count_, 0, rare_deviation / std::sqrt(count_));
    expect_one(forward_), expect_one(reverse_);
  }

 private:
  struct Sums {
    double first = 0, second = 0;
  };
  static void note(double weight, Sums& to) { to.first += weight, to.second += weight * weight; }
  void expect_one(const Sums& sums) const {
    const double mean = sums.first / count_;
    const double error = std::sqrt((sums.second / count_ - mean * mean) / count_);
    EXPECT_NEAR(mean, 1, rare_deviation * error);
  }
  double square_ = 0, mean_ = 0, count_ = 0;
  Sums forward_, reverse_;
};

TEST(NetworkLikelihood, ErrorsAreHonestOverSeeds) {
  const Network network = sample_network(Unit::binary, Unit::binary, 40, 20, 0.5);
  const double exact = exact_log_z(network);
  constexpr int seeds = 100;
  Pulls pulls;
  for (std::uint64_t seed = 0; seed < seeds; ++seed)
    pulls.add(estimate_log_z<float>({uncoupled(network), network}, by_annealing(64, 60), seed),
              exact);
  expect_unit_variance(pulls.mean_square(), seeds, "ln Z");
  pulls.expect_unbiased();
}

LogZOptions by_tempering(int ladders, int sweeps) {
  LogZOptions o = by_annealing(3 * ladders, 60);
  o.ladders = ladders, o.sweeps = sweeps, o.threads = 1;
  return o;
}

/// Of every pair of units, at a path of its own each. The halves of 128 ladders differ by three of
/// their errors in one of two hundred results, which are then not trusted.
template <class PathOf>
void expect_exact_normalisers(const PathOf& path_of) {
  int trusted = 0;
  for (const Unit visible : all_units) {
    for (const Unit hidden : all_units) {
      SCOPED_TRACE(pair_name(visible, hidden));
      const Network network = sample_network(visible, hidden, 3, 2, 0.6);
      const double exact = exact_log_z(network);
      const LogZ z = estimate_log_z<float>(path_of(network), by_tempering(128, 400), 4);
      trusted += z.ok ? 1 : 0;
      EXPECT_EQ(z.value.value, z.ladder->value.value);
      for (const Estimate& of : {z.value, z.annealed, z.forward})
        EXPECT_LT(std::abs(of.value - exact), 6 * of.error + 2e-5);
    }
  }
  EXPECT_GE(trusted, 13);  // of 16
}

TEST(NetworkLikelihood, TemperingMatchesTheExactNormaliserForEveryPairOfUnits) {
  expect_exact_normalisers(
      [](const Network& network) { return NetworkPath(uncoupled(network), network); });
}

/// Over a model that lies on no straight line between base and network.
TEST(NetworkLikelihood, ABentPathLeadsToTheSameNormaliser) {
  expect_exact_normalisers([](const Network& network) {
    Network between = network;
    for (std::size_t k = 0; k < between.w.size(); ++k) between.w[k] *= k % 2 == 0 ? 0.9 : -0.3;
    for (double& r : between.visible.r) r -= 0.2;
    return NetworkPath({std::make_shared<const Network>(uncoupled(network)),
                        std::make_shared<const Network>(between),
                        std::make_shared<const Network>(network)});
  });
}

/// Two modes of weights 3 : 1 that Gibbs sampling does not pass between.
TEST(NetworkLikelihood, TemperedErrorsAreHonestOverSeeds) {
  Network network(Layer(Unit::spin, 24), Layer(Unit::spin, 6));
  for (double& w : network.w) w = 0.45;
  for (double& r : network.visible.r) r = -0.55 / 24;
  const double exact = exact_log_z(network);
  constexpr int seeds = 100;
  Pulls pulls;
  int trusted = 0;
  for (std::uint64_t seed = 0; seed < seeds; ++seed) {
    const LogZ z =
        estimate_log_z<float>({uncoupled(network), network}, by_tempering(32, 400), seed);
    pulls.add(z, exact);
    trusted += z.ok ? 1 : 0;
  }
  expect_unit_variance(pulls.mean_square(), seeds, "ln Z");
  pulls.expect_unbiased();
  EXPECT_GE(trusted, 90);
}

/// A mode with 92 % of the weight behind a first-order transition: no path from independent units
/// reaches it, ladders that start from it see nothing else, annealing from its own mean field knows
/// its weight.
TEST(NetworkLikelihood, AModeBehindATransitionIsNotMissed) {
  constexpr int units = 60;
  Network network(Layer(Unit::binary, units), Layer(Unit::binary, 1));
  for (double& w : network.w) w = 4;
  const double open = units * std::log1p(std::exp(4.0)), closed = units * std::log(2.0);
  network.hidden.r[0] = open - closed - std::log(0.92 / 0.08);
  const double exact = exact_log_z(network);
  const std::vector<double> rows(static_cast<std::size_t>(units) * 64, 1.0);
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    for (const int sweeps : {0, 1000}) {
      for (const bool given : {false, true}) {
        const LogZ z =
            estimate_log_z<float>({uncoupled(network), network}, by_tempering(32, sweeps), seed,
                                  given ? rows : std::vector<double>{});
        EXPECT_TRUE(z.ok) << z.reason;
        EXPECT_NEAR(z.forward.value, exact, 0.1);
        EXPECT_LT(std::abs(z.value.value - exact), 4 * z.value.error);
        ASSERT_TRUE(z.modes);
        EXPECT_NEAR(z.modes->share.front(), 0.92, 0.01);
        EXPECT_LT(z.bound, exact);
      }
    }
  }
}

TEST(NetworkLikelihood, ExactWhereSmallAndTheSameForAnyThreads) {
  const Network network = sample_network(Unit::quartic, Unit::binary, 400, 12, 0.02);
  LogZOptions o;
  const LogZ exact = estimate_log_z<float>({uncoupled(network), network}, o, 1);
  EXPECT_TRUE(exact.exact);
  EXPECT_EQ(exact.value.error, 0);
  o = by_annealing(200, 20);
  o.threads = 1;
  const LogZ one = estimate_log_z<float>({uncoupled(network), network}, o, 1);
  o.threads = 3;
  const LogZ three = estimate_log_z<float>({uncoupled(network), network}, o, 1);
  EXPECT_EQ(one.value.value, three.value.value);
  o.sweeps = 100, o.ladders = 32, o.rungs = 2;
  const LogZ again = estimate_log_z<float>({uncoupled(network), network}, o, 1);
  o.threads = 1;
  const LogZ tempered = estimate_log_z<float>({uncoupled(network), network}, o, 1);
  const Network stuck = [] {
    Network patterns(Layer(Unit::spin, 70), Layer(Unit::spin, 20));
    for (std::size_t k = 0; k < patterns.w.size(); ++k)
      patterns.w[k] = k / 20 % 2 == 0 ? 0.3 : -0.3;
    return patterns;
  }();
  const LogZ alone = estimate_log_z<float>({uncoupled(stuck), stuck}, o, 1);
  o.threads = 3;
  const LogZ shared = estimate_log_z<float>({uncoupled(stuck), stuck}, o, 1);
  ASSERT_TRUE(alone.modes);
  EXPECT_EQ(alone.modes->value.value, shared.modes->value.value);
  EXPECT_EQ(alone.modes->value.error, shared.modes->value.error);
  EXPECT_EQ(alone.value.value, shared.value.value);
  EXPECT_EQ(tempered.value.value, again.value.value);
  EXPECT_EQ(tempered.value.error, again.value.error);
  EXPECT_EQ(tempered.reverse.value, again.reverse.value);
  const std::vector<float> rows(1200, 0.3f);
  const auto likelihood = log_likelihood(network, rows, exact);
  EXPECT_NEAR(likelihood.value.value,
              -network.free_energy(std::vector<double>(400, double{0.3f})) - exact.value.value,
              1e-9);
  EXPECT_NEAR(likelihood.rows_error, 0, 1e-9);
  const auto interval = log_likelihood(network, rows, one);
  EXPECT_NEAR(interval.upper - interval.lower, one.reverse.value - one.forward.value, 1e-12);
}

TEST(NetworkLikelihood, WrongBasesAreRefused) {
  const Network network = sample_network(Unit::quartic, Unit::binary, 3, 2);
  const auto o = by_annealing(64, 10);
  EXPECT_THROW(estimate_log_z<float>({network, network}, o, 1), BadInput);
  EXPECT_THROW(estimate_log_z<float>(
                   {uncoupled(sample_network(Unit::quartic, Unit::spin, 3, 2)), network}, o, 1),
               BadInput);
  auto few = o;
  few.chains = 8;
  EXPECT_THROW(estimate_log_z<float>({uncoupled(network), network}, few, 1), BadInput);
  for (const auto& [ladders, sweeps] : {std::pair{40, 200}, {16, 200}, {32, 50}}) {
    EXPECT_THROW(
        estimate_log_z<float>({uncoupled(network), network}, by_tempering(ladders, sweeps), 1),
        BadInput);
  }
}

/// <(phi - <phi | h>)^2> at equilibrium is the mean conditional variance of the visible units.
TEST(NetworkJudging, ReconstructionOfModelSamplesIsTheConditionalVariance) {
  const Network network = sample_network(Unit::gaussian, Unit::binary, 3, 4, 0.8);
  NetworkSampler<float> sampler(network, 4000, 5);
  sampler.sweep(60);
  const auto visible = sampler.visible();
  const std::vector<float> rows(visible.begin(), visible.end());
  double variance = 0;
  for (int i = 0; i < 3; ++i) variance += network.visible.moments(i, 0).variance() / 3;
  const auto error = reconstruction_error(network, rows, 6);
  EXPECT_LT(std::abs(error.value - variance), 4.5 * error.error);
  EXPECT_GT(error.error, 0);
}

TEST(NetworkJudging, FreeEnergyGapAndSingularValues) {
  const Network network = sample_network(Unit::quartic, Unit::spin, 6, 4, 0.4);
  NetworkSampler<float> sampler(network, 3000, 5);
  const auto visible = sampler.visible();
  const std::vector<float> rows(visible.begin(), visible.end());
  const auto gap = free_energy_gap(network, rows, rows);
  EXPECT_EQ(gap.value, 0);
  const auto values = singular_values(network);
  ASSERT_EQ(values.size(), 4u);
  double squares = 0, weights = 0;
  for (const double s : values) squares += s * s;
  for (const double w : network.w) weights += w * w;
  EXPECT_NEAR(squares, weights, 1e-12);
  EXPECT_GE(values[0], values[1]);
}

}  // namespace
}  // namespace quartic
