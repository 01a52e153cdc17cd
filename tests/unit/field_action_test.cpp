#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <complex>
#include <limits>

#include "quartic/core/aligned.hpp"
#include "quartic/core/error.hpp"
#include "quartic/field/action.hpp"
#include "quartic/field/factorisation.hpp"
#include "quartic/field/features.hpp"
#include "quartic/field/parameters.hpp"
#include "quartic/field/target.hpp"
#include "unit/graph_fixtures.hpp"

namespace quartic {
namespace {

using GraphPtr = std::shared_ptr<const Graph>;

GraphPtr lattice(const Lattice& l) {
  return std::make_shared<const Graph>(make_lattice(l));
}

Action random_action(GraphPtr graph, std::uint64_t seed) {
  Action action(std::move(graph));
  RandomStream random(seed, Stream::check, 77);
  for (auto& x : action.w) x = random.normal();
  for (auto& x : action.r) x = random.normal();
  for (auto& x : action.a) x = random.normal();
  for (auto& x : action.b) x = 0.1 + random.uniform();
  return action;
}

template <class T>
struct Block {
  AlignedVector<T> data;
  FieldBlock<const T> view;
  Block(int sites, int lanes, std::uint64_t seed)
      : data(static_cast<std::size_t>(sites) * lanes), view{data.data(), sites, lanes} {
    RandomStream random(seed, Stream::check, 78);
    for (auto& x : data) x = static_cast<T>(random.normal());
  }
  std::vector<double> lane(int l) const {
    std::vector<double> phi(view.sites);
    for (int i = 0; i < view.sites; ++i) phi[i] = view.site(i)[l];
    return phi;
  }
};

TEST(Factorisation, SumsToMinusTheAction) {
  for (const auto& l : testing::all_lattices()) {
    const auto graph = lattice(l);
    EXPECT_LT(factorisation_defect(random_action(graph, 1), 5, 2), 1e-12) << graph->description();
  }
  for (int seed = 0; seed < 20; ++seed) {
    const auto graph = std::make_shared<const Graph>(testing::random_graph(9, 0.05 * seed, seed));
    EXPECT_LT(factorisation_defect(random_action(graph, seed), 5, 2), 1e-12) << seed;
  }
}

TEST(Factorisation, IsTheTalksFormOnTheSquareLattice) {
  const Action action = random_action(lattice({"square", {4, 4}, {true, true}}), 3);
  const Factorisation factors(action);
  const Block<double> block(16, 16, 4);
  const auto phi = block.lane(0);
  ASSERT_EQ(factors.cliques()[0], (std::vector<int>{0, 1}));
  const auto edges = action.graph->edges();
  const auto edge = std::find(edges.begin(), edges.end(), Edge{0, 1}) - edges.begin();
  const auto site = [&](int i) {
    return action.r[i] * phi[i] + action.a[i] * phi[i] * phi[i] + action.b[i] * std::pow(phi[i], 4);
  };
  EXPECT_NEAR(factors.log_factor(0, phi),
              action.w[edge] * phi[0] * phi[1] - (site(0) + site(1)) / 4, 1e-13);
}

TEST(Markov, HoldsOnEveryGraph) {
  for (const auto& l : testing::all_lattices()) {
    const auto graph = lattice(l);
    const auto check = check_markov(random_action(graph, 5), 2, 6);
    EXPECT_TRUE(check.holds) << graph->description() << " " << check.max_change;
    EXPECT_LT(check.max_change, 1e-9) << graph->description();
    if (graph->edge_count() == 0) continue;
    EXPECT_GT(check.max_control, 0.1) << graph->description();
  }
}

TEST(Markov, RefusesWhatIsNoDistribution) {
  const auto graph = lattice({"chain", {4}, {true}});
  EXPECT_THROW(check_markov(Action::uniform(graph, 1, 0, 1, -1), 1, 0), BadInput);
  EXPECT_THROW(check_markov(Action::uniform(graph, 1, 0, 1, 1), 0, 0), BadInput);
  EXPECT_THROW(factorisation_defect(Action::uniform(graph, 1, 0, 1, 1), 0, 0), BadInput);
}

template <class T>
void expect_features(int lanes) {
  for (const auto& l :
       {Lattice{"square", {3, 2}, {true, true}}, Lattice{"king", {3, 4}, {false, true}}}) {
    const auto graph = lattice(l);
    Action action = random_action(graph, 7);
    const Block<T> block(graph->sites(), lanes, 8);
    std::vector<double> out(lanes);
    evaluate_action(action, block.view, out);
    for (int k = 0; k < lanes; ++k)
      EXPECT_NEAR(out[k], action.evaluate(block.lane(k)), 1e-12 * (1 + std::abs(out[k])) * 10);
    // S is linear in theta: a difference quotient is exact but for rounding.
    for (const auto& freedom :
         {std::array{Freedom::free, Freedom::free, Freedom::free, Freedom::free},
          std::array{Freedom::tied, Freedom::frozen, Freedom::free, Freedom::tied}}) {
      const Parameters parameters(graph, freedom);
      std::vector<double> f(static_cast<std::size_t>(parameters.size()) * lanes);
      evaluate_features(parameters, block.view, f.data(), lanes);
      const auto theta = parameters.gather(action);
      Action at = action;
      parameters.scatter(theta, at);
      for (int k = 0; k < parameters.size(); ++k) {
        auto moved = theta;
        moved[k] += 0.5;
        Action shifted = at;
        parameters.scatter(moved, shifted);
        for (int lane = 0; lane < lanes; lane += 5) {
          const auto phi = block.lane(lane);
          EXPECT_NEAR(f[k * lanes + lane], 2 * (shifted.evaluate(phi) - at.evaluate(phi)), 1e-10)
              << parameters.label(k);
        }
      }
    }
  }
}

TEST(Features, AgreeWithTheScalarAction) {
  expect_features<float>(16);
  expect_features<float>(64);
  expect_features<double>(16);
  expect_features<double>(64);
}

TEST(Features, TiedKindWithoutEdgesWritesNothing) {
  const auto graph = std::make_shared<const Graph>(2, std::vector<Edge>{});
  const Parameters none(graph, {Freedom::tied, Freedom::frozen, Freedom::frozen, Freedom::frozen});
  EXPECT_EQ(none.size(), 0);
  std::vector<double> guard(16, 3.0);
  evaluate_features(none, Block<double>(2, 16, 1).view, guard.data(), 16);
  EXPECT_EQ(guard, std::vector<double>(16, 3.0));
}

/// A term written out as a loop over one lattice's sites, with its own wrapping.
double naive(const std::string& term, const std::vector<double>& phi, int rows, int columns) {
  const auto at = [&](int x, int y) {
    return phi[((x + rows) % rows) * columns + (y + columns) % columns];
  };
  double sum = 0;
  for (int x = 0; x < rows; ++x)
    for (int y = 0; y < columns; ++y) {
      const double p = at(x, y);
      if (term == "nn" || term == "edges") sum += p * (at(x + 1, y) + at(x, y + 1));
      if (term == "nnn") sum += p * (at(x + 1, y + 1) + at(x + 1, y - 1));
      if (term == "pairs") sum += p * at(x + 2, y - 1);
      if (term == "phi") sum += p;
      if (term == "phi2") sum += std::pow(p, 2);
      if (term == "phi4") sum += std::pow(p, 4);
      if (term == "phi6") sum += std::pow(p, 6);
      if (term == "plaquette") sum += p * at(x + 1, y) * at(x, y + 1) * at(x + 1, y + 1);
    }
  return sum;
}

template <class T>
void expect_terms(int lanes) {
  const auto graph = lattice({"square", {3, 4}, {true, true}});
  const Block<T> block(12, lanes, 9);
  std::vector<double> out(lanes), doubled(lanes), total(lanes), expected(lanes);
  std::vector<TermSpec> specs;
  for (const auto name : term_names()) {
    if (name == "function") continue;
    TermSpec spec{std::string(name), {0.5, 0.25}, {}, {}, {}};
    if (name == "pairs") spec.displacement = {2, -1};
    const bool two = name == "nn" || name == "nnn" || name == "edges";
    make_term(spec, *graph)->evaluate(block.view, out);
    TermSpec weighted = spec;
    weighted.weights.assign(two ? 24 : 12, 2.0);
    make_term(weighted, *graph)->evaluate(block.view, doubled);
    for (int k = 0; k < lanes; ++k) {
      const double value = naive(spec.name, block.lane(k), 3, 4);
      EXPECT_NEAR(out[k], value, 1e-11 * (1 + std::abs(value))) << name;
      EXPECT_NEAR(doubled[k], 2 * value, 1e-11 * (1 + std::abs(value))) << name;
      expected[k] += 0.5 * value;
    }
    specs.push_back(spec);
  }
  const Target target(specs, *graph);
  EXPECT_FALSE(target.real());
  target.evaluate(block.view, total);
  for (int k = 0; k < lanes; ++k)
    EXPECT_NEAR(total[k], expected[k], 1e-11 * (1 + std::abs(expected[k])));
}

TEST(Terms, AgreeWithNaiveLoops) {
  expect_terms<float>(16);
  expect_terms<float>(64);
  expect_terms<double>(16);
  expect_terms<double>(64);
}

/// As a term beside others; and blocks put side by side are the same as one by one.
TEST(Terms, AFunctionIsATermLikeAnother) {
  const auto graph = lattice({"square", {3, 4}, {true, true}});
  const auto cubes = [](FieldBlock<const double> phi, std::span<double> out) {
    for (int lane = 0; lane < phi.lanes; ++lane) {
      out[lane] = 0;
      for (int i = 0; i < phi.sites; ++i) out[lane] += std::pow(phi.site(i)[lane], 3);
    }
  };
  const Block<float> block(12, 16, 9), other(12, 16, 10);
  TermSpec own{"function", 2.0, {}, {}, {}, cubes};
  const Target target(std::vector<TermSpec>{{"phi2", 1.0, {}, {}, {}}, own}, *graph);
  std::vector<double> both(16), known(16), side(32);
  target.evaluate(block.view, both);
  target.known().evaluate(block.view, known);
  evaluate_function<float>(
      cubes, 2, [&](int k) { return k == 0 ? block.view : other.view; }, side);
  for (int k = 0; k < 16; ++k) {
    double expected = 0;
    for (const double x : block.lane(k)) expected += x * x * x;
    EXPECT_NEAR(side[k], expected, 1e-5);
    EXPECT_EQ(both[k], known[k] + 2 * side[k]);
  }
  EXPECT_EQ(target.functions().size(), 1);
  EXPECT_NO_THROW(require_normalisable(std::vector<TermSpec>{own}, graph));
}

TEST(Terms, RefuseWithReasonAndRemedy) {
  const Graph square = make_lattice({"square", {3, 4}, {true, true}}), list(3, {{0, 1}, {1, 2}});
  const auto refused = [](const TermSpec& spec, const Graph& graph, const std::string& why) {
    try {
      make_term(spec, graph);
      ADD_FAILURE() << why;
    } catch (const BadInput& e) {
      EXPECT_NE((e.what() + (" | " + e.hint())).find(why), std::string::npos) << e.what();
    }
  };
  refused({"function", 1, {}, {}, {}}, square, "a function of the program");
  refused({"phi3", 1, {}, {}, {}}, square, "unknown target term 'phi3' | did you mean 'phi");
  refused({"phi2", 1, {}, {}, {1, 2}}, square, "has 2 weights for 12 sites");
  refused({"nn", 1, {}, {}, {1}}, square, "has 1 weights for 24 pairs");
  refused({"plaquette", 1, {}, {}, {1}}, square, "has 1 weights for 12 plaquettes");
  refused({"nnn", 1, {}, {}, {}}, list, "needs a lattice");
  refused({"pairs", 1, {}, {}, {}}, square, "either a displacement or an edge file");
  refused({"edges", 1, {}, {}, {}}, Graph(2, {}), "no such pairs");
}

TEST(Validity, NamesTheSite) {
  const auto graph = lattice({"chain", {4}, {true}});
  const auto expect = [](const Action& action, const std::string& why) {
    const auto reason = why_not_normalisable(action);
    ASSERT_TRUE(reason) << why;
    EXPECT_NE(reason->find(why), std::string::npos) << *reason;
    EXPECT_THROW(require_normalisable(action), BadInput);
  };
  EXPECT_FALSE(why_not_normalisable(Action::uniform(graph, 5, 1, -9, 0.1)));
  EXPECT_FALSE(why_not_normalisable(Action::uniform(graph, 1, 0, 1.001, 0)));
  expect(Action::uniform(graph, 1, 0, 0.999, 0), "not positive definite");
  expect(Action::uniform(graph, 1, 0, 1, 0), "not positive definite");
  Action action = Action::uniform(graph, 1, 0, 2, 1);
  action.b[2] = -0.5;
  expect(action, "b of site 2 is -0.5");
  action.b[2] = 0;
  EXPECT_FALSE(why_not_normalisable(action));
  action.a[2] = 0;
  expect(action, "b = 0 at site 2");
  action.b[2] = 1;
  action.w[1] = std::numeric_limits<double>::quiet_NaN();
  expect(action, "w of edge 1-2 is nan");
  // Each site by its own scale, and the site at fault is named.
  Action scales = Action::uniform(graph, 0, 0, 1, 0);
  scales.a[0] = 1e9;
  scales.a[3] = 1e-9;
  EXPECT_FALSE(why_not_normalisable(scales));
  scales.a[3] = 0;
  expect(scales, "b = 0 at site 3");
}

TEST(ActionTest, LatticeTheoryIsTheBalPoint) {
  const auto action =
      Action::lattice_theory(lattice({"square", {4, 4}, {true, true}}), 1, -0.9515, 0.7);
  EXPECT_DOUBLE_EQ(action.a[5], 1.52425);
  EXPECT_DOUBLE_EQ(action.b[5], 0.175);
  const Action random = random_action(action.graph, 1);
  auto phi = Block<double>(16, 16, 2).lane(3);
  const double j = random.local_field(6, phi);
  phi[6] = 1;
  const double up = random.evaluate(phi);
  phi[6] = -1;
  EXPECT_NEAR(random.evaluate(phi) - up, 2 * j, 1e-12);
}

TEST(ParametersTest, GatherScatterLabels) {
  const auto graph = lattice({"chain", {3}, {false}});
  Action action = random_action(graph, 3);
  const Parameters p(graph, {Freedom::free, Freedom::frozen, Freedom::free, Freedom::tied});
  ASSERT_EQ(p.size(), 6);
  const std::vector<std::string> labels{"w[0,1]", "w[1,2]", "a[0]", "a[1]", "a[2]", "b"};
  for (int k = 0; k < 6; ++k) EXPECT_EQ(p.label(k), labels[k]);
  EXPECT_EQ(p.kind(1), CouplingKind::w);
  EXPECT_EQ(p.kind(2), CouplingKind::a);
  EXPECT_EQ(p.kind(5), CouplingKind::b);
  EXPECT_EQ(p.begin(CouplingKind::r), p.end(CouplingKind::r));
  EXPECT_NEAR(p.gather(action)[5], (action.b[0] + action.b[1] + action.b[2]) / 3, 1e-15);
  const auto r = action.r;
  const std::vector<double> theta{1, 2, 3, 4, 5, 6};
  p.scatter(theta, action);
  EXPECT_EQ(p.gather(action), theta);
  EXPECT_EQ(action.r, r);
  EXPECT_EQ(action.b, std::vector<double>(3, 6.0));
}

}  // namespace
}  // namespace quartic
