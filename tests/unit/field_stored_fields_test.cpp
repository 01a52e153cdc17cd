// Stored configurations evaluated block by block, and which targets can be normalised.
#include <gtest/gtest.h>

#include <cmath>

#include "graph_fixtures.hpp"
#include "quartic/core/error.hpp"
#include "quartic/core/random.hpp"
#include "quartic/field/stored_fields.hpp"
#include "quartic/graph/lattice.hpp"

namespace quartic {
namespace {

using testing::term;

std::shared_ptr<const Graph> square_of() {
  return std::make_shared<Graph>(make_lattice({"square", {4, 4}, {true, true}}));
}

TEST(StoredFields, EqualTheFormulasForAnyNumberOfSamples) {
  const auto graph = square_of();
  Action action = Action::uniform(graph, 0.7, 0.1, 1.2, 0.3);
  action.w[3] = -0.4;
  RandomStream random(3, Stream::check, 0);
  for (const std::size_t samples : {1u, 63u, 64u, 130u}) {
    std::vector<float> phi(samples * 16);
    for (float& x : phi) x = static_cast<float>(random.normal());
    const StoredFields fields{phi, 16};
    const auto s = evaluate_action(action, fields);
    const auto values =
        evaluate_observables({"m", "abs_m", "m2", "m4", "phi2", "phi6"}, *graph, fields);
    EXPECT_EQ(evaluate_action(action, fields, 1), evaluate_action(action, fields, 2));
    for (std::size_t n = 0; n < samples; ++n) {
      const std::vector<double> x(phi.begin() + n * 16, phi.begin() + (n + 1) * 16);
      EXPECT_NEAR(s[n], action.evaluate(x), 1e-12 * (1 + std::abs(s[n])));
      double m = 0, phi2 = 0, phi6 = 0;
      for (const double y : x) m += y / 16, phi2 += y * y / 16, phi6 += std::pow(y, 6) / 16;
      const double expected[] = {m, std::abs(m), m * m, m * m * m * m, phi2, phi6};
      for (int k = 0; k < 6; ++k)
        EXPECT_NEAR(values[k][n], expected[k], 1e-12 * (1 + std::abs(expected[k])));
    }
  }
}

TEST(StoredFields, RefuseUnknownObservables) {
  const std::vector<float> phi(16);
  EXPECT_THROW(evaluate_observables({"phi3"}, *square_of(), {phi, 16}), BadInput);
  EXPECT_THROW(evaluate_observables({"pairs"}, *square_of(), {phi, 16}), BadInput);
}

TEST(Target, IsRefusedWhereItCannotBeNormalised) {
  const auto graph = square_of();
  const auto fits = [&](std::vector<TermSpec> target) {
    try {
      require_normalisable(target, graph);
      return true;
    } catch (const BadInput&) {
      return false;
    }
  };
  EXPECT_TRUE(fits({term("nn", -1), term("phi2", -5), term("phi4", 0.1)}));
  EXPECT_FALSE(fits({term("nn", -1), term("phi2", 1.5), term("phi4", -0.1)}));
  EXPECT_TRUE(fits({term("phi4", -0.1), term("phi6", 0.01)}));
  EXPECT_FALSE(fits({term("phi4", 0.1), term("phi6", -0.01)}));
  // Gaussian: lowest eigenvalue a - 2 |w| at zero or staggered momentum.
  EXPECT_TRUE(fits({term("nn", -1), term("phi2", 2.01)}));
  EXPECT_FALSE(fits({term("nn", -1), term("phi2", 1.99)}));
  EXPECT_FALSE(fits({term("nn", -1), term("nnn", -0.5), term("phi2", 2.9)}));
  EXPECT_TRUE(fits({term("nn", -1), term("nnn", -0.5), term("phi2", 3.1)}));
  // Equal fields: V (b - |g|) phi^4.
  EXPECT_TRUE(fits({term("plaquette", -0.19), term("phi4", 0.2)}));
  EXPECT_FALSE(fits({term("plaquette", -0.21), term("phi4", 0.2)}));
  // An imaginary part does not matter.
  auto imaginary = term("phi4", 0);
  imaginary.coupling = {0.1, -3};
  EXPECT_TRUE(fits({term("nn", -1), imaginary}));
}

}  // namespace
}  // namespace quartic
