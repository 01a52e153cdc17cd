// Mean fields: minima of the Bogoliubov bound, and that all wells of an action are among them.
#include <gtest/gtest.h>

#include <cmath>

#include "exact_field.hpp"
#include "exact_reference.hpp"
#include "quartic/core/quartic_density.hpp"
#include "quartic/core/random.hpp"
#include "quartic/field/action_path.hpp"
#include "quartic/field/mean_field.hpp"
#include "star.hpp"

namespace quartic {
namespace {

using testing::lattice;

/// <S - S'>_S' + F(S') written out.
double bound_of(const Action& action, const Action& uncoupled) {
  double bound = uncoupled_free_energy(uncoupled);
  std::vector<double> mean;
  for (int i = 0; i < action.graph->sites(); ++i) {
    mean.push_back(quartic_moments(action.a[i], action.b[i], -uncoupled.r[i]).mean);
    bound += (action.r[i] - uncoupled.r[i]) * mean[i];
  }
  for (int e = 0; e < action.graph->edge_count(); ++e) {
    const auto [i, j] = action.graph->edges()[e];
    bound -= action.w[e] * mean[i] * mean[j];
  }
  return bound;
}

TEST(MeanField, IsAMinimumOfTheBound) {
  const Action action = testing::open_3x3();
  const double exact = -testing::exact_log_z(action);
  RandomStream random(3, Stream::check, 0);
  for (const MeanField& field : mean_fields(action)) {
    EXPECT_NEAR(field.bound, bound_of(action, field.action), 1e-9);
    EXPECT_GE(field.bound, exact);
    for (int trial = 0; trial < 20; ++trial) {
      Action near = field.action;
      for (double& r : near.r) r += 0.05 * random.normal();
      EXPECT_GT(bound_of(action, near), field.bound);
    }
  }
}

TEST(MeanField, FindsAllWellsOfSmallFields) {
  // One well, two that the sign tells apart, the staggered ones.
  EXPECT_EQ(mean_fields(Action::uniform(lattice("square", 4), 0.2, 0, 1.5, 0.2)).size(), 1U);
  for (const double w : {1.0, -1.0}) {
    const Action ordered = Action::uniform(lattice("square", 4), w, 0, 0.5, 0.2);
    const auto found = mean_fields(ordered);
    ASSERT_GE(found.size(), 2U);
    EXPECT_GT(found[0].mean[0] * found[0].mean[1] * w, 0);
    EXPECT_NEAR(found[0].mean[0], -found[1].mean[0], 1e-3);
    EXPECT_NEAR(found[0].bound, found[1].bound, 1e-6);
  }
  // A hub that is tied to leaves which pull it the other way.
  const auto wells = mean_fields(testing::star_action());
  ASSERT_EQ(wells.size(), 2U);
  EXPECT_GT(wells[0].mean[0], 5);
  EXPECT_LT(wells[1].mean[0], -5);
  EXPECT_FALSE(one_up_to_sign(testing::star_action(), wells));
  // Two pairs, each of two wells, with a weak bridge and fields: four.
  Action pairs(std::make_shared<Graph>(4, std::vector<Edge>{{0, 1}, {2, 3}, {1, 2}}));
  pairs.w = {1.5, 1.5, 0.02}, pairs.r = {0.2, -0.1, 0.1, 0};
  pairs.a.assign(4, -6), pairs.b.assign(4, 1);
  EXPECT_EQ(mean_fields(pairs).size(), 4U);
  // Sites that turn by themselves have no wells: each is in both of its own.
  pairs.w = {0.1, 0.1, 0.1};
  EXPECT_EQ(mean_fields(pairs).size(), 1U);
}

TEST(MeanField, TellsOneWellFromSeveral) {
  const Action loose = Action::uniform(lattice("square", 4), 0.2, 0, 1.5, 0.2);
  EXPECT_TRUE(one_up_to_sign(loose, mean_fields(loose)));
  Action ordered = Action::uniform(lattice("square", 6), 1, 0, 0.5, 0.2);
  EXPECT_TRUE(one_up_to_sign(ordered, mean_fields(ordered, 2)));
  for (double& r : ordered.r) r = 0.01;
  EXPECT_FALSE(one_up_to_sign(ordered, mean_fields(ordered)));
}

}  // namespace
}  // namespace quartic
