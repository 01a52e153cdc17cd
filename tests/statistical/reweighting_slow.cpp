// Verdicts and errors of reweighting over many seeds and over distances from near to lost, against
// exact averages of the 2x2 lattice by quadrature; and 4x4 against direct simulation.
#include <gtest/gtest.h>

#include "quartic/learn/variational.hpp"
#include "statistical/reweighting_fixtures.hpp"

namespace quartic::reweighting_test {
namespace {

/// Exact averages under A4(g') + i m sum phi^2 on the periodic 2x2 lattice, whose two diagonals
/// count four times and whose four edges twice: trapezoidal sums, exponentially accurate.
Exact exact_2x2(double diagonal, double mass) {
  constexpr int points = 53;
  constexpr double step = 0.19;
  const auto x = [](int k) { return (k - points / 2) * step; };
  Complex sum[5] = {};
  double modulus = 0;
#pragma omp parallel for
  for (int a = points / 2; a < points; ++a) {  // the others by the sign of all fields
    Complex part[5] = {};
    double part_modulus = 0;
    for (int b = 0; b < points; ++b)
      for (int c = 0; c < points; ++c)
        for (int d = 0; d < points; ++d) {
          const double p = x(a), q = x(b), r = x(c), s = x(d);
          const double phi2 = p * p + q * q + r * r + s * s;
          const double phi4 = p * p * p * p + q * q * q * q + r * r * r * r + s * s * s * s;
          const double nn = 2 * (p * q + p * r + q * s + r * s), nnn = 4 * (p * s + q * r);
          const double w = std::exp(nn + diagonal * nnn - critical_a * phi2 - critical_b * phi4 -
                                    40 * diagonal) *
                           (a == points / 2 ? 1 : 2);
          const Complex z = std::polar(w, -mass * phi2);
          const double values[] = {1, phi2, phi4, nn, nnn};
          part_modulus += w;
          for (int k = 0; k < 5; ++k) part[k] += z * values[k];
        }
#pragma omp critical
    {
      modulus += part_modulus;
      for (int k = 0; k < 5; ++k) sum[k] += part[k];
    }
  }
  Exact out{{}, sum[0] / modulus};
  for (int k = 1; k < 5; ++k) out.observables.push_back(sum[k] / sum[0] / 4.0);
  return out;
}

TEST(ReweightingSlow, QuadratureMeetsTheReference) {
  for (const auto& entry : reference()["square"]) {
    if (entry["extent"][0] != 2) continue;
    for (const double mass : {0.0, 0.15}) {
      const auto found = exact_2x2(entry["g_nnn"], mass), expected = exact(entry, mass != 0);
      for (std::size_t k = 0; k < observables.size(); ++k)
        EXPECT_NEAR(std::abs(found.observables[k] - expected.observables[k]), 0,
                    1e-7 * std::abs(expected.observables[k]));
      EXPECT_NEAR(std::abs(found.ratio - expected.ratio), 0, 1e-7);
    }
  }
}

struct Path {
  Action from;
  double first, last;
};

// Over 300 seeds the z-scores of all points that are ok have variance 1 within 15 %, those of each
// point that is nearly always ok within 3 standard errors of a variance over 300 seeds; where the
// overlap is lost no seed's point is ok.
TEST(ReweightingSlow, VerdictsSeparateHonestErrorsFromLostOverlap) {
  constexpr int seeds = 300, steps = 14;
  ScoreVariance real, complex;
  for (const auto& path : {Path{bal(2), 0, 0.35}, Path{nearest(2, 0.5), 0.15, 0.85}}) {
    std::vector<std::vector<Complex>> grid;
    std::vector<Exact> expected;
    std::vector<double> masses;
    for (int k = 0; k <= steps; ++k)
      for (const double mass : {0.0, 0.15}) {
        const double g = path.first + (path.last - path.first) * k / steps;
        grid.push_back(couplings(g, mass)), expected.push_back(exact_2x2(g, mass));
        masses.push_back(mass);
      }
    std::vector<ScoreVariance> scores_of(grid.size());
    std::vector<int> effective(grid.size());
    for (int seed = 0; seed < seeds; ++seed) {
      const auto points = reweighting(path.from, 2, {.chains = 1024}, 5000 + seed).scan(grid);
      for (std::size_t k = 0; k < grid.size(); ++k) {
        effective[k] += points[k].effective_samples < 500;
        if (!points[k].ok) continue;
        scores_of[k].add(scores(points[k], expected[k]));
        (masses[k] == 0 ? real : complex).add(scores(points[k], expected[k]));
      }
    }
    for (std::size_t k = 0; k < grid.size(); ++k) {
      if (scores_of[k].count() > 0.95 * seeds) {
        for (const double v : scores_of[k].variance()) EXPECT_NEAR(v, 1, 0.25) << grid[k][3];
      }
      if (effective[k] == seeds) {
        EXPECT_EQ(scores_of[k].count(), 0) << grid[k][3];
      }
    }
  }
  for (const auto* all : {&real, &complex})
    for (const double v : all->variance()) EXPECT_NEAR(v, 1, 0.15);
}

/// Tied couplings that have learned A4.
Action learned_a4() {
  const auto graph = lattice("square", 4);
  const std::vector<TermSpec> specs{{"nn", -1.0, {}, {}, {}},
                                    {"nnn", -1.0, {}, {}, {}},
                                    {"phi2", critical_a, {}, {}, {}},
                                    {"phi4", critical_b, {}, {}, {}}};
  const Parameters tied(graph, {Freedom::tied, Freedom::frozen, Freedom::tied, Freedom::tied});
  VariationalLearner<float> learner(Target(specs, *graph), tied,
                                    Action::uniform(graph, 0.5, 0, 1.5, 0.2), {}, {}, 2);
  learner.warm_up();
  while (!learner.finished()) learner.step();
  return learner.action();
}

// 4x4: the learned field reweighted to A4, along g' and to a complex action agrees with direct
// simulations of A4 as an action of the king graph.
TEST(ReweightingSlow, FourByFourAgreesWithDirectSimulation) {
  const Amount amount{.chains = 1024, .draws = 64, .sweeps = 4, .warm_up = 400};
  const auto from = reweighting(learned_a4(), 4, amount, 11);
  for (const double diagonal : {0.98, 1.0, 1.02}) {
    const auto direct = Reweighting(
        make_sample(king_action(4, diagonal), 4, draw(king_action(4, diagonal), amount, 12)));
    for (const double mass : {0.0, 0.15}) {
      const auto a = from.at(couplings(diagonal, mass)), b = direct.at(couplings(diagonal, mass));
      EXPECT_TRUE(a.ok && b.ok) << a.reason << b.reason;
      EXPECT_LT(std::abs(a.phase.value - b.phase.value),
                4 * std::hypot(a.phase.error, b.phase.error) + 1e-12);
      for (std::size_t k = 0; k < observables.size(); ++k) {
        const auto &x = a.observables[k], &y = b.observables[k];
        EXPECT_LT(std::abs(x.value.real() - y.value.real()),
                  4 * std::hypot(x.real_error, y.real_error));
        EXPECT_LE(std::abs(x.value.imag() - y.value.imag()),
                  4 * std::hypot(x.imag_error, y.imag_error));
      }
    }
  }
}

}  // namespace
}  // namespace quartic::reweighting_test
