// Gaussian moves: invariance, free energies, and fields too correlated for local moves.
#include "quartic/mcmc/gaussian_moves.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <numbers>
#include <vector>

#include "learn/gaussian_field.hpp"
#include "quartic/core/autocorrelation.hpp"
#include "quartic/core/random.hpp"
#include "quartic/graph/lattice.hpp"
#include "quartic/learn/data_moments.hpp"
#include "quartic/learn/evaluation.hpp"
#include "quartic/learn/likelihood.hpp"
#include "statistical/triangle.hpp"
#include "unit/network_fixtures.hpp"

namespace quartic {
namespace {

std::shared_ptr<const Graph> open_lattice(const char* kind, std::vector<int> extent) {
  std::vector<bool> boundary(extent.size(), false);
  return std::make_shared<Graph>(make_lattice({kind, std::move(extent), std::move(boundary)}));
}

/// Independent sites are drawn exactly. Gaussian moves alone, about any moments, keep <phi^2>,
/// <phi^4> and <phi> of each; about wrong ones they are refused more often.
TEST(GaussianMoves, LeaveIndependentSitesInvariant) {
  const auto graph = open_lattice("chain", {3});
  Action action(graph);
  action.a = {0.8, -0.5, 0.3}, action.b = {0.05, 0.3, 0.8}, action.r = {0.4, 0.0, -0.6};
  constexpr int chains = 16384;
  for (const double off : {0.0, 0.4}) {
    std::vector<double> mean(3), square(3);
    for (int i = 0; i < 3; ++i) {
      const auto m = quartic_moments(action.a[i], action.b[i], -action.r[i]);
      mean[i] = m.mean + off, square[i] = m.second + off;
    }
    const auto moves = GaussianMoves::of(action, mean, square);
    ASSERT_TRUE(moves);
    for (const double step : {1.0, 0.5}) {
      Sampler<double> sampler(action, {.chains = chains, .threads = 2}, 7);
      auto state = sampler.state();
      double accepted = 0;
      for (int k = 0; k < 8; ++k) {
        ++state.sweeps;
        auto now = sampler.state();
        now.sweeps = state.sweeps;
        sampler.restore(now);
        accepted += moves->move(sampler, step, 5) / 8;
      }
      EXPECT_GT(accepted, 0.2);
      EXPECT_LT(accepted, 1);
      for (int i = 0; i < 3; ++i) {
        const auto m = quartic_moments(action.a[i], action.b[i], -action.r[i]);
        const double exact[] = {m.mean, m.second, m.fourth};
        for (int power : {1, 2, 4}) {
          double sum = 0, square_sum = 0;
          const auto phi = sampler.state().phi;
          for (int c = 0; c < chains; ++c) {
            const double x = std::pow(phi[static_cast<std::size_t>(c) * 3 + i], power);
            sum += x / chains, square_sum += x * x / chains;
          }
          const double error = std::sqrt((square_sum - sum * sum) / chains);
          EXPECT_LT(std::abs(sum - exact[power / 2]), 4.5 * error) << off << step << i << power;
        }
      }
    }
  }
}

/// A random walk with drift to the origin, of correlation rho between neighbours: precision and
/// ln det are known, and the square of one on a square lattice with diagonals.
std::vector<float> correlated_rows(int rows, int side, double rho, bool heavy, std::uint64_t seed) {
  const int n = side * side;
  std::vector<float> out(static_cast<std::size_t>(rows) * n);
  const double rest = std::sqrt(1 - rho * rho);
  RandomStream random(seed, Stream::check, 0);
  std::vector<double> x(n);
  for (int row = 0; row < rows; ++row) {
    for (double& value : x) value = random.normal();
    for (int i = 0; i < side; ++i)
      for (int j = 1; j < side; ++j)
        x[i * side + j] = rho * x[i * side + j - 1] + rest * x[i * side + j];
    for (int i = 1; i < side; ++i)
      for (int j = 0; j < side; ++j)
        x[i * side + j] = rho * x[(i - 1) * side + j] + rest * x[i * side + j];
    // Two exponential numbers: gamma of shape 2.
    const double width =
        heavy ? std::sqrt(-2 / (std::log(1 - random.uniform()) + std::log(1 - random.uniform())))
              : 1;
    for (int i = 0; i < n; ++i)
      out[static_cast<std::size_t>(row) * n + i] = static_cast<float>(width * x[i]);
  }
  return out;
}

/// ln p a row of the Gaussian with these rows' own covariance, which no field with b = 0 exceeds.
double full_gaussian(const std::vector<float>& rows, int n) {
  const std::size_t count = rows.size() / n;
  std::vector<double> mean(n), covariance(static_cast<std::size_t>(n) * n);
  for (std::size_t k = 0; k < rows.size(); ++k)
    mean[k % n] += static_cast<double>(rows[k]) / static_cast<double>(count);
  for (std::size_t r = 0; r < count; ++r)
    for (int i = 0; i < n; ++i)
      for (int j = 0; j <= i; ++j)
        covariance[static_cast<std::size_t>(i) * n + j] +=
            (rows[r * n + i] - mean[i]) * (rows[r * n + j] - mean[j]) / static_cast<double>(count);
  const auto factor = Cholesky::factor(covariance, n);
  return -0.5 * (n * (1 + std::log(2 * std::numbers::pi)) + factor->log_determinant());
}

TEST(GaussianField, MeetsTheMomentsOfTheDataAndTheirLikelihood) {
  constexpr int side = 4, n = side * side;
  const auto graph = open_lattice("king", {side, side});
  const auto values = correlated_rows(4000, side, 0.9, false, 3);
  const ArraySource data(values, n);
  const DataMoments moments(data, graph);
  for (const Freedom w : {Freedom::free, Freedom::tied}) {
    const Parameters parameters(graph, {w, Freedom::free, Freedom::free, Freedom::free});
    const auto mean = moments.mean(parameters);
    const std::vector<double> decay(parameters.size(), 0.0);
    Action start(graph);
    for (int i = 0; i < n; ++i) start.a[i] = 0.5, start.b[i] = 1e-6;
    const auto found = gaussian_field(start, parameters, mean, decay);
    ASSERT_TRUE(found);
    const auto model = gaussian_means(*found, parameters);
    for (int k = 0; k < parameters.begin(CouplingKind::b); ++k)
      EXPECT_NEAR((*model)[k], mean[k], 1e-4 * (1 + std::abs(mean[k]))) << parameters.label(k);
  }
}

/// What used to walk away: neighbours of correlation .99, Gaussian and with heavy tails.
TEST(GaussianField, FitsOfStronglyCorrelatedRowsConverge) {
  constexpr int side = 4, n = side * side;
  const auto graph = open_lattice("king", {side, side});
  for (const bool heavy : {false, true}) {
    const auto values = correlated_rows(8000, side, 0.99, heavy, 5);
    const ArraySource data(values, n);
    using enum Freedom;
    const Parameters parameters(graph, {free, free, free, free});
    LikelihoodLearner<float> learner(data, nullptr, parameters, Action(graph),
                                     {.chains = 256, .threads = 2}, {}, 1);
    learner.warm_up();
    std::vector<FitRow> history;
    while (!learner.finished()) history.push_back(learner.step());
    EXPECT_EQ(learner.reason(), StopReason::converged);
    EXPECT_LT(history.size(), 40u);
    const auto judged =
        evaluate(learner.sampler(), learner.action(), {data, learner.data()}, {}, {}, {}, 1, 1);
    EXPECT_TRUE(judged.ok) << judged.reason;
    const double reached = judged.train.log_likelihood.total().value,
                 error = judged.free_energy.work.difference.error;
    // The graph holds all of the Gaussian rows' correlations, so that only rows and noise differ.
    EXPECT_GT(reached, full_gaussian(values, n) - 0.05 - 4 * error) << heavy;
    if (!heavy) {
      EXPECT_LT(judged.train.moments.all.chi2, 3) << heavy;
    }
  }
}

}  // namespace
}  // namespace quartic
