// Learning from data by maximum likelihood, against exact likelihoods of small fields.
#include "quartic/learn/likelihood.hpp"

#include <gtest/gtest.h>

#include <Eigen/Dense>
#include <cmath>
#include <optional>

#include "critical_point.hpp"
#include "exact_field.hpp"
#include "exact_reference.hpp"
#include "learn/equilibrium_sample.hpp"
#include "learn/feature_statistics.hpp"
#include "learn_fixtures.hpp"
#include "quartic/core/error.hpp"
#include "quartic/learn/certificate.hpp"

namespace quartic {
namespace {

using testing::draw_data;
using testing::exact_log_z;
using testing::gaussian_data;
using testing::inhomogeneous_action;
using testing::lattice_graph;
using testing::open_3x3;
using testing::reference;

constexpr std::array all_free{Freedom::free, Freedom::free, Freedom::free, Freedom::free};
constexpr std::array all_tied{Freedom::tied, Freedom::tied, Freedom::tied, Freedom::tied};

/// <ln p> of the data; differences of it are exact to 1e-5 and better.
double exact_log_p(const Action& action, const DataMoments& data) {
  const Parameters every(action.graph, all_free);
  const auto theta = every.gather(action), mean = data.mean(every);
  double sum = -exact_log_z(action, 32, 3.6);
  for (std::size_t k = 0; k < theta.size(); ++k) sum -= theta[k] * mean[k];
  return sum;
}

/// First and second derivative of <ln p> along each parameter, by differences.
struct Slopes {
  Eigen::VectorXd first, second;
};
Slopes exact_slopes(const Parameters& parameters, const Action& action, const DataMoments& data) {
  constexpr double h = 1e-3;
  const auto theta = parameters.gather(action);
  const double here = exact_log_p(action, data);
  Slopes out{Eigen::VectorXd(theta.size()), Eigen::VectorXd(theta.size())};
  for (std::size_t k = 0; k < theta.size(); ++k) {
    const auto shifted = [&](double by) {
      auto moved_theta = theta;
      moved_theta[k] += by;
      Action moved = action;
      parameters.scatter(moved_theta, moved);
      return exact_log_p(moved, data);
    };
    const double up = shifted(h), down = shifted(-h);
    out.first[k] = (up - down) / (2 * h), out.second[k] = (up - 2 * here + down) / (h * h);
  }
  return out;
}

LikelihoodLearner<float> make_learner(const DataSource& data, const Parameters& parameters,
                                      const Action& start, const LikelihoodOptions& options,
                                      int chains = 256, const DataSource* held_out = nullptr,
                                      std::uint64_t seed = 7) {
  SamplerOptions sampler;
  sampler.chains = chains;
  return {data, held_out, parameters, start, sampler, options, seed};
}

template <class T>
std::vector<FitRow> run(LikelihoodLearner<T>& learner) {
  learner.warm_up();
  std::vector<FitRow> rows;
  while (!learner.finished()) rows.push_back(learner.step());
  return rows;
}

TEST(ExactField, MeetsTheReference) {
  EXPECT_NEAR(-exact_log_z(open_3x3()), reference()["graphs"]["open_3x3_random"]["F"].get<double>(),
              1e-6);
  const Action square = critical_action(lattice_graph("square", 2));
  EXPECT_NEAR(-exact_log_z(square), reference()["square"][0]["F"].get<double>(), 1e-6);
}

/// d ln p / d theta = -f(data) + <f>, as the plain gradient follows it.
TEST(Likelihood, GradientIsThatOfTheExactLikelihood) {
  const Action starts[] = {
      inhomogeneous_action(lattice_graph("square", 2), 3), open_3x3(),
      inhomogeneous_action(std::make_shared<Graph>(3, std::vector<Edge>{{0, 1}, {1, 2}, {0, 2}}),
                           3)};
  double square = 0;
  int count = 0;
  for (const Action& start : starts) {
    const auto& graph = start.graph;
    const Parameters parameters(graph, all_free);
    const auto data = gaussian_data(50, graph->sites(), 0.2, 0.8, 11);
    LikelihoodOptions options;
    options.optimiser = LikelihoodOptimiser::gradient;
    options.start = LikelihoodStart::given;
    options.rate = 1e-3, options.draws = 64, options.sweeps = 6;
    constexpr int chains = 256;
    std::optional<Slopes> exact;
    for (const std::uint64_t seed : {1, 2, 3, 4}) {
      auto learner = make_learner(data, parameters, start, options, chains, nullptr, seed);
      learner.warm_up();
      learner.step();
      const auto before = parameters.gather(start), after = learner.theta();
      if (!exact) exact = exact_slopes(parameters, start, learner.data());
      for (int k = 0; k < parameters.size(); ++k) {
        const double slope = (after[k] - before[k]) / *options.rate;
        const double z = (slope - exact->first[k]) / std::sqrt(-exact->second[k] / (chains * 64.0));
        EXPECT_LT(std::abs(z), 5) << graph->description() << ' ' << parameters.label(k);
        square += z * z, ++count;
      }
    }
  }
  // phi^2 and phi^4 of a site, and w with its ends, vary together, so that about a third of the z
  // are independent: the deviation of their mean square is 0.15.
  EXPECT_NEAR(square / count, 1, 3.5 * std::sqrt(2.0 / (count / 3.0)));
}

/// All the couplings that four sites of an open square have, by every optimiser.
TEST(Likelihood, NewtonReachesTheExactMaximum) {
  const auto graph = lattice_graph("square", 2, false);
  const Parameters parameters(graph, all_free);
  const auto data = draw_data(inhomogeneous_action(graph, 5), 20000, 2, 4, 256);
  constexpr int seeds = 16;
  double square = 0, epochs = 0;
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    auto learner = make_learner(data, parameters, Action(graph), {}, 256, nullptr, seed);
    const auto rows = run(learner);
    EXPECT_EQ(learner.reason(), StopReason::converged);
    epochs += static_cast<double>(rows.back().epoch) / seeds;
    const auto exact = exact_slopes(parameters, learner.action(), learner.data());
    for (int k = 0; k < parameters.size(); ++k) {
      const double z = exact.first[k] / std::sqrt(-exact.second[k] * rows.back().noise_share /
                                                  static_cast<double>(data.rows()));
      square += z * z / (seeds * parameters.size());
    }
  }
  EXPECT_LT(epochs, 7);
  // noise_share is an eighth too small: a run's mean square is 1.12 with deviation 0.5.
  EXPECT_LT(square, 1.7);
  EXPECT_GT(square, 0.6);
}

/// Tied couplings: the maximum itself, and the Fisher errors.
TEST(Likelihood, EveryOptimiserReachesTheMaximumWithFisherErrors) {
  const auto graph = lattice_graph("square", 2);
  const Parameters parameters(graph, all_tied);
  Action best = Action::uniform(graph, 0.3, 0.1, 1, 0.2);
  const auto data = draw_data(best, 5000, 2, 4, 256);
  const DataMoments moments(data, graph);
  Eigen::Matrix4d hessian;
  for (int iteration = 0; iteration < 8; ++iteration) {
    const auto here = exact_slopes(parameters, best, moments);
    const auto theta = parameters.gather(best);
    for (int k = 0; k < 4; ++k) {
      auto moved_theta = theta;
      moved_theta[k] += 1e-3;
      Action moved = best;
      parameters.scatter(moved_theta, moved);
      hessian.col(k) = (exact_slopes(parameters, moved, moments).first - here.first) / 1e-3;
    }
    hessian = (hessian + hessian.transpose().eval()) / 2;
    const Eigen::Vector4d step = -hessian.ldlt().solve(here.first);
    auto next = theta;
    for (int k = 0; k < 4; ++k) next[k] += step[k];
    parameters.scatter(next, best);
  }
  const Eigen::Vector4d variance =
      (-hessian).inverse().diagonal() / static_cast<double>(data.rows());
  for (const auto optimiser : {LikelihoodOptimiser::newton, LikelihoodOptimiser::adam}) {
    LikelihoodOptions options;
    options.optimiser = optimiser;
    options.epochs = 300, options.rate_decay = optimiser == LikelihoodOptimiser::adam ? 20 : 0;
    auto learner = make_learner(data, parameters, Action(graph), options, 1024);
    const auto rows = run(learner);
    EXPECT_EQ(learner.reason(), StopReason::converged) << name(optimiser);
    const auto theta = learner.theta(), exact = parameters.gather(best);
    for (int k = 0; k < 4; ++k) {
      const double error = learner.theta_error()[k];
      // Of the error, the data's part is common to both.
      const double own = std::sqrt(std::max(error * error - variance[k], 0.01 * variance[k]));
      EXPECT_LT(std::abs(theta[k] - exact[k]), 5 * own) << name(optimiser) << parameters.label(k);
      EXPECT_GT(error, 0.9 * std::sqrt(variance[k])) << name(optimiser) << parameters.label(k);
      if (optimiser == LikelihoodOptimiser::newton) {
        EXPECT_LT(error, 1.15 * std::sqrt(variance[k])) << parameters.label(k);
      }
    }
  }
}

TEST(Likelihood, GainAndLogLikelihoodAreExact) {
  const auto graph = lattice_graph("square", 2, false);
  const Parameters parameters(graph, all_free);
  const Action truth = inhomogeneous_action(graph, 6);
  const auto data = draw_data(truth, 3000, 2, 40, 256),
             held_out = draw_data(truth, 1000, 3, 40, 256);
  LikelihoodOptions options;
  options.start = LikelihoodStart::given;
  options.draws = 32;
  // Near the truth: the rule by slopes and curvatures is rough for long steps.
  Action start = truth;
  for (double& r : start.r) r += 0.2;
  for (double& a : start.a) a += 0.2;
  auto learner = make_learner(data, parameters, start, options, 1024, &held_out);
  const double before = exact_log_p(start, learner.data()),
               held_before = exact_log_p(start, *learner.held_out());
  learner.warm_up();
  FitRow row;
  Action at = start;
  while (!learner.finished()) at = learner.action(), row = learner.step();
  EXPECT_NEAR(row.gain.value, exact_log_p(at, learner.data()) - before, 5 * row.gain.error);
  EXPECT_NEAR(row.held_out_gain.value, exact_log_p(at, *learner.held_out()) - held_before,
              5 * row.gain.error);
  EXPECT_GT(row.gain.value, 5 * row.gain.error);
  const auto f = measure_free_energy(learner.sampler(), learner.action(), CertificateOptions{}, 7);
  EXPECT_TRUE(f.ok) << f.reason;
  const auto value = log_likelihood(*learner.held_out(), learner.action(), f);
  EXPECT_NEAR(value.value.value, exact_log_p(learner.action(), *learner.held_out()),
              5 * value.value.error);
  EXPECT_LT(value.value.error, 0.02);
  // 16 moments that vary together, and the fit's own error: a third of that of 1000 rows.
  const auto samples = collect(learner.sampler(), 32, 4);
  const Parameters every = every_coupling(learner.action().graph);
  const auto model = moments_of(FeatureStatistics<float>(samples, every), learner.action().graph);
  constexpr int sets = 8;
  double chi2 = 0;
  for (std::uint64_t seed = 3; seed < 3 + sets; ++seed) {
    const auto rows = draw_data(truth, 1000, seed, 40, 256);
    const auto match = match_moments(DataMoments(rows, graph), model);
    EXPECT_EQ(match.all.count, 16);
    chi2 += match.all.chi2 / sets;
  }
  EXPECT_LT(chi2, 3);
}

TEST(Likelihood, RestartsToTheSameBitsForAnyThreads) {
  const auto graph = lattice_graph("king", 3);
  const Parameters parameters(graph, {Freedom::free, Freedom::tied, Freedom::free, Freedom::free});
  const auto data = draw_data(inhomogeneous_action(graph, 5), 2000, 2, 4, 64);
  for (const auto optimiser : {LikelihoodOptimiser::newton, LikelihoodOptimiser::adam}) {
    LikelihoodOptions options;
    options.optimiser = optimiser, options.stop_early = false, options.epochs = 6;
    options.batch = optimiser == LikelihoodOptimiser::adam ? 100 : 0;
    SamplerOptions sampler;
    sampler.chains = 64, sampler.threads = 1;
    LikelihoodLearner<float> whole(data, nullptr, parameters, Action(graph), sampler, options, 3);
    run(whole);
    sampler.threads = 2;
    LikelihoodLearner<float> first(data, nullptr, parameters, Action(graph), sampler, options, 3);
    first.warm_up();
    for (int epoch = 0; epoch < 3; ++epoch) first.step();
    LikelihoodLearner<float> second(data, nullptr, parameters, Action(graph), sampler, options, 3);
    second.restore(first.state());
    FitRow row;
    while (!second.finished()) row = second.step();
    EXPECT_EQ(whole.theta(), second.theta()) << name(optimiser);
    EXPECT_EQ(whole.theta_error(), second.theta_error()) << name(optimiser);
    EXPECT_EQ(whole.state().sampler.phi, second.state().sampler.phi) << name(optimiser);
  }
}

/// Thirty rows for 16 couplings: the likelihood of what was held out falls again.
TEST(Likelihood, StopsWhenHeldOutDataGetWorse) {
  const auto graph = lattice_graph("square", 2, false);
  const Parameters parameters(graph, all_free);
  const Action truth = inhomogeneous_action(graph, 6);
  const auto data = draw_data(truth, 16, 2, 4, 16), held_out = draw_data(truth, 4000, 3, 4, 256);
  LikelihoodOptions options;
  options.optimiser = LikelihoodOptimiser::adam;
  options.start = LikelihoodStart::independent;
  options.epochs = 400;
  auto full = make_learner(data, parameters, Action(graph), options, 256, &held_out);
  run(full);
  options.held_out_patience = 3;
  auto early = make_learner(data, parameters, Action(graph), options, 256, &held_out);
  run(early);
  EXPECT_EQ(early.reason(), StopReason::held_out_worse);
  EXPECT_GT(exact_log_p(early.action(), *early.held_out()),
            exact_log_p(full.action(), *full.held_out()) + 0.05);
}

TEST(Likelihood, RefusesWhatCannotBe) {
  const auto graph = lattice_graph("square", 2);
  const auto data = gaussian_data(100, 4, 0, 1, 1);
  LikelihoodOptions options;
  options.optimiser = LikelihoodOptimiser::newton, options.batch = 10;
  EXPECT_THROW(make_learner(data, {graph, all_free}, Action(graph), options), BadInput);
  const std::array frozen{Freedom::frozen, Freedom::frozen, Freedom::frozen, Freedom::frozen};
  EXPECT_THROW(make_learner(data, {graph, frozen}, Action(graph), {}), BadInput);
  EXPECT_THROW(make_learner(gaussian_data(100, 5, 0, 1, 1), {graph, all_free}, Action(graph), {}),
               BadInput);
  options = {};
  options.optimiser = LikelihoodOptimiser::newton, options.dense_limit = 5;
  EXPECT_THROW(make_learner(data, {graph, all_free}, Action(graph), options), BadInput);
  options = {};
  options.start = LikelihoodStart::given;
  EXPECT_THROW(make_learner(data, {graph, all_free}, Action(graph), options), BadInput);
}

}  // namespace
}  // namespace quartic
