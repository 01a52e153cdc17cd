// Reweighting to real and complex actions against exact values (tests/reference/exact.json).
#include "quartic/stats/reweighting.hpp"

#include <gtest/gtest.h>

#include "quartic/core/error.hpp"
#include "quartic/core/quartic_density.hpp"
#include "quartic/stats/mbar.hpp"
#include "statistical/coverage.hpp"
#include "statistical/reweighting_fixtures.hpp"

namespace quartic::reweighting_test {
namespace {

TEST(Reweighting, ToItselfIsThePlainAverage) {
  const auto r = reweighting(bal(3), 3, {}, 1);
  ReweightingSample sample = r.sample();
  sample.terms = {sample.action};
  const auto point = Reweighting(sample).at({1.0});
  for (std::size_t k = 0; k < observables.size(); ++k) {
    double mean = 0;
    for (const double x : sample.observables[k]) mean += x;
    mean /= static_cast<double>(sample.action.size());
    EXPECT_NEAR(point.observables[k].value.real(), mean, 1e-13 * std::abs(mean));
    EXPECT_EQ(point.observables[k].value.imag(), 0);
  }
  EXPECT_EQ(point.ess.value, 1);
  EXPECT_EQ(point.ess.error, 0);
  EXPECT_EQ(point.phase.value, 1);
  EXPECT_EQ(point.log_ratio.value, Complex(0));
  EXPECT_EQ(point.effective_samples, sample.action.size());
  EXPECT_TRUE(point.ok) << point.reason;
}

TEST(Reweighting, OffsetsOfTheActionsChangeNothing) {
  const auto r = reweighting(nearest(3, 0.5), 3, {}, 2);
  auto sample = r.sample();
  for (double& s : sample.action) s += 1e6;
  sample.terms.emplace_back(sample.action.size(), -2e6);  // exp(2e6): nothing may overflow
  auto g = couplings(0.45, 0.15);
  const auto plain = r.at(g);
  g.push_back({1.0, 0.3e-6});
  const auto shifted = Reweighting(sample).at(g);
  for (std::size_t k = 0; k < observables.size(); ++k) {
    EXPECT_NEAR(std::abs(shifted.observables[k].value - plain.observables[k].value), 0, 1e-7);
    EXPECT_NEAR(shifted.observables[k].imag_error, plain.observables[k].imag_error, 1e-8);
  }
  EXPECT_NEAR(shifted.ess.value, plain.ess.value, 1e-8);
  EXPECT_NEAR(shifted.phase.value, plain.phase.value, 1e-8);
  EXPECT_NEAR(shifted.log_ratio.value.real() - plain.log_ratio.value.real(), 3e6, 1e-6);
  EXPECT_NEAR(shifted.log_ratio.value.imag() - plain.log_ratio.value.imag(), 0.6, 1e-6);
}

TEST(Reweighting, SameBitsForAnyNumberOfThreads) {
  const auto sample =
      make_sample(nearest(2, 0.5), 2, draw(nearest(2, 0.5), {.chains = 80, .draws = 37}, 3));
  const std::vector<std::vector<Complex>> grid{couplings(0.4, 0), couplings(0.5, 0.15)};
  const Reweighting one(sample, 1), two(sample, 2);
  const auto a = one.scan(grid), b = two.scan(grid);
  for (std::size_t k = 0; k < grid.size(); ++k) {
    const auto c = two.at(grid[k]);
    for (const auto& other : {b[k], c}) {
      for (std::size_t j = 0; j < observables.size(); ++j) {
        EXPECT_EQ(a[k].observables[j].value, other.observables[j].value);
        EXPECT_EQ(a[k].observables[j].imag_error, other.observables[j].imag_error);
      }
      EXPECT_EQ(a[k].error_samples, other.error_samples);
      EXPECT_EQ(a[k].phase.value, other.phase.value);
    }
  }
}

// Exact values wherever a point is ok; from the nearest action it has to be, from far it must not.
TEST(Reweighting, MeetsExactValuesWhereOk) {
  for (const auto& entry : reference()["square"]) {
    const int extent = entry["extent"][0];
    for (const double from : {0.0, 0.5, 1.0}) {
      const auto r = reweighting(nearest(extent, from), extent, {.chains = 1024}, 4);
      const double diagonal = entry["g_nnn"];
      for (const double mass : {0.0, 0.15}) {
        const auto point = r.at(couplings(diagonal, mass));
        const auto place = ::testing::Message() << extent << " from " << from << " to " << diagonal
                                                << " + " << mass << "i: " << point.reason;
        EXPECT_EQ(point.ok, from == diagonal) << place;
        if (!point.ok) continue;
        for (const double z : scores(point, exact(entry, mass != 0)))
          EXPECT_LT(std::abs(z), 4) << place;
        if (mass == 0) continue;
        EXPECT_NEAR(point.action.value.imag() / (extent * extent),
                    entry["complex"]["S_density"][1].get<double>(),
                    4 * point.action.imag_error / (extent * extent))
            << place;
      }
    }
  }
}

TEST(Reweighting, RatioOfPartitionFunctionsIsExact) {
  for (const auto& entry : reference()["square"]) {
    if (entry["g_nnn"] != 0) continue;
    const int extent = entry["extent"][0];
    const auto point = reweighting(bal(extent), extent, {}, 5).at(couplings(0, 0.15));
    const Complex expected = std::log(exact(entry, true).ratio);
    EXPECT_LT(std::abs(point.log_ratio.value.real() - expected.real()),
              4 * point.log_ratio.real_error);
    EXPECT_LT(std::abs(std::remainder(point.log_ratio.value.imag() - expected.imag(), 2 * M_PI)),
              4 * point.log_ratio.imag_error);
    // From the uncoupled field, whose Z is a product of Z1: F of the coupled one.
    const auto coupled = uniform(extent, 0.2, critical_a, critical_b);
    const auto weak = reweighting(uniform(extent, 0, critical_a, critical_b), extent, {}, 5);
    auto g = couplings(0, 0);
    g[0] = -0.2;
    const auto there = weak.at(g), back = reweighting(coupled, extent, {}, 6).at([] {
      auto zero = couplings(0, 0);
      zero[0] = 0;
      return zero;
    }());
    EXPECT_LT(std::abs(there.log_ratio.value.real() + back.log_ratio.value.real()),
              4 * std::hypot(there.log_ratio.real_error, back.log_ratio.real_error));
  }
}

// z-scores over seeds have variance 1: of real and imaginary parts, ratio and phase.
TEST(Reweighting, ErrorsAreHonestOverSeeds) {
  const auto& square = reference()["square"];
  const auto& entry = *std::find_if(square.begin(), square.end(), [](const auto& e) {
    return e["extent"][0] == 3 && e["g_nnn"] == 0.5;
  });
  const auto& plain = *std::find_if(square.begin(), square.end(), [](const auto& e) {
    return e["extent"][0] == 2 && e["g_nnn"] == 0;
  });
  ScoreVariance real, complex, ratio;
  const Amount amount{.chains = 128, .draws = 16, .sweeps = 2, .warm_up = 60};
  const int seeds = testing::thorough() ? 2000 : 500;
  for (int seed = 0; seed < seeds; ++seed) {
    const auto r = reweighting(nearest(3, 0.5), 3, amount, 1000 + seed);
    const auto points = r.scan({couplings(0.5, 0), couplings(0.5, 0.15)});
    real.add(scores(points[0], exact(entry, false)));
    complex.add(scores(points[1], exact(entry, true)));
    const auto expected = exact(plain, true);
    const auto point = reweighting(bal(2), 2, amount, 3000 + seed).at(couplings(0, 0.15));
    auto z = scores(point, expected);
    const auto difference = point.log_ratio.value - std::log(expected.ratio);
    z.push_back(difference.real() / point.log_ratio.real_error);
    z.push_back(difference.imag() / point.log_ratio.imag_error);
    ratio.add(z);
  }
  for (const auto* variance : {&real, &complex, &ratio})
    for (const double v : variance->variance())
      testing::expect_unit_variance(v, seeds, "over seeds");
}

TEST(Reweighting, LostOverlapIsNeverOk) {
  for (int seed = 0; seed < 30; ++seed) {
    const auto low = reweighting(bal(3), 3, {}, 100 + seed);
    const auto middle = reweighting(nearest(3, 0.5), 3, {}, 200 + seed);
    for (const double mass : {0.0, 0.15}) {
      for (const double diagonal : {0.2, 0.3, 0.5, 1.0})
        EXPECT_FALSE(low.at(couplings(diagonal, mass)).ok) << diagonal;
      for (const double diagonal : {0.0, 0.2, 0.8, 1.0})
        EXPECT_FALSE(middle.at(couplings(diagonal, mass)).ok) << diagonal;
    }
    // A sign problem: the weights are all equal, the phase is gone.
    const auto phase = low.at(couplings(0, 3));
    EXPECT_FALSE(phase.ok);
    EXPECT_EQ(phase.ess.value, low.at(couplings(0, 0)).ess.value);
  }
}

TEST(Reweighting, FewLongChainsGiveTheSameErrorsOrSayThatTheyAreTooShort) {
  const auto many = reweighting(bal(2), 2, {.chains = 1024, .draws = 16, .sweeps = 1}, 7);
  const auto few = reweighting(bal(2), 2, {.chains = 16, .draws = 8000, .sweeps = 1}, 7);
  const auto brief = reweighting(bal(6), 6, {.chains = 16, .draws = 4, .sweeps = 1}, 7);
  EXPECT_GT(few.groups().shortest_bin, 0);
  const auto a = many.at(couplings(0.03, 0.15)), b = few.at(couplings(0.03, 0.15));
  EXPECT_TRUE(a.ok && b.ok) << a.reason << b.reason;
  for (std::size_t k = 0; k < observables.size(); ++k) {
    const auto &x = a.observables[k], &y = b.observables[k];
    EXPECT_LT(std::abs(x.value.real() - y.value.real()),
              4 * std::hypot(x.real_error, y.real_error));
    EXPECT_LT(std::abs(x.value.imag() - y.value.imag()),
              4 * std::hypot(x.imag_error, y.imag_error));
  }
  EXPECT_FALSE(brief.at(couplings(0, 0)).ok);
  EXPECT_NE(brief.at(couplings(0, 0)).reason.find("too short"), std::string::npos)
      << brief.at(couplings(0, 0)).reason;
}

TEST(Reweighting, SamplesMayCarryLogWeights) {
  const auto& entry = reference()["square"][0];  // 2x2, g' = 0
  const Action from = uniform(2, 0.96, 1.52, 0.175);
  auto sample = make_sample(from, 2, draw(from, {.chains = 1024}, 8));
  const auto direct = Reweighting(sample).at(couplings(0, 0.15));
  // The same samples as if annealed to the nearly critical point: weights exp(-(S - S')).
  const auto source = sample.action;
  for (std::size_t n = 0; n < source.size(); ++n)
    sample.action[n] =
        critical_a * sample.terms[1][n] + critical_b * sample.terms[2][n] - sample.terms[0][n];
  for (std::size_t n = 0; n < source.size(); ++n)
    sample.log_weight.value.push_back(source[n] - sample.action[n] - 1e5);
  const auto annealed = Reweighting(sample).at(couplings(0, 0.15));
  EXPECT_TRUE(annealed.ok) << annealed.reason;
  for (const double z : scores(annealed, exact(entry, true))) EXPECT_LT(std::abs(z), 4);
  for (std::size_t k = 0; k < observables.size(); ++k)
    EXPECT_NEAR(std::abs(annealed.observables[k].value - direct.observables[k].value), 0, 1e-8);
  // Z_B / Z_S with S the annealed action: the exact ratio at this point.
  const Complex expected = std::log(exact(entry, true).ratio);
  EXPECT_LT(std::abs(annealed.log_ratio.value.real() - expected.real()),
            4 * annealed.log_ratio.real_error);
}

TEST(Reweighting, RefusesWhatDoesNotFit) {
  auto sample = reweighting(bal(2), 2, {.chains = 64, .draws = 2}, 9).sample();
  EXPECT_THROW(Reweighting(sample).at({1.0}), BadInput);
  auto broken = sample;
  broken.observables[1][3] = std::nan("");
  EXPECT_THROW(Reweighting{broken}, BadInput);
  broken = sample;
  broken.terms[0].pop_back();
  EXPECT_THROW(Reweighting{broken}, BadInput);
  broken = sample;
  broken.sets = {{1, 10}};
  EXPECT_THROW(Reweighting{broken}, BadInput);
}

// k of Pareto weights is the inverse of their exponent: of maximum likelihood's variance (1 + k)^2
// / tail, shrunk towards 1/2 as by ten more values of the tail.
TEST(ParetoShape, FindsTheExponent) {
  constexpr int seeds = 64, count = 40000, tail = 600;  // 3 sqrt(count)
  for (const double k : {0.1, 0.3, 0.7, 1.5}) {
    const double shrink = tail / (tail + 10.0), expected = 0.5 + shrink * (k - 0.5);
    const double deviation = shrink * (1 + k) / std::sqrt(tail);
    double mean = 0, square = 0;
    for (int seed = 0; seed < seeds; ++seed) {
      RandomStream random(11, Stream::check, seed);
      std::vector<double> log_weight(count);
      for (double& l : log_weight) l = -k * std::log(1 - random.uniform());
      const double z = (pareto_shape(log_weight) - expected) / deviation;
      mean += z / seeds, square += z * z / seeds;
    }
    EXPECT_NEAR(mean, 0, testing::rare_deviation / std::sqrt(seeds)) << k;
    testing::expect_unit_variance(square, seeds, "k of weights");
  }
  EXPECT_EQ(pareto_shape(std::vector<double>(1000, 3.0)), -INFINITY);
}

/// Samples of several uniform actions with every action on all of them.
struct Ladder {
  std::vector<ChainSet> sets;
  std::vector<std::vector<double>> actions;
  ReweightingSample sample;
};

Ladder ladder(const std::vector<Action>& rungs, int extent, const Amount& amount, int seed) {
  Fields all;
  Ladder out;
  for (std::size_t k = 0; k < rungs.size(); ++k) {
    const auto fields = draw(rungs[k], amount, 10 * seed + k);
    out.sets.push_back(fields.set);
    all.sites = fields.sites;
    all.phi.insert(all.phi.end(), fields.phi.begin(), fields.phi.end());
  }
  for (const auto& rung : rungs) out.actions.push_back(evaluate_action(rung, all.stored(), 1));
  out.sample = make_sample(rungs[0], extent, all);
  out.sample.sets = out.sets;
  return out;
}

double uncoupled_free_energy(int sites) {
  return -sites * log_quartic_normaliser(critical_a, critical_b, 0);
}

TEST(Mbar, MeetsExactFreeEnergies) {
  // Uncoupled to coupled: both ends are known.
  for (const auto& entry : reference()["square"]) {
    if (entry["g_nnn"] != 0) continue;
    const int extent = entry["extent"][0];
    std::vector<Action> rungs;
    for (const double w : {0.0, 0.4, 0.7, 1.0})
      rungs.push_back(uniform(extent, w, critical_a, critical_b));
    const auto l = ladder(rungs, extent, {}, 3);
    const auto mbar = solve_mbar(l.actions, l.sets);
    const auto& f = mbar.free_energy.back();
    const double expected = entry["F"].get<double>() - uncoupled_free_energy(extent * extent);
    EXPECT_LT(std::abs(f.value - expected), 4 * f.error);
    EXPECT_LT(f.error, 0.05);
    EXPECT_EQ(mbar.free_energy[0].value, 0);
    EXPECT_EQ(mbar.free_energy[0].error, 0);
  }
  // 3x3 from g' = 0 to 0.5, where no single ensemble reaches.
  std::vector<Action> rungs;
  for (int k = 0; k <= 10; ++k) rungs.push_back(king_action(3, 0.05 * k));
  const auto l = ladder(rungs, 3, {.chains = 128}, 4);
  const auto mbar = solve_mbar(l.actions, l.sets);
  const auto& f = mbar.free_energy.back();
  const double difference =
      reference()["square"][4]["F"].get<double>() - reference()["square"][3]["F"].get<double>();
  EXPECT_LT(std::abs(f.value - difference), 4 * f.error);
}

TEST(Mbar, TwoEnsemblesBeatEitherAlone) {
  const std::vector<Action> rungs{uniform(2, 0.5, critical_a, critical_b),
                                  uniform(2, 1.1, critical_a, critical_b)};
  const auto both = ladder(rungs, 2, {}, 5);
  auto sample = both.sample;
  sample.log_weight = solve_mbar(both.actions, both.sets).log_weight;
  auto g = couplings(0, 0);
  g[0] = -0.8;
  const auto mixed = Reweighting(sample).at(g);
  EXPECT_TRUE(mixed.ok) << mixed.reason;
  for (const auto& rung : rungs) {
    const auto alone = reweighting(rung, 2, {}, 6).at(g);
    for (std::size_t k = 0; k < observables.size(); ++k) {
      const auto &a = mixed.observables[k], &b = alone.observables[k];
      EXPECT_LT(a.real_error, b.real_error);
      EXPECT_LT(std::abs(a.value.real() - b.value.real()),
                4 * std::hypot(a.real_error, b.real_error));
    }
  }
}

// That F is estimated from the same samples belongs into the errors, also of complex averages:
// their squares are on average those of what the averages are off by. (A z-score of a phase varies
// by 1.1, because its value and its error vary together.)
TEST(Mbar, ErrorsAreHonestOverSeeds) {
  const auto& entry = reference()["square"][0];
  std::vector<Action> rungs;
  for (const double w : {0.0, 0.6, 1.0}) rungs.push_back(uniform(2, w, critical_a, critical_b));
  ScoreVariance averages, errors;
  const int seeds = testing::thorough() ? 1800 : 450;
  int ok = 0;
  for (int seed = 0; seed < seeds; ++seed) {
    auto l = ladder(rungs, 2, {.chains = 128, .draws = 24, .sweeps = 2, .warm_up = 50}, 100 + seed);
    const auto mbar = solve_mbar(l.actions, l.sets);
    l.sample.log_weight = mbar.log_weight;
    const auto point = Reweighting(l.sample, 1).at(couplings(0, 0.15));
    ok += point.ok;
    auto off = deviations(point, exact(entry, true));
    const double expected = std::log(std::abs(exact(entry, true).ratio)) -
                            entry["F"].get<double>() + uncoupled_free_energy(4);
    off.push_back({point.log_ratio.value.real() - expected, point.log_ratio.real_error});
    std::vector<double> value, error;
    for (const Estimate& x : off) value.push_back(x.value), error.push_back(x.error);
    averages.add(value), errors.add(error);
  }
  EXPECT_GT(ok, 0.8 * seeds);
  const auto square = averages.variance(), claimed = errors.variance();
  for (std::size_t k = 0; k < square.size(); ++k)
    testing::expect_unit_variance(square[k] / claimed[k], seeds, std::to_string(k));
}

TEST(Mbar, RefusesEnsemblesThatDoNotOverlap) {
  const auto l = ladder({king_action(3, 0), king_action(3, 1)}, 3, {}, 6);
  EXPECT_THROW(solve_mbar(l.actions, l.sets), BadInput);
}

}  // namespace
}  // namespace quartic::reweighting_test
