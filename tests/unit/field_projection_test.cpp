// A target as an action: both must have the same value on any field.
#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>
#include <memory>
#include <vector>

#include "graph_fixtures.hpp"
#include "quartic/core/aligned.hpp"
#include "quartic/core/error.hpp"
#include "quartic/core/random.hpp"
#include "quartic/field/features.hpp"
#include "quartic/field/projection.hpp"
#include "quartic/graph/lattice.hpp"

namespace quartic {
namespace {

using testing::term;

std::shared_ptr<const Graph> square(int x, int y, bool periodic = true) {
  return std::make_shared<Graph>(make_lattice({"square", {x, y}, {periodic, periodic}}));
}

/// The target by its terms and by the action, on random fields.
void expect_equal(const std::vector<TermSpec>& terms, const std::shared_ptr<const Graph>& graph) {
  const auto action = target_as_action(terms, graph);
  ASSERT_TRUE(action);
  constexpr int lanes = 16;
  AlignedVector<double> phi(static_cast<std::size_t>(graph->sites()) * lanes);
  RandomStream random(3, Stream::check, 0);
  for (double& x : phi) x = random.normal();
  const FieldBlock<const double> block{phi.data(), graph->sites(), lanes};
  std::vector<double> wanted(lanes), found(lanes);
  Target(terms, *graph).evaluate(block, wanted);
  evaluate_action(*action, block, found);
  for (int lane = 0; lane < lanes; ++lane) EXPECT_NEAR(found[lane], wanted[lane], 1e-11);
}

TEST(Projection, HasTheTargetsValueOnLatticesThatNeedNewEdges) {
  const std::vector<TermSpec> terms{term("nn", -1), term("nnn", -0.6), term("phi", 0.3),
                                    term("phi2", 1.5), term("phi4", 0.2)};
  expect_equal(terms, square(5, 4));
  expect_equal(terms, square(4, 3, false));
  expect_equal(terms, square(2, 2));  // parallel edges, diagonals that coincide
  expect_equal(terms, square(3, 3));
}

TEST(Projection, HasTheTargetsValueWithWeightsDisplacementsAndListedPairs) {
  const auto graph = square(4, 4);
  TermSpec far{"pairs", 0.7, {0, 2}, {}, {}};  // each pair twice on extent 4
  TermSpec weighted = term("phi2", 2);
  for (int i = 0; i < 16; ++i) weighted.weights.push_back(0.1 * i);
  TermSpec bonds = term("nn", -1);
  for (int e = 0; e < 32; ++e) bonds.weights.push_back(1 + 0.05 * e);
  const std::string file = ::testing::TempDir() + "projection_pairs.txt";
  std::ofstream(file) << "0 9\n3 4\n0 1\n";
  expect_equal({far, weighted, bonds, {"pairs", -0.3, {}, file, {}}}, graph);
  std::remove(file.c_str());
}

TEST(Projection, KeepsTheGraphWhereNoEdgeIsNew) {
  const auto graph = square(4, 4);
  const auto action = target_as_action(std::vector{term("nn", -1), term("edges", -0.5)}, graph);
  ASSERT_TRUE(action);
  EXPECT_EQ(action->graph, graph);
  EXPECT_EQ(action->w, std::vector<double>(32, 1.5));
}

TEST(Projection, ExtendsAnActionByZeros) {
  const auto graph = square(4, 4);
  const auto target = target_as_action(std::vector{term("nnn", -1), term("phi4", 1)}, graph);
  ASSERT_TRUE(target);
  EXPECT_EQ(target->graph->edge_count(), 64);
  const Action action = Action::uniform(graph, 0.8, 0.1, 1.2, 0.3);
  const Action extended = extend(action, target->graph);
  RandomStream random(1, Stream::check, 0);
  std::vector<double> phi(16);
  for (double& x : phi) x = random.normal();
  EXPECT_NEAR(extended.evaluate(phi), action.evaluate(phi), 1e-12);
  EXPECT_THROW(extend(extended, graph), BadInput);
  EXPECT_THROW(extend(action, square(4, 5)), BadInput);
}

TEST(Projection, IsNothingForTermsThatNoActionHas) {
  const auto graph = square(4, 4);
  for (const char* name : {"phi6", "plaquette"})
    EXPECT_FALSE(target_as_action(std::vector{term("nn", -1), term(name, 0.1)}, graph)) << name;
  TermSpec complex = term("phi2", 1);
  complex.coupling = {1, 0.15};
  EXPECT_FALSE(target_as_action(std::vector{complex}, graph));
  EXPECT_THROW(target_as_action(std::vector{term("ph2", 1)}, graph), BadInput);
}

}  // namespace
}  // namespace quartic
