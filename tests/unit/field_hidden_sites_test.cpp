// Hidden sites: numbered, summed out, and in the gradient of ln p, against brute force.
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "hidden_field.hpp"
#include "quartic/core/aligned.hpp"
#include "quartic/core/error.hpp"
#include "quartic/field/action_path.hpp"
#include "quartic/field/features.hpp"
#include "quartic/field/hidden_sites.hpp"
#include "quartic/field/parameters.hpp"
#include "quartic/learn/moment_match.hpp"

namespace quartic {
namespace {

using testing::brute_marginal_action;
using testing::exact_hidden_log_z;
using testing::hidden_action;
using testing::lattice_graph;

struct Kind {
  HiddenValues values;
  bool gates;
};
const Kind kinds[] = {{HiddenValues::binary, false},
                      {HiddenValues::spin, false},
                      {HiddenValues::binary, true},
                      {HiddenValues::spin, true}};

/// Uniform rows in [-1.5, 1.5].
ArraySource rows_of(int rows, int columns) {
  RandomStream random(5, Stream::check, 600);
  std::vector<float> values(static_cast<std::size_t>(rows) * columns);
  for (float& x : values) x = static_cast<float>(3 * random.uniform() - 1.5);
  return {std::move(values), static_cast<std::size_t>(columns)};
}

TEST(HiddenSites, EdgesFollowThoseOfTheLattice) {
  const auto lattice = lattice_graph("square", 2, false);
  const Graph graph(lattice, 3, HiddenValues::spin, true);
  EXPECT_EQ(graph.sites(), 7);
  EXPECT_EQ(graph.hidden_sites(), 3);
  EXPECT_EQ(graph.visible_edges(), 4);
  EXPECT_EQ(graph.edges()[4 + 1 * 3 + 2], (Edge{1, 6}));
  EXPECT_EQ(graph.first_gate(), 4 + 12);
  EXPECT_EQ(graph.edges()[16 + 3 * 3 + 0], (Edge{3, 4}));
  EXPECT_EQ(graph.description(), "square 2x2 open, 3 gated spin hidden");
  EXPECT_THROW(Graph(lattice, 0, HiddenValues::spin), BadInput);
  EXPECT_THROW(Graph(std::make_shared<Graph>(graph), 1, HiddenValues::spin), BadInput);
}

TEST(HiddenSites, ParametersOfEveryFreedomGatherWhatTheyScatter) {
  const Action action = hidden_action("square", 2, 2, HiddenValues::binary, true, 1);
  using enum Freedom;
  const Parameters parameters(action.graph, {tied, frozen, free, tied});
  EXPECT_EQ(parameters.size(), (1 + 8 + 8) + 2 + 4 + 1);
  EXPECT_EQ(parameters.label(0), "w");
  EXPECT_EQ(parameters.label(1), "w[0,4]");
  EXPECT_EQ(parameters.label(9), "u[0,4]");
  EXPECT_EQ(parameters.label(17), "r[4]");
  std::vector<double> theta(parameters.size());
  for (std::size_t k = 0; k < theta.size(); ++k) theta[k] = 0.5 + static_cast<double>(k);
  Action moved = action;
  parameters.scatter(theta, moved);
  EXPECT_EQ(parameters.gather(moved), theta);
  EXPECT_EQ(moved.r[0], action.r[0]);
  EXPECT_EQ(moved.w[3], 0.5);
  EXPECT_EQ(moved.r[5], theta[18]);
  EXPECT_EQ(moved.a[4], 0);
}

TEST(HiddenSites, AreSummedOutExactly) {
  constexpr int lanes = 16;
  for (const auto& [values, gates] : kinds) {
    const Action action = hidden_action("square", 2, 3, values, gates, 2);
    const int sites = action.graph->sites(), visible = action.graph->visible_sites();
    RandomStream random(3, Stream::check, 601);
    AlignedVector<double> phi(static_cast<std::size_t>(sites) * lanes);
    for (double& x : phi) x = 1.5 * random.normal();
    std::vector<double> out(lanes);
    evaluate_marginal_action(action, FieldBlock<const double>{phi.data(), sites, lanes},
                             std::span(out));
    for (int lane = 0; lane < lanes; ++lane) {
      std::vector<double> row;
      for (int i = 0; i < visible; ++i) row.push_back(phi[i * lanes + lane]);
      EXPECT_NEAR(out[lane], brute_marginal_action(action, row), 1e-11);
      EXPECT_NEAR(evaluate_marginal_action(action, row), out[lane], 1e-11);
    }
  }
}

TEST(HiddenSites, WithoutCouplingsFactorise) {
  for (const auto& [values, gates] : kinds) {
    const Action action = uncoupled(hidden_action("square", 2, 3, values, gates, 4));
    EXPECT_NEAR(uncoupled_free_energy(action), -exact_hidden_log_z(action, 60, 5), 1e-6);
  }
}

/// <ln p> of rows and its gradient <f>_p - <E[f | phi]>_data, whose first term is that of ln Z.
TEST(HiddenSites, GradientOfLnPIsThatOfItsDifferences) {
  const ArraySource rows = rows_of(300, 4);
  using enum Freedom;
  for (const auto& [values, gates] : kinds) {
    const Action action = hidden_action("square", 2, 2, values, gates, 6);
    const Parameters parameters(action.graph, {free, free, tied, free});
    const DataMoments moments(rows, action);
    const auto mean = moments.mean(parameters), theta = parameters.gather(action);
    const auto at = [&](const std::vector<double>& where) {
      Action moved = action;
      parameters.scatter(where, moved);
      return DataMoments(rows, moved).marginal_action(moved);
    };
    double brute = 0;
    for (std::size_t n = 0; n < rows.rows(); ++n) {
      const auto row = read_rows(rows, n, 1);
      brute += brute_marginal_action(action, std::vector<double>(row.begin(), row.end())) / 300;
    }
    EXPECT_NEAR(moments.marginal_action(action), brute, 1e-6);
    for (std::size_t k = 0; k < theta.size(); ++k) {
      constexpr double h = 1e-3;
      auto up = theta, down = theta;
      up[k] += h, down[k] -= h;
      EXPECT_NEAR(mean[k], (at(up) - at(down)) / (2 * h), 2e-5) << parameters.label(k);
    }
  }
}

TEST(HiddenSites, RefuseNoiseOnTheData) {
  const Action action = hidden_action("square", 2, 2, HiddenValues::binary, false, 7);
  EXPECT_THROW(DataMoments(rows_of(10, 4), action, {.noise = 0.1}), BadInput);
}

TEST(HiddenSites, GatesMayNotOutgrowTheirA) {
  Action action = hidden_action("square", 2, 1, HiddenValues::binary, true, 8);
  std::fill(action.w.begin(), action.w.end(), 0.0);
  action.b[2] = 0, action.a[2] = 1;
  EXPECT_FALSE(why_not_normalisable(action));
  action.w[action.graph->first_gate() + 2] = 1.1;
  EXPECT_TRUE(why_not_normalisable(action));
  action.w[action.graph->first_gate() + 2] = -1.1;
  EXPECT_FALSE(why_not_normalisable(action));
}

}  // namespace
}  // namespace quartic
