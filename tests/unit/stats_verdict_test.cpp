// When a measured observable is ok: the rules one by one, and that fluctuations keep their digits.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <string>

#include "quartic/core/quartic_density.hpp"
#include "quartic/core/random.hpp"
#include "quartic/graph/lattice.hpp"
#include "quartic/mcmc/precision.hpp"
#include "quartic/stats/measurement.hpp"
#include "statistical/coverage.hpp"
#include "stats/observable_verdict.hpp"

namespace quartic {
namespace {

std::shared_ptr<const Graph> square(int extent) {
  return std::make_shared<Graph>(make_lattice({"square", {extent, extent}, {true, true}}));
}

SeriesEstimate good() {
  return {.mean = 1, .error = 0.01, .tau = 1, .tau_error = 0.1, .ess = 1000, .r_hat = 1.001};
}

ObservableResult verdict(const SeriesEstimate& estimate, Evidence evidence) {
  ObservableResult result{"m2", "", false, estimate, true, {}};
  judge(result, evidence);
  return result;
}

TEST(Verdict, NamesWhatIsWrong) {
  const Evidence fine{.chains = 16, .draws = 1000};
  EXPECT_TRUE(verdict(good(), fine).ok);
  const auto refused = [&](const char* reason, auto&& spoil) {
    SeriesEstimate e = good();
    Evidence evidence = fine;
    spoil(e, evidence);
    const auto result = verdict(e, evidence);
    EXPECT_FALSE(result.ok) << reason;
    EXPECT_NE(result.reason.find(reason), std::string::npos) << result.reason;
  };
  refused("not finite", [](auto& e, auto&) { e.mean = NAN; });
  refused("same value", [](auto&, auto& evidence) { evidence.frozen = true; });
  refused("negative", [](auto&, auto& evidence) { evidence.negative = true; });
  refused("rounding", [](auto&, auto& evidence) { evidence.rounding = 0.004; });
  refused("well of small weight", [](auto&, auto& evidence) { evidence.unvisited = 0.004; });
  refused("effective", [](auto& e, auto&) { e.ess = 50; });
  refused("disagree", [](auto& e, auto&) { e.r_hat = 1.2; });
  refused("how long tau is", [](auto& e, auto&) { e.window_found = false; });
  refused("too short for tau", [](auto& e, auto&) { e.r_hat = 1.2, e.tau = 100; });
}

TEST(Verdict, ManyChainsOfOneDrawSpeakForThemselves) {
  SeriesEstimate e = good();
  e.r_hat = NAN;
  EXPECT_TRUE(verdict(e, {.chains = 1024, .draws = 1}).ok);
  EXPECT_FALSE(verdict(e, {.chains = 16, .draws = 1}).ok);
}

TEST(Verdict, PopulationsThatDoNotExchangeAreSeen) {
  constexpr int chains = 64, draws = 40;
  int alarms = 0;
  for (int seed = 0; seed < 200; ++seed) {
    auto x = testing::ar1(chains, draws, 2, seed);
    alarms += falls_apart(x, chains, estimate_series(x, chains).r_hat);
    for (int t = 0; t < draws; ++t) x[t] += 12;  // one chain elsewhere
    EXPECT_TRUE(falls_apart(x, chains, estimate_series(x, chains).r_hat)) << seed;
  }
  EXPECT_EQ(alarms, 0);
  // Slow, but one population.
  for (int seed = 0; seed < 50; ++seed) {
    const auto x = testing::ar1(chains, draws, 30, seed);
    alarms += falls_apart(x, chains, estimate_series(x, chains).r_hat);
  }
  EXPECT_LE(alarms, 1);
}

TEST(Verdict, RareVisitsAreCounted) {
  constexpr int chains = 64, draws = 200;
  int alarms = 0;
  for (int seed = 0; seed < 100; ++seed) {
    auto x = testing::ar1(chains, draws, 2, seed);
    const double error = estimate_series(x, chains).error;
    alarms += rare_visits(x, chains, error).has_value();
    for (double& v : x) v = std::exp(v);  // a skew tail is no population
    alarms += rare_visits(x, chains, estimate_series(x, chains).error).has_value();
    x = testing::ar1(chains, draws, 2, seed);
    for (int visit = 0; visit < 6; ++visit)
      for (int t = 0; t < 10; ++t) x[visit * 7 * draws + 20 + t] += 15;
    const auto visits = rare_visits(x, chains, error);
    ASSERT_TRUE(visits) << seed;
    EXPECT_EQ(*visits, 6);
  }
  EXPECT_LE(alarms, 1);
  // The tail of a log-normal function of a user's was called a population in three runs of four.
  for (int seed = 0; seed < 20; ++seed) {
    auto x = testing::ar1(256, 400, 0.5, seed);
    for (double& v : x) v = std::exp(2 * v);
    alarms += rare_visits(x, 256, estimate_series(x, 256).error).has_value();
  }
  EXPECT_LE(alarms, 2);
  // Few chains, whose 16 furthest values have wide gaps by chance: one run in eleven.
  alarms = 0;
  for (int seed = 0; seed < 100; ++seed) {
    auto x = testing::ar1(16, 500, 0.5, seed);
    for (double& v : x) v = std::exp(v);
    alarms += rare_visits(x, 16, estimate_series(x, 16).error).has_value();
  }
  EXPECT_LE(alarms, 2);
}

/// Var(S) of one site, from <S> under lambda S: - d<S>/d lambda at lambda = 1, and <S> itself.
std::pair<double, double> action_of_a_site(double a, double b) {
  const auto mean = [&](double lambda) {
    const auto m = quartic_moments(lambda * a, lambda * b, 0);
    return a * m.second + b * m.fourth;
  };
  const double step = 1e-3;
  return {mean(1), (mean(1 - step) - mean(1 + step)) / (2 * step)};
}

TEST(Verdict, TheActionKeepsItsDigitsInDeepWells) {
  for (const double b : {1e2, 1e5, 1e7}) {
    const Action action = Action::uniform(square(4), 0, 0, -2.6 * b, b);
    const auto measured = [&]<class T>(T) {
      SamplerOptions options;
      options.chains = 256, options.threads = 1;
      Sampler<T> sampler(action, options, 7, Stream::sample);
      Measurement measurement(action, options.chains);
      for (int draw = 0; draw < 100; ++draw) {
        sampler.draw_uncoupled();
        measurement.add(sampler);
      }
      return measurement.results();
    };
    const auto precision = chosen_precision(Precision::automatic, action);
    EXPECT_EQ(precision, b > 1e6 ? Precision::float64 : Precision::float32) << b;
    const auto results = precision == Precision::float64 ? measured(double{}) : measured(float{});
    // Near the bottom of a well S is a square of a Gaussian: Var(S) = 1/2 + O(1/b).
    for (const auto& r : results) {
      if (r.name == "specific_heat") {
        EXPECT_TRUE(r.ok) << b << r.reason;
        EXPECT_LT(std::abs(r.estimate.mean - 0.5), 4.5 * r.estimate.error + 1 / b) << b;
      }
      if (r.name == "action_density") {
        EXPECT_TRUE(r.ok) << b << r.reason;
        const double exact = action_of_a_site(-2.6 * b, b).first;
        EXPECT_LT(std::abs(r.estimate.mean - exact), 4.5 * r.estimate.error + 4e-16 * -exact) << b;
      }
    }
  }
}

TEST(Verdict, PrecisionFollowsTheAction) {
  const auto chosen = [](double w, double r, double a, double b) {
    return chosen_precision(Precision::automatic, Action::uniform(square(4), w, r, a, b));
  };
  EXPECT_EQ(chosen(1, 0, 1.52425, 0.175), Precision::float32);
  EXPECT_EQ(chosen(1, 0, -200, 100), Precision::float32);     // near the Ising limit
  EXPECT_EQ(chosen(0, -1e6, 1, 0), Precision::float64);       // far from zero
  EXPECT_EQ(chosen(0, 0, -2e8, 1e8), Precision::float64);     // sharp
  EXPECT_EQ(chosen(0, 0, 1e-20, 1e-41), Precision::float64);  // its fourth power
  EXPECT_EQ(chosen(0, -300, 1, 0.001), Precision::float64);   // a large action
  const Action far = Action::uniform(square(4), 0, -1e6, 1, 0);
  EXPECT_NE(why_not_float32(far).find("site 0"), std::string::npos) << why_not_float32(far);
  EXPECT_THROW(Sampler<float>(far, {}, 1), BadInput);
  EXPECT_NO_THROW(Sampler<double>(far, {}, 1));
}

TEST(Verdict, ACorrelationLengthThatIsNotThereIsUndefined) {
  for (const double w : {0.0, -0.4}) {
    const Action action = Action::uniform(square(6), w, 0, 1, 0.2);
    SamplerOptions options;
    options.chains = 256, options.threads = 1;
    Sampler<float> sampler(action, options, 3, Stream::sample);
    sampler.warm_up(100);
    Measurement measurement(action, options.chains);
    for (int draw = 0; draw < 100; ++draw) {
      sampler.sweep(2);
      measurement.add(sampler);
    }
    const auto results = measurement.results();
    const auto& xi = results.back();
    const auto& square = results[results.size() - 2];
    EXPECT_EQ(xi.name, "correlation_length");
    EXPECT_TRUE(xi.undefined()) << xi.reason;
    EXPECT_TRUE(std::isnan(xi.estimate.mean));
    EXPECT_TRUE(square.ok) << square.reason;
    if (w < 0) {
      EXPECT_LT(square.estimate.mean, -5 * square.estimate.error);
    } else {
      EXPECT_LT(std::abs(square.estimate.mean), 4.5 * square.estimate.error);
    }
  }
}

}  // namespace
}  // namespace quartic
