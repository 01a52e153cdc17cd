// Wells that the moves do not join: shares by annealing, and samples that are right or say not.
#include "quartic/stats/wells.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "exact_reference.hpp"
#include "quartic/core/random.hpp"
#include "quartic/run/diagnosis.hpp"
#include "quartic/run/sample.hpp"
#include "star.hpp"
#include "statistical/coverage.hpp"

namespace quartic {
namespace {

using testing::star_action;

SampleRun sampled(const Action& action, std::uint64_t seed, const std::string& more = "",
                  int chains = 256, int draws = 200) {
  Config config = parse_config("[graph]\nlattice = \"chain\"\nextent = [4]\n" + more, "test");
  config.sampler.options.chains = chains, config.sample.draws = draws, config.run.seed = seed;
  SampleRun run = begin_sampling(config, action, "test");
  Store<SampleRun> nowhere;
  Unattended nobody;
  sample(run, nowhere, nobody.session);
  return run;
}

const ObservableResult& result(const SampleRun& run, const std::string& name) {
  return *std::find_if(run.results.begin(), run.results.end(),
                       [&](const auto& r) { return r.name == name; });
}

double z(const ObservableResult& r, double exact) {
  return (r.estimate.mean - exact) / r.estimate.error;
}

TEST(Wells, AnnealingKnowsTheirShares) {
  // The leaves' pull against the hub's own field, from nearly even to hopeless.
  for (const double r : {1.72, 1.6, 0.8}) {
    const Action star = star_action(r);
    const Wells wells(star, 256);
    ASSERT_TRUE(wells.several());
    const auto shares = well_shares<float>(wells, star, {}, 5);
    const double exact = testing::exact(star).share_below;
    const int below = wells.minima()[0].mean[0] < 0 ? 0 : 1;
    const double log_odds = std::log(shares[below].share / shares[1 - below].share),
                 wanted = std::log(exact / (1 - exact));
    const double error = std::sqrt(1 / shares[0].effective + 1 / shares[1].effective);
    EXPECT_GE(shares[below].effective, 20);
    EXPECT_LT(std::abs(log_odds - wanted), 5 * error) << r << " " << log_odds << " " << wanted;
  }
}

TEST(Wells, AWholeEnsembleIsNotLeftInTheWrongOne) {
  const Action star = star_action();
  const auto exact = testing::exact(star);
  EXPECT_NEAR(exact.m, 1.947682, 2e-6);
  for (const char* more : {"", "[sampler]\ncluster = \"swendsen-wang\"\n", "[sampler]\nrungs = 8\n",
                           "[sampler]\nprecision = \"float64\"\n"}) {
    const SampleRun run = sampled(star, 3, more);
    for (const auto& [name, value] : {std::pair{"m", exact.m}, {"phi2", exact.phi2}}) {
      // Tempering goes through w = 0, where the other well is the right one: it may doubt.
      const bool tempered = std::string(more).find("rungs") != std::string::npos;
      const auto& found = result(run, name);
      EXPECT_TRUE(found.ok || tempered) << more << name << ": " << found.reason;
      if (found.ok) {
        EXPECT_LT(std::abs(z(found, value)), 4.5) << more << name;
      }
    }
  }
}

TEST(Wells, TwoThatDoNotExchangeMakeNothingOk) {
  // Both wells hold some per cent: the chains go by the shares, whose error nobody knows.
  const SampleRun run = sampled(star_action(1.6), 3);
  EXPECT_FALSE(run.wells.empty());
  for (const auto& r : run.results) {
    EXPECT_FALSE(r.ok) << r.name;
    EXPECT_NE(r.reason.find("wells"), std::string::npos) << r.reason;
  }
  for (const auto& check : diagnose(run))
    if (check.name == "wells that moves do not join") {
      EXPECT_FALSE(check.ok);
    }
  // Its value is near all the same.
  EXPECT_NEAR(result(run, "m").estimate.mean, testing::exact(star_action(1.6)).m, 0.1);
}

TEST(Wells, ThoseThatExchangeCostNothing) {
  Action pair(std::make_shared<Graph>(2, std::vector<Edge>{{0, 1}}));
  pair.w = {1.5}, pair.r = {0.2, -0.1}, pair.a = {-2, -2}, pair.b = {1, 1};
  ASSERT_EQ(mean_fields(pair).size(), 2U);
  const SampleRun run = sampled(pair, 4);
  EXPECT_TRUE(run.wells.empty()) << run.wells;
  for (const auto& r : run.results) EXPECT_TRUE(r.ok) << r.name << ": " << r.reason;
}

TEST(Wells, GroupsThatDoNotDifferAreSaidToDoSoByChanceOnly) {
  // p-values of the analysis of variance are uniform, so that 1e-6 means what it says: at its
  // median half of the cases differ.
  constexpr int chains = 24, trials = 2000;
  std::vector<std::int32_t> group(chains);
  for (int c = 0; c < chains; ++c) group[c] = c % 3;
  int differ = 0, shifted = 0;
  for (int trial = 0; trial < trials; ++trial) {
    auto series = testing::ar1(chains, 16, 2, trial);
    differ += groups_differ(series, chains, group);
    for (int c = 0; c < chains; c += 3)
      for (int t = 0; t < 16; ++t) series[c * 16 + t] += 6;
    shifted += groups_differ(series, chains, group);
  }
  EXPECT_EQ(differ, 0);
  EXPECT_EQ(shifted, trials);
}

}  // namespace
}  // namespace quartic
