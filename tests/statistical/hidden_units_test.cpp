// Fields with hidden units, sampled, annealed and learned, against sums and quadrature.
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>
#include <vector>

#include "coverage.hpp"
#include "hidden_field.hpp"
#include "learn/equilibrium_sample.hpp"
#include "learn/feature_statistics.hpp"
#include "quartic/core/error.hpp"
#include "quartic/learn/evaluation.hpp"
#include "quartic/learn/likelihood.hpp"
#include "run/hidden_planes.hpp"

namespace quartic {
namespace {

using testing::draw_data;
using testing::exact_hidden_log_z;
using testing::hidden_action;

struct HiddenCase {
  const char* lattice;
  HiddenValues values;
  bool gates;
};
const HiddenCase hidden_cases[] = {{"square", HiddenValues::binary, false},
                                   {"king", HiddenValues::spin, false},
                                   {"square", HiddenValues::binary, true},
                                   {"square", HiddenValues::spin, true}};

SamplerOptions sampler_options_of(int count, int reflections) {
  SamplerOptions options;
  options.chains = count, options.reflections = reflections;
  return options;
}

/// <f_k> = - d ln Z / d theta_k, of drawn hidden units and of expected ones.
template <class T>
void expect_exact_moments(bool expected) {
  double square = 0;
  int count = 0;
  for (const auto& [lattice, values, gates] : hidden_cases) {
    const Action action = hidden_action(lattice, 2, 2, values, gates, 11);
    const Parameters every = every_coupling(action.graph);
    Sampler<T> sampler(action, sampler_options_of(1024, 1), 3);
    sampler.sweep(100);
    auto samples = collect(sampler, 32, 4);
    if (expected) expect_hidden(action, samples);
    const auto moments = moments_of(FeatureStatistics<T>(samples, every), action.graph);
    auto theta = every.gather(action);
    for (int k = 0; k < every.size(); ++k) {
      const auto log_z = [&](double by) {
        auto shifted = theta;
        shifted[k] += by;
        Action moved = action;
        every.scatter(shifted, moved);
        return exact_hidden_log_z(moved, 24, 4);
      };
      const double slope = (log_z(1e-3) - log_z(-1e-3)) / 2e-3;
      const double exact = every.kind(k) == CouplingKind::w ? slope : -slope;
      const double z = (moments.moment[k].value - exact) / moments.moment[k].error;
      EXPECT_LT(std::abs(z), 5) << action.graph->description() << ' ' << every.label(k);
      square += z * z, ++count;
    }
  }
  // Moments of a site vary together: about a third of the z are independent.
  EXPECT_NEAR(square / count, 1, 4 * std::sqrt(2.0 / (count / 3.0)));
}

TEST(HiddenUnits, SweepsLeaveTheExactDistributionInvariant) {
  expect_exact_moments<float>(false);
  expect_exact_moments<double>(true);
}

TEST(HiddenUnits, LnZByAnnealingIsThatOfSumAndQuadrature) {
  for (const auto& [lattice, values, gates] : hidden_cases) {
    const Action action = hidden_action(lattice, 2, 4, values, gates, 12, 0.5);
    Sampler<float> sampler(action, sampler_options_of(256, 1), 3);
    sampler.sweep(200);
    CertificateOptions options;
    options.chains = 256, options.error = 0.02;
    const auto f = measure_free_energy(sampler, action, options, 5);
    EXPECT_TRUE(f.ok) << f.reason;
    EXPECT_LT(f.work.difference.error, 0.021);
    EXPECT_NEAR(f.work.difference.value, -exact_hidden_log_z(action), 4 * f.work.difference.error)
        << action.graph->description();
  }
}

TEST(HiddenUnits, UncoupledOnesLeaveTheFieldAsItIs) {
  Action action = hidden_action("square", 2, 2, HiddenValues::binary, false, 13);
  const auto rows = draw_data(visible_part(action), 256, 1, 2, 64);
  std::fill(action.w.begin() + action.graph->visible_edges(), action.w.end(), 0.0);
  const Action field = visible_part(action);
  const double of_hidden = testing::exact_log_z(field) - exact_hidden_log_z(action);
  EXPECT_NEAR(DataMoments(rows, action).marginal_action(action) - of_hidden,
              DataMoments(rows, field).marginal_action(field), 1e-9);
}

TEST(HiddenUnits, RefuseMovesOfRealValuesAlone) {
  const Action action = hidden_action("square", 2, 2, HiddenValues::binary, false, 14);
  SamplerOptions options = sampler_options_of(16, 0);
  options.metropolis_hits = 4;
  EXPECT_THROW(Sampler<float>(action, options, 1), BadInput);
  options.metropolis_hits = 0, options.hmc_steps = 4;
  EXPECT_THROW(Sampler<float>(action, options, 1), BadInput);
}

/// Two modes on an open 3 x 3 lattice, which no field without hidden units has at once with widths
/// and correlations such as these.
Action two_modes() {
  const auto graph =
      std::make_shared<Graph>(testing::lattice_graph("square", 3, false), 1, HiddenValues::binary);
  Action action(graph);
  for (int e = 0; e < graph->visible_edges(); ++e) action.w[e] = 0.8;
  for (int i = 0; i < 9; ++i) {
    action.a[i] = 3, action.b[i] = 0.2;
    const int e = graph->visible_edges() + i;
    action.w[e] = i % 2 == 0 ? 6 : -6;
    action.r[i] = action.w[e] / 2;
  }
  return action;
}

/// The columns of phi alone.
ArraySource visible_rows(const Action& action, std::size_t rows, std::uint64_t seed) {
  const auto all = draw_data(action, rows, seed, 4, 256);
  const auto visible = static_cast<std::size_t>(action.graph->visible_sites());
  std::vector<float> values;
  for (std::size_t n = 0; n < all.rows(); ++n) {
    const auto row = read_rows(all, n, 1);
    values.insert(values.end(), row.begin(), row.begin() + static_cast<std::ptrdiff_t>(visible));
  }
  return {std::move(values), visible};
}

LikelihoodLearner<float> learner_of(const DataSource& rows, const DataSource* held_out, int hidden,
                                    const std::shared_ptr<const Graph>& lattice) {
  const auto graph = hidden > 0 ? std::make_shared<Graph>(lattice, hidden, HiddenValues::binary)
                                : std::make_shared<Graph>(*lattice);
  using enum Freedom;
  LikelihoodOptions options;
  options.epochs = 60;
  Action start(graph);
  if (hidden > 0) place_hidden_units(start, rows, 7, 1);
  return {rows,    held_out, {graph, {free, free, free, free}}, start, sampler_options_of(256, 1),
          options, 7};
}

// On which side of its plane a row is says which mode it is from, whatever the rows.
TEST(HiddenUnits, BeginAtPlanesThatPartTheModes) {
  const Action truth = two_modes();
  for (int draw = 0; draw < 6; ++draw) {
    const auto rows = visible_rows(truth, 1000, draw + 1);
    Action start(truth.graph);
    place_hidden_units(start, rows, 7, 1);
    const auto values = read_rows(rows, 0, rows.rows());
    const auto along = [&](const Action& action, std::size_t row) {
      double sum = -action.r[9];
      for (int i = 0; i < 9; ++i)
        sum += action.w[action.graph->visible_edges() + i] * double(values[row * 9 + i]);
      return sum;
    };
    int alike = 0;
    double square = 0, mean = 0;
    for (std::size_t n = 0; n < 1000; ++n) {
      alike += (along(start, n) > 0) == (along(truth, n) > 0);
      mean += along(start, n) / 1000, square += std::pow(along(start, n), 2) / 1000;
    }
    EXPECT_GT(std::max(alike, 1000 - alike), 980);
    EXPECT_NEAR(square - mean * mean, 1, 0.05);
  }
}

// Of random planes two thirds lead to densities of one mode, .9 below.
TEST(HiddenUnits, RaiseHeldOutLikelihoodOfTwoModes) {
  const Action truth = two_modes();
  const int draws = testing::thorough() ? 20 : 3;
  for (int draw = 0; draw < draws; ++draw) {
    const auto rows = visible_rows(truth, 4000, 10 * draw + 1),
               held_out = visible_rows(truth, 4000, 10 * draw + 2);
    std::vector<Estimate> scores;
    for (const int hidden : {0, 1}) {
      auto learner = learner_of(rows, &held_out, hidden, truth.graph->visible());
      learner.warm_up();
      while (!learner.finished()) learner.step();
      CertificateOptions options;
      options.chains = 256, options.error = 0.02;
      const auto judged = evaluate(learner.sampler(), learner.action(), {rows, learner.data()},
                                   ScoredData{held_out, *learner.held_out()}, {}, options, 1, 3);
      EXPECT_TRUE(judged.ok) << judged.reason;
      scores.push_back(judged.held_out->log_likelihood.value);
    }
    const double error = std::hypot(scores[0].error, scores[1].error);
    EXPECT_GT(scores[1].value - scores[0].value, 0.3 + 4 * error);
    // ln p of the truth, whose ln Z is exact.
    const double best =
        -DataMoments(held_out, truth).marginal_action(truth) - exact_hidden_log_z(truth, 24, 4);
    EXPECT_NEAR(scores[1].value, best, 0.05);
    EXPECT_GT(best - scores[0].value, 0.9);
  }
}

TEST(HiddenUnits, ALearnerGoesOnWithTheSameBits) {
  const Action truth = two_modes();
  const auto rows = visible_rows(truth, 500, 3);
  auto one = learner_of(rows, &rows, 2, truth.graph->visible());
  one.warm_up();
  for (int epoch = 0; epoch < 3; ++epoch) one.step();
  auto other = learner_of(rows, &rows, 2, truth.graph->visible());
  other.restore(one.state());
  for (int epoch = 0; epoch < 3; ++epoch) {
    const FitRow x = one.step(), y = other.step();
    EXPECT_EQ(x.gain.value, y.gain.value);
    EXPECT_EQ(x.held_out_gain.value, y.held_out_gain.value);
  }
  EXPECT_EQ(one.theta(), other.theta());
}

}  // namespace
}  // namespace quartic
