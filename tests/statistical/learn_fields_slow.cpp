// Couplings of known inhomogeneous fields, recovered from data: errors by their z-scores.
#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <cstdio>
#include <vector>

#include "learn_fixtures.hpp"
#include "quartic/learn/likelihood.hpp"
#include "quartic/learn/pseudo_likelihood.hpp"
#include "quartic/learn/score_matching.hpp"

namespace quartic {
namespace {

using testing::draw_data;
using testing::inhomogeneous_action;
using testing::lattice_graph;

constexpr std::array all_free{Freedom::free, Freedom::free, Freedom::free, Freedom::free};

struct Clock {
  std::chrono::steady_clock::time_point start = std::chrono::steady_clock::now();
  double seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  }
};

/// z-scores of learned couplings, over all couplings of several fields.
struct ZScores {
  std::vector<double> z;
  void add(const std::vector<double>& theta, const std::vector<double>& error,
           const std::vector<double>& truth) {
    for (std::size_t k = 0; k < theta.size(); ++k) z.push_back((theta[k] - truth[k]) / error[k]);
  }
  /// Mean 0 and variance 1 within 15 %, and none beyond what their number allows (p = 1e-4).
  void expect_honest(const char* what) const {
    double mean = 0, square = 0, worst = 0;
    for (const double x : z) {
      mean += x / static_cast<double>(z.size()), square += x * x / static_cast<double>(z.size());
      worst = std::max(worst, std::abs(x));
    }
    ::testing::Test::RecordProperty(what, std::to_string(square));
    std::printf("%s: %zu z-scores, mean %.3f, variance %.3f, worst %.2f\n", what, z.size(), mean,
                square - mean * mean, worst);
    EXPECT_NEAR(mean, 0, 0.15) << what;
    EXPECT_NEAR(square - mean * mean, 1, 0.15) << what;
    EXPECT_LT(static_cast<double>(z.size()) * std::erfc(worst / std::sqrt(2.0)), 1e4) << what;
    EXPECT_GT(static_cast<double>(z.size()) * std::erfc(worst / std::sqrt(2.0)), 1e-4) << what;
  }
};

TEST(LearnFields, EstimatorsWithoutSamplingRecoverCouplings) {
  const auto graph = lattice_graph("king", 8);
  const Parameters parameters(graph, all_free);
  ZScores score, pseudo;
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    const Action truth = inhomogeneous_action(graph, seed);
    const auto data = draw_data(truth, 100000, seed);
    const auto exact = parameters.gather(truth);
    const Clock matching_clock;
    const ScoreMatching matching(data, graph);
    const auto by_score = matching.fit(parameters, Action(graph));
    const double matching_seconds = matching_clock.seconds();
    const Clock pseudo_clock;
    const auto by_pseudo = PseudoLikelihood(data, graph).fit(parameters, by_score.action);
    std::printf("score matching %.2f s, pseudo-likelihood %.2f s, %d updates; at bound %zu\n",
                matching_seconds, pseudo_clock.seconds(), by_pseudo.iterations,
                by_score.at_bound.size());
    score.add(by_score.theta, by_score.error, exact);
    pseudo.add(by_pseudo.theta, by_pseudo.error, exact);
  }
  score.expect_honest("score matching");
  pseudo.expect_honest("pseudo-likelihood");
}

TEST(LearnFields, NewtonRecoversCouplingsWithinTenUpdates) {
  const auto graph = lattice_graph("king", 8);
  const Parameters parameters(graph, all_free);
  ZScores scores;
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    const Action truth = inhomogeneous_action(graph, seed);
    const auto data = draw_data(truth, 100000, seed);
    const Clock clock;
    LikelihoodLearner<float> learner(data, nullptr, parameters, Action(graph), {}, {}, seed);
    learner.warm_up();
    FitRow row;
    while (!learner.finished()) row = learner.step();
    std::printf("%d updates, %.1f s, noise share %.3f\n", row.epoch + 1, clock.seconds(),
                row.noise_share);
    EXPECT_EQ(learner.reason(), StopReason::converged);
    EXPECT_LE(row.epoch + 1, 10);
    scores.add(learner.theta(), learner.theta_error(), parameters.gather(truth));
  }
  scores.expect_honest("maximum likelihood");
}

}  // namespace
}  // namespace quartic
