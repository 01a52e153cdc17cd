#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "quartic/core/quartic_density.hpp"
#include "quartic/core/random.hpp"
#include "quartic/run/diagnosis.hpp"
#include "quartic/run/problem.hpp"
#include "unit_draws.hpp"

namespace quartic {
namespace {

ObservableResult healthy(const std::string& name, double value, double error) {
  ObservableResult result{.name = name, .meaning = name, .estimate = {}, .reason = {}};
  result.estimate = {.mean = value,
                     .error = error,
                     .tau = 1,
                     .tau_error = 0.1,
                     .ess = 5000,
                     .window = 5,
                     .window_found = true,
                     .r_hat = 1.001};
  return result;
}

/// Exact draws of uncoupled sites, nothing wrong with it.
SampleRun healthy_run() {
  const Config config = parse_config(
      "[graph]\nextent = [3, 3]\n[sampler]\nchains = 64\n[action]\nw = 0\na = 0.5\nb = 0.3\n", "");
  SampleRun run{.config = config,
                .provenance = {},
                .action = make_start(config, make_graph(config.graph)),
                .warmed_up = true,
                .warm_up_sweeps = 200,
                .stop_reason = StopReason::draws_done,
                .acceptance = {{"independence", 0.9, 100}, {"flip", 0.0, 100}},
                .results = {healthy("m", 0.001, 0.002), healthy("m2", 0.1, 0.01)}};
  run.measurement.draws = 100;
  RandomStream random(1, Stream::check, 0);
  for (int draw = 0; draw < 20; ++draw) {
    std::vector<float> phi(64 * 9);
    for (float& x : phi) x = static_cast<float>(draw_quartic(0.5, 0.3, 0, random));
    run.kept.keep(std::move(phi), std::vector<double>(64), 100);
  }
  return run;
}

/// The first words of the checks that fail.
std::set<std::string> failures(const SampleRun& run) {
  std::set<std::string> names;
  for (const auto& check : diagnose(run)) {
    EXPECT_FALSE(check.threshold.empty());
    if (check.ok) continue;
    EXPECT_FALSE(check.advice.empty()) << check.name;
    names.insert(check.name.substr(0, check.name.find(' ')));
  }
  return names;
}

using Names = std::set<std::string>;

TEST(Diagnosis, FindsNothingWrongWithAHealthySample) {
  EXPECT_EQ(failures(healthy_run()), Names{});
  EXPECT_GE(diagnose(healthy_run()).size(), 10u);
}

TEST(Diagnosis, NamesWhatIsWrongAndNothingElse) {
  const auto spoilt = [](auto spoil) {
    auto run = healthy_run();
    spoil(run);
    return failures(run);
  };
  EXPECT_EQ(spoilt([](auto& run) { run.stop_reason = StopReason::running; }), Names{"draws,"});
  EXPECT_EQ(spoilt([](auto& run) { run.stationary = false; }), Names{"warm-up"});
  EXPECT_EQ(spoilt([](auto& run) { run.results[1].estimate.r_hat = 1.2; }), Names{"R-hat"});
  EXPECT_EQ(spoilt([](auto& run) { run.results[1].estimate.ess = 30; }), Names{"ESS"});
  EXPECT_EQ(spoilt([](auto& run) { run.results[1].estimate.tau = 30; }), Names{"draws"});
  EXPECT_EQ(spoilt([](auto& run) { run.results[1].estimate.window_found = false; }), Names{"tau"});
  EXPECT_EQ(spoilt([](auto& run) { run.acceptance[0].rate = 0.01; }), Names{"acceptance"});
  EXPECT_EQ(spoilt([](auto& run) { run.results[0].estimate.mean = 0.1; }), Names{"sign"});
  EXPECT_EQ(spoilt([](auto& run) { run.action.a.assign(9, 0.7); }),
            (Names{"virial", "Schwinger-Dyson,"}));
  EXPECT_EQ(
      spoilt([](auto& run) { run.results[1].ok = false, run.results[1].reason = "too short"; }),
      Names{"observables"});
}

TEST(Diagnosis, ExpectsNoSymmetryWhereLinearCouplingsBreakIt) {
  auto run = healthy_run();
  run.results[0].estimate.mean = 0.1, run.action.r[2] = 1e-9;
  EXPECT_EQ(failures(run), Names{});
}

}  // namespace
}  // namespace quartic
