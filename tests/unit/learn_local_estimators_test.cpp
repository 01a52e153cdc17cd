// Moments of data, score matching and pseudo-likelihood against their definitions.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <vector>

#include "learn_fixtures.hpp"
#include "quartic/core/data_source.hpp"
#include "quartic/core/error.hpp"
#include "quartic/core/quartic_density.hpp"
#include "quartic/learn/pseudo_likelihood.hpp"
#include "quartic/learn/score_matching.hpp"

namespace quartic {
namespace {

using testing::draw_data, testing::gaussian_data, testing::inhomogeneous_action,
    testing::lattice_graph;

constexpr std::array all_free{Freedom::free, Freedom::free, Freedom::free, Freedom::free};
constexpr std::array mixed{Freedom::tied, Freedom::free, Freedom::free, Freedom::tied};
constexpr std::array freedoms{
    all_free, mixed, std::array{Freedom::free, Freedom::frozen, Freedom::tied, Freedom::frozen}};

std::vector<double> row_of(const DataSource& data, std::size_t row) {
  std::vector<float> values(data.columns());
  const std::vector<std::size_t> wanted{row};
  data.read(wanted, values);
  return {values.begin(), values.end()};
}

/// Mean over rows of a function of a configuration.
double average(const DataSource& data, const std::function<double(const std::vector<double>&)>& f) {
  double sum = 0;
  for (std::size_t n = 0; n < data.rows(); ++n) sum += f(row_of(data, n));
  return sum / static_cast<double>(data.rows());
}

/// |grad S|^2 / 2 - lap S by central differences, exact for a quartic up to rounding and h^2.
double score_by_differences(const Action& action, std::vector<double> phi) {
  constexpr double h = 1e-3;
  double sum = 0;
  const double here = action.evaluate(phi);
  for (double& x : phi) {
    const double at = x;
    x = at + h;
    const double up = action.evaluate(phi);
    x = at - h;
    const double down = action.evaluate(phi);
    x = at;
    const double slope = (up - down) / (2 * h), curvature = (up - 2 * here + down) / (h * h);
    sum += slope * slope / 2 - curvature;
  }
  return sum;
}

double log_pseudo_likelihood(const Action& action, const std::vector<double>& phi) {
  double sum = 0;
  for (int i = 0; i < action.graph->sites(); ++i) {
    const double j = action.local_field(i, phi), square = phi[i] * phi[i];
    sum += j * phi[i] - square * (action.a[i] + action.b[i] * square) -
           log_quartic_normaliser(action.a[i], action.b[i], j);
  }
  return sum;
}

/// No parameter that is off its bound can be moved to improve the objective, by central
/// differences; and every one at its bound would gain by passing it.
void expect_optimum(const Parameters& parameters, const LocalFit& fit, double sign,
                    double tolerance, const std::function<double(const Action&)>& objective) {
  for (int k = 0; k < parameters.size(); ++k) {
    const double h = 1e-4 * std::max(1.0, std::abs(fit.theta[k]));
    const bool pinned =
        std::find(fit.at_bound.begin(), fit.at_bound.end(), k) != fit.at_bound.end();
    Action up = fit.action, down = fit.action;
    auto theta = fit.theta;
    theta[k] += h;
    parameters.scatter(theta, up);
    theta[k] -= pinned ? h : 2 * h;
    parameters.scatter(theta, down);
    const double slope = (objective(up) - objective(down)) / ((pinned ? 1 : 2) * h);
    if (pinned) {
      EXPECT_GT(sign * slope, -tolerance) << parameters.label(k);
    } else {
      EXPECT_NEAR(slope, 0, tolerance) << parameters.label(k);
    }
  }
}

TEST(DataMoments, AreTheMomentsOfTheData) {
  const auto graph = lattice_graph("king", 3);
  const auto data = draw_data(inhomogeneous_action(graph, 1), 1000, 2, 2, 64);
  const DataMoments moments(data, graph);
  for (const int i : {0, 5, 8}) {
    EXPECT_NEAR(moments.field(i), average(data, [&](auto& x) { return x[i]; }), 1e-12);
    EXPECT_NEAR(moments.square(i), average(data, [&](auto& x) { return x[i] * x[i]; }), 1e-12);
    EXPECT_NEAR(moments.fourth(i), average(data, [&](auto& x) { return std::pow(x[i], 4); }),
                1e-11);
  }
  const auto mean = moments.mean(Parameters(graph, all_free));
  for (const int e : {0, 7}) {
    const auto [i, j] = graph->edges()[e];
    EXPECT_NEAR(-mean[e], average(data, [i = i, j = j](auto& x) { return x[i] * x[j]; }), 1e-12);
  }
  const Parameters tied(graph, mixed);
  double sum = 0;
  for (int e = 0; e < graph->edge_count(); ++e) sum += mean[e];
  EXPECT_NEAR(moments.mean(tied)[0], sum, 1e-10);
}

TEST(DataMoments, ErrorsAreHonest) {
  const auto graph = lattice_graph("square", 2);
  std::vector<double> square(4);
  int count = 0;
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    const auto data = gaussian_data(1500, 4, 0.3, 0.7, seed);
    const DataMoments moments(data, graph);
    const Parameters parameters(graph, all_free);
    const auto error = moments.error(parameters);
    const double s2 = 0.49, m2 = 0.09;
    const double exact[] = {-m2, 0.3, m2 + s2, m2 * m2 + 6 * m2 * s2 + 3 * s2 * s2};
    const auto mean = moments.mean(parameters);
    for (int k = 0; k < parameters.size(); ++k) {
      const int kind = static_cast<int>(parameters.kind(k));
      const double z = (mean[k] - exact[kind]) / error[k];
      square[kind] += z * z;
    }
    ++count;
  }
  for (const int kind : {1, 2, 3}) EXPECT_NEAR(square[kind] / (4.0 * count), 1, 0.3);
  EXPECT_NEAR(square[0] / (8.0 * count), 1, 0.3);
}

TEST(DataMoments, KnowOfAutocorrelatedRows) {
  // Every row 8 times over: errors of 1/8 of the rows.
  const auto graph = lattice_graph("square", 2);
  const auto data = gaussian_data(20000, 4, 0, 1, 3);
  const JitteredSource repeated(data, 0, 8, 1);
  const Parameters parameters(graph, all_free);
  const auto once = DataMoments(data, graph).error(parameters),
             again = DataMoments(repeated, graph).error(parameters);
  for (int k = 0; k < parameters.size(); ++k) EXPECT_NEAR(again[k] / once[k], 1, 0.25);
}

TEST(DataMoments, NoiseIsExact) {
  const auto graph = lattice_graph("square", 3);
  const auto data = gaussian_data(50, 9, 0.4, 0.5, 4);
  const JitteredSource jittered(data, 0.3, 4000, 5);
  const Parameters parameters(graph, all_free);
  const DataMoments exact(data, graph, {.noise = 0.3}), drawn(jittered, graph);
  const auto x = exact.mean(parameters), y = drawn.mean(parameters);
  // Both have the same rows: 200000 draws of the noise differ, deviations of 0.3 to 2 by kind.
  const double error[] = {0.001, 0.0007, 0.001, 0.004};
  for (int k = 0; k < parameters.size(); ++k)
    EXPECT_NEAR(x[k], y[k], 4 * error[static_cast<int>(parameters.kind(k))]) << k;
}

TEST(DataMoments, NeitherThreadsNorBatchesChangeABit) {
  const auto graph = lattice_graph("king", 4);
  const auto data = draw_data(inhomogeneous_action(graph, 1), 3000, 2, 2, 64);
  const Parameters parameters(graph, all_free);
  const auto mean = DataMoments(data, graph, {.threads = 1}).mean(parameters);
  EXPECT_EQ(mean, DataMoments(data, graph, {.threads = 2}).mean(parameters));
  EXPECT_EQ(mean, DataMoments(data, graph, {.threads = 2, .batch_bytes = 1}).mean(parameters));
  const Action start(graph);
  const auto theta = [&](const DataPass& pass) {
    return ScoreMatching(data, graph, pass).fit(parameters, start).theta;
  };
  EXPECT_EQ(theta({.threads = 1}), theta({.threads = 2, .batch_bytes = 1}));
}

TEST(DataMoments, RefuseWhatIsNoData) {
  const auto graph = lattice_graph("square", 3);
  EXPECT_THROW(DataMoments(gaussian_data(5, 4, 0, 1, 1), graph), BadInput);
  std::vector<float> values(90, 1.0F);
  values[31] = NAN;
  try {
    DataMoments(ArraySource(values, 9), graph);
    FAIL();
  } catch (const BadInput& error) {
    EXPECT_NE(std::string(error.what()).find("row 3, column 4"), std::string::npos) << error.what();
  }
}

TEST(ScoreMatching, ObjectiveIsHyvarinens) {
  for (const char* name : {"king", "square"}) {
    // A periodic extent of 2 has parallel edges.
    const auto graph = lattice_graph(name, name[0] == 'k' ? 3 : 2);
    const Action action = inhomogeneous_action(graph, 3);
    const auto data = draw_data(action, 200, 4, 2, 64);
    const ScoreMatching matching(data, graph);
    const Action other = inhomogeneous_action(graph, 9);
    const double direct = average(data, [&](auto& x) { return score_by_differences(other, x); });
    EXPECT_NEAR(matching.objective(other).value, direct, 1e-4 * std::abs(direct));
  }
}

TEST(ScoreMatching, FindsTheMinimum) {
  const auto graph = lattice_graph("square", 2);
  const Action action = inhomogeneous_action(graph, 3);
  const auto data = draw_data(action, 2000, 4, 5, 64);
  const ScoreMatching matching(data, graph);
  for (const auto& freedom : freedoms) {
    const Parameters parameters(graph, freedom);
    const auto fit = matching.fit(parameters, action);
    if (parameters.freedom(CouplingKind::b) == Freedom::frozen) {
      EXPECT_EQ(fit.action.b, action.b);
    }
    expect_optimum(parameters, fit, 1, 2e-5,
                   [&](const Action& a) { return matching.objective(a).value; });
  }
}

TEST(ScoreMatching, NoiseIsExact) {
  const auto graph = lattice_graph("square", 2);
  const Action action = inhomogeneous_action(graph, 3);
  const auto data = gaussian_data(20, 4, 0.4, 0.5, 4);
  const JitteredSource jittered(data, 0.3, 20000, 5);
  const Estimate exact = ScoreMatching(data, graph, {.noise = 0.3}).objective(action),
                 drawn = ScoreMatching(jittered, graph).objective(action);
  EXPECT_NEAR(exact.value, drawn.value, 0.03);
  EXPECT_GT(std::abs(exact.value - ScoreMatching(data, graph).objective(action).value), 0.2);
}

TEST(ScoreMatching, OneRowNeedsNoise) {
  const auto graph = lattice_graph("square", 4);
  const auto data = gaussian_data(1, 16, 0.4, 0.5, 4);
  const Parameters parameters(graph, all_free);
  const auto fit = ScoreMatching(data, graph, {.noise = 0.1}).fit(parameters, Action(graph));
  EXPECT_FALSE(fit.flaw);
  // The density that made it is in the family: w = 0, a = 1 / 2 s^2, r = -y / s^2, b at its bound.
  const auto y = row_of(data, 0);
  for (int i = 0; i < 16; ++i) {
    EXPECT_NEAR(fit.action.a[i], 50, 1);
    EXPECT_NEAR(fit.action.r[i], -100 * y[i], 2);
  }
  EXPECT_TRUE(std::isinf(fit.error[0]));
}

TEST(ScoreMatching, GaussianDataPinHalfOfTheB) {
  const auto graph = lattice_graph("square", 8);
  const auto data = gaussian_data(20000, 64, 0, 1, 6);
  const Parameters parameters(graph, all_free);
  const auto fit = ScoreMatching(data, graph).fit(parameters, Action(graph));
  EXPECT_GT(fit.at_bound.size(), 16U);
  EXPECT_LT(fit.at_bound.size(), 48U);
  for (const double b : fit.action.b) EXPECT_GT(b, 0);
  EXPECT_FALSE(fit.flaw);
}

TEST(PseudoLikelihood, IsTheSumOverConditionals) {
  const auto graph = lattice_graph("king", 3);
  const Action action = inhomogeneous_action(graph, 3), other = inhomogeneous_action(graph, 8);
  const auto data = draw_data(action, 300, 4, 2, 64);
  const PseudoLikelihood likelihood(data, graph);
  const double direct = average(data, [&](auto& x) { return log_pseudo_likelihood(other, x); });
  EXPECT_NEAR(likelihood.value(other).value, direct, 1e-8);
}

TEST(PseudoLikelihood, FindsTheMaximum) {
  const auto graph = lattice_graph("square", 2);
  const auto data = draw_data(inhomogeneous_action(graph, 3), 500, 4, 5, 64);
  const PseudoLikelihood likelihood(data, graph);
  for (const auto& freedom : freedoms) {
    const Parameters parameters(graph, freedom);
    const auto fit = likelihood.fit(parameters, Action::uniform(graph, 0, 0, 1, 0.5), {}, 1e-6);
    expect_optimum(parameters, fit, -1, 1e-6,
                   [&](const Action& a) { return likelihood.value(a).value; });
  }
}

TEST(PseudoLikelihood, IsExactWithoutCouplings) {
  // One site: the pseudo-likelihood is the likelihood, whose maximum meets the moments.
  const auto graph = std::make_shared<const Graph>(2, std::vector<Edge>{});
  const auto data = gaussian_data(4000, 2, -0.4, 0.8, 5);
  const Parameters parameters(graph, all_free);
  const auto fit =
      PseudoLikelihood(data, graph).fit(parameters, Action::uniform(graph, 0, 0, 1, 1), {}, 1e-7);
  const DataMoments moments(data, graph);
  for (int i = 0; i < 2; ++i) {
    const auto m = quartic_moments(fit.action.a[i], fit.action.b[i], -fit.action.r[i]);
    EXPECT_NEAR(m.mean, moments.field(i), 1e-6);
    EXPECT_NEAR(m.second, moments.square(i), 1e-6);
    EXPECT_NEAR(m.log_normaliser + fit.action.r[i] * m.mean + fit.action.a[i] * m.second +
                    fit.action.b[i] * m.fourth,
                0.5 * std::log(2 * M_PI * std::exp(1.0) * 0.64), 0.05);
  }
}

TEST(PseudoLikelihood, WeightDecayPullsToZeroAndBoundsHold) {
  const auto graph = lattice_graph("square", 4);
  const auto data = gaussian_data(3000, 16, 0, 1, 6);
  const Parameters parameters(graph, all_free);
  const Action start = Action::uniform(graph, 0, 0, 1, 0.1);
  Restraint decaying;
  decaying.weight_decay[0] = 100;
  const auto free = PseudoLikelihood(data, graph).fit(parameters, start);
  const auto pulled = PseudoLikelihood(data, graph).fit(parameters, start, decaying);
  for (std::size_t e = 0; e < free.action.w.size(); ++e)
    EXPECT_LE(std::abs(pulled.action.w[e]), std::abs(free.action.w[e]) / 20 + 1e-3);
  EXPECT_FALSE(free.at_bound.empty());
  EXPECT_LT(free.at_bound.size(), 16U);
  for (const double b : free.action.b) EXPECT_GT(b, 0);
}

}  // namespace
}  // namespace quartic
