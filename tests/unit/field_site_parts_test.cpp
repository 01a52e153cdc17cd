// Actions site by site: densities and gradients, and balls on a graph.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <numeric>
#include <vector>

#include "quartic/core/aligned.hpp"
#include "quartic/core/random.hpp"
#include "quartic/field/features.hpp"
#include "quartic/field/target.hpp"
#include "quartic/graph/ball.hpp"
#include "quartic/graph/lattice.hpp"

namespace quartic {
namespace {

constexpr int part_lanes = 16;

std::shared_ptr<const Graph> parts_torus(int rows, int columns) {
  return std::make_shared<Graph>(make_lattice({"square", {rows, columns}, {true, true}}));
}

template <class T>
AlignedVector<T> parts_fields(int sites, std::uint64_t seed) {
  AlignedVector<T> out(static_cast<std::size_t>(sites) * part_lanes);
  RandomStream random(seed, Stream::check, 79);
  for (T& x : out) x = static_cast<T>(random.normal());
  return out;
}

/// `add` gives the parts of what `value` evaluates: the densities sum to it, and the gradient is a
/// difference quotient of fourth order.
template <class T, class Value, class Add>
void expect_parts(int sites, Value&& value, Add&& add, const std::string& what) {
  auto fields = parts_fields<T>(sites, 11);
  const FieldBlock<const T> phi{fields.data(), sites, part_lanes};
  AlignedVector<double> density(fields.size()), gradient(fields.size());
  add(SitePart::density, phi, FieldBlock<double>{density.data(), sites, part_lanes});
  add(SitePart::gradient, phi, FieldBlock<double>{gradient.data(), sites, part_lanes});
  std::vector<double> total(part_lanes), sum(part_lanes);
  value(phi, std::span<double>(total));
  for (std::size_t n = 0; n < density.size(); ++n) sum[n % part_lanes] += density[n];
  for (int lane = 0; lane < part_lanes; ++lane)
    EXPECT_NEAR(sum[lane], total[lane], 1e-11 * (1 + std::abs(total[lane]))) << what;
  AlignedVector<double> moved(fields.begin(), fields.end());
  const auto at = [&](int i, double by) {
    std::vector<double> out(part_lanes);
    for (int lane = 0; lane < part_lanes; ++lane) moved[i * part_lanes + lane] += by;
    value(FieldBlock<const double>{moved.data(), sites, part_lanes}, std::span<double>(out));
    for (int lane = 0; lane < part_lanes; ++lane)
      moved[i * part_lanes + lane] = static_cast<double>(fields[i * part_lanes + lane]);
    return out;
  };
  constexpr double h = 1e-2;
  for (int i = 0; i < sites; ++i) {
    const auto right = at(i, h), left = at(i, -h), far_right = at(i, 2 * h),
               far_left = at(i, -2 * h);
    for (int lane = 0; lane < part_lanes; ++lane) {
      const double slope =
          (8 * (right[lane] - left[lane]) - (far_right[lane] - far_left[lane])) / (12 * h);
      EXPECT_NEAR(gradient[i * part_lanes + lane], slope, 1e-5 * (1 + std::abs(slope))) << what;
    }
  }
}

template <class T>
void expect_parts_of_terms() {
  const auto graph = parts_torus(3, 4);
  for (const auto name : term_names()) {
    if (name == "function") continue;
    const bool two = name == "nn" || name == "nnn" || name == "edges";
    for (const bool weighted : {false, true}) {
      TermSpec spec{std::string(name), -0.7, {}, {}, {}};
      if (name == "pairs") spec.displacement = {1, -1};
      for (int k = 0; weighted && k < (two ? 24 : 12); ++k) spec.weights.push_back(0.3 + 0.1 * k);
      const Target target(std::vector{spec}, *graph);
      ASSERT_TRUE(target.has(SitePart::density) && target.has(SitePart::gradient));
      expect_parts<T>(
          12, [&](const auto& phi, auto out) { target.evaluate(phi, out); },
          [&](SitePart part, const auto& phi, auto out) { target.add(part, phi, out); }, spec.name);
    }
  }
}

TEST(SiteParts, OfTermsSumToThemAndAreTheirSlopes) {
  expect_parts_of_terms<float>();
  expect_parts_of_terms<double>();
}

TEST(SiteParts, OfActionsSumToThemAndAreTheirSlopes) {
  for (const char* name : {"square", "triangular"}) {
    const auto graph = std::make_shared<Graph>(make_lattice({name, {3, 4}, {true, false}}));
    Action action(graph);
    RandomStream random(3, Stream::check, 80);
    for (const auto kind : all_coupling_kinds)
      for (double& x : action.couplings(kind)) x = random.uniform();
    expect_parts<double>(
        12, [&](const auto& phi, auto out) { evaluate_action(action, phi, out); },
        [&](SitePart part, const auto& phi, auto out) { add_action(part, action, 1, phi, out); },
        name);
  }
}

TEST(SiteParts, OfAFunctionAreWhatItsUserSays) {
  const auto graph = parts_torus(3, 4);
  TargetFunction cubes;
  cubes.value = [](FieldBlock<const double> phi, std::span<double> out) {
    for (int lane = 0; lane < phi.lanes; ++lane) {
      out[lane] = 0;
      for (int i = 0; i < phi.sites; ++i) out[lane] += std::pow(phi.site(i)[lane], 3);
    }
  };
  TermSpec spec{"function", 0.5, {}, {}, {}};
  spec.function = cubes;
  EXPECT_FALSE(Target(std::vector{spec}, *graph).has(SitePart::density));
  const auto by_site = [](double factor, int power) {
    return [=](FieldBlock<const double> phi, FieldBlock<double> out) {
      for (int n = 0; n < phi.sites * phi.lanes; ++n)
        out.data[n] = factor * std::pow(phi.data[n], power);
    };
  };
  spec.function.densities = by_site(1, 3), spec.function.gradient = by_site(3, 2);
  const std::vector<TermSpec> both{spec, {"phi4", 1, {}, {}, {}}};
  const Target target(both, *graph);
  ASSERT_TRUE(target.has(SitePart::density) && target.has(SitePart::gradient));
  expect_parts<float>(
      12, [&](const auto& phi, auto out) { target.evaluate(phi, out); },
      [&](SitePart part, const auto& phi, auto out) { target.add(part, phi, out); }, "cubes");
}

TEST(GraphBall, HasTheDistancesOfATorus) {
  constexpr int rows = 5, columns = 8;
  const auto graph = parts_torus(rows, columns);
  GraphBall ball(*graph);
  const auto along = [](int difference, int extent) {
    return std::min(std::abs(difference), extent - std::abs(difference));
  };
  for (int i = 0; i < graph->sites(); i += 7) {
    for (int j = 0; j < graph->sites(); ++j) {
      const int exact =
          along(i / columns - j / columns, rows) + along(i % columns - j % columns, columns);
      EXPECT_EQ(ball.distance(i, j, 3), std::min(exact, 4));
    }
  }
  const std::vector<int> pair{0, 1};  // a domino has 2 (r + 1)^2 sites within r
  EXPECT_EQ(ball.around(pair, 1).size(), 8u);
  const Graph apart(3, {{0, 1}});
  EXPECT_EQ(GraphBall(apart).distance(0, 2, 9), 10);
}

TEST(GraphBall, GivesTheReachOfTerms) {
  const auto graph = parts_torus(8, 8);
  const auto reach = [&](const char* name, std::vector<int> displacement = {}) {
    return make_term({name, 1, std::move(displacement), {}, {}}, *graph)->reach(*graph, 4);
  };
  EXPECT_EQ(reach("phi4"), 0);
  EXPECT_EQ(reach("nn"), 1);
  EXPECT_EQ(reach("nnn"), 2);
  EXPECT_EQ(reach("plaquette"), 2);
  EXPECT_EQ(reach("pairs", {3, -1}), 4);
  EXPECT_EQ(reach("pairs", {4, 4}), 5);
}

}  // namespace
}  // namespace quartic
