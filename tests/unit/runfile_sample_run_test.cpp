#include <numeric>

#include "quartic/runfile/sample_file.hpp"
#include "quartic/runfile/sample_run.hpp"
#include "unit/run_file_fixtures.hpp"

namespace quartic {
namespace {

std::vector<double> awkward(std::size_t count) {
  std::vector<double> values(count);
  for (std::size_t k = 0; k < count; ++k) values[k] = std::sin(static_cast<double>(k)) / 3;
  if (count > 1) values[0] = -0.0, values[1] = std::numeric_limits<double>::denorm_min();
  return values;
}

/// Not sampled, but with every entry of its own.
SampleRun sample_run_of_six_sites() {
  const Config config = parse_config(
      "[graph]\nextent = [3, 2]\n[sampler]\nchains = 16\n[sample]\nuntil = \"m2\"\n", "run.toml");
  SampleRun run{.config = config,
                .provenance = make_provenance("quartic sample run.toml", 7),
                .action = make_start(config, make_graph(config.graph)),
                .warmed_up = true,
                .warm_up_sweeps = 123,
                .stationary = false,
                .stop_reason = StopReason::relative_error,
                .schedule = "a move",
                .acceptance = {{"one", 1.0 / 3, 12}, {"other", 0.25, 6}},
                .kept = {.thin = 4},
                .measuring_seconds = 1.5,
                .observables = {"m2", "phi2"}};
  for (int draw = 0; draw < 3; ++draw) {
    std::vector<float> phi(16 * 6);
    std::iota(phi.begin(), phi.end(), static_cast<float>(1000 * draw));
    run.kept.phi.push_back(phi);
    run.kept.action.push_back(awkward(16));
  }
  ObservableResult m2{.name = "m2", .meaning = "m²", .estimate = {}, .reason = {}};
  m2.estimate = {.mean = 0.1,
                 .error = 0.01,
                 .tau = 3,
                 .tau_error = 0.5,
                 .ess = 42,
                 .window = 7,
                 .window_found = false,
                 .r_hat = 1.25};
  ObservableResult xi{.name = "correlation_length",
                      .meaning = "",
                      .derived = true,
                      .estimate = {},
                      .ok = false,
                      .reason = "too short"};
  run.results = {m2, xi};
  run.two_point = TwoPoint{{3, 2}, awkward(6), awkward(6), awkward(6), awkward(6)};
  for (int k = 0; k < 16 * 6; ++k) run.sampler.phi.push_back(std::sin(static_cast<float>(k)));
  run.sampler.streams.assign(16 * 4, 0xFFFFFFF0u);
  run.sampler.schedule.cluster = ClusterMove::swendsen_wang;
  run.measurement = {.draws = 12,
                     .bin_length = 4,
                     .bins = awkward(2 * 16 * 3),
                     .open_bin = awkward(2 * 16),
                     .squares = awkward(2 * 16),
                     .products = awkward(3 * 16),
                     .spectra = awkward(4 * 6),
                     .reference = awkward(2),
                     .wells = std::vector<std::int32_t>(16, 1),
                     .unvisited = awkward(2)};
  run.wells = "2 wells";
  return run;
}

TEST_F(RunFile, SampleComesBackExactly) {
  const auto run = sample_run_of_six_sites();
  write_run(file(), run);
  EXPECT_EQ(run_kind(file()), RunKind::sample);
  const auto back = read_sample_run(file());
  EXPECT_EQ(to_toml(back.config), to_toml(run.config));
  EXPECT_EQ(back.action.w, run.action.w);
  EXPECT_EQ(back.warmed_up, run.warmed_up);
  EXPECT_EQ(back.warm_up_sweeps, run.warm_up_sweeps);
  EXPECT_EQ(back.stationary, run.stationary);
  EXPECT_EQ(back.stop_reason, run.stop_reason);
  EXPECT_EQ(back.schedule, run.schedule);
  ASSERT_EQ(back.acceptance.size(), 2u);
  EXPECT_EQ(back.acceptance[0].move, "one");
  EXPECT_EQ(back.acceptance[0].rate, 1.0 / 3);
  EXPECT_EQ(back.kept.thin, 4);
  EXPECT_EQ(back.kept.phi, run.kept.phi);
  EXPECT_EQ(back.kept.action, run.kept.action);
  EXPECT_EQ(back.measuring_seconds, 1.5);
  EXPECT_EQ(back.sampler.phi, run.sampler.phi);
  EXPECT_EQ(back.sampler.streams, run.sampler.streams);
  EXPECT_EQ(back.sampler.schedule, run.sampler.schedule);
  EXPECT_EQ(back.observables, run.observables);
  EXPECT_EQ(back.measurement.draws, 12);
  EXPECT_EQ(back.measurement.bin_length, 4);
  EXPECT_EQ(back.measurement.bins, run.measurement.bins);
  EXPECT_EQ(back.measurement.open_bin, run.measurement.open_bin);
  EXPECT_EQ(back.measurement.squares, run.measurement.squares);
  EXPECT_EQ(back.measurement.products, run.measurement.products);
  EXPECT_EQ(back.measurement.spectra, run.measurement.spectra);
}

TEST_F(RunFile, SampleResultsComeBackExactly) {
  const auto run = sample_run_of_six_sites();
  write_run(file(), run);
  const auto back = read_sample_run(file());
  ASSERT_EQ(back.results.size(), 2u);
  for (int k = 0; k < 2; ++k) {
    const auto &x = back.results[k], &y = run.results[k];
    EXPECT_EQ(x.name, y.name);
    EXPECT_EQ(x.meaning, y.meaning);
    EXPECT_EQ(x.derived, y.derived);
    EXPECT_EQ(x.ok, y.ok);
    EXPECT_EQ(x.reason, y.reason);
    EXPECT_EQ(x.estimate.mean, y.estimate.mean);
    EXPECT_EQ(x.estimate.error, y.estimate.error);
    EXPECT_EQ(x.estimate.tau, y.estimate.tau);
    EXPECT_EQ(x.estimate.tau_error, y.estimate.tau_error);
    EXPECT_EQ(x.estimate.ess, y.estimate.ess);
    EXPECT_EQ(x.estimate.window, y.estimate.window);
    EXPECT_EQ(x.estimate.window_found, y.estimate.window_found);
    EXPECT_EQ(x.estimate.r_hat, y.estimate.r_hat);
  }
  ASSERT_TRUE(back.two_point);
  EXPECT_EQ(back.two_point->extent, run.two_point->extent);
  EXPECT_EQ(back.two_point->correlation, run.two_point->correlation);
  EXPECT_EQ(back.two_point->structure_factor_error, run.two_point->structure_factor_error);
}

TEST_F(RunFile, ARunThatHasNotBegunComesBack) {
  auto run = sample_run_of_six_sites();
  run.kept = {}, run.results.clear(), run.two_point.reset(), run.acceptance.clear();
  run.measurement.draws = 0, run.measurement.bins.clear(), run.measurement.spectra.clear();
  write_run(file(), run);
  const auto back = read_sample_run(file());
  EXPECT_TRUE(back.kept.phi.empty());
  EXPECT_TRUE(back.results.empty());
  EXPECT_FALSE(back.two_point);
  EXPECT_THROW(read_sample(file()), BadInput);
}

TEST_F(RunFile, HoldsWhatTheLayoutListsForSample) {
  write_run(file(), sample_run_of_six_sites());
  expect_layout(file(), "sample");
}

TEST_F(RunFile, StoredSampleIsByChainThenDraw) {
  const auto run = sample_run_of_six_sites();
  write_run(file(), run);
  const auto sample = read_sample(file());
  EXPECT_EQ(sample.chains, 16);
  EXPECT_EQ(sample.draws, 3);
  EXPECT_EQ(sample.sites, 6);
  for (int chain = 0; chain < 16; ++chain)
    for (int draw = 0; draw < 3; ++draw) {
      EXPECT_EQ(sample.phi[(chain * 3 + draw) * 6 + 5], 1000.0F * draw + 6 * chain + 5);
      EXPECT_EQ(sample.action_value[chain * 3 + draw], run.kept.action[draw][chain]);
    }
}

TEST_F(RunFile, AnotherKindIsRefusedByName) {
  write_run(file(), sample_run_of_six_sites());
  try {
    read_learn_run(file());
    FAIL();
  } catch (const BadInput& error) {
    EXPECT_NE(
        std::string(error.what()).find("is a run of `quartic sample`, not of `quartic learn`"),
        std::string::npos);
  }
}

TEST(KeptDraws, KeepAtMostSoManyEvenlySpaced) {
  for (const int base : {1, 3}) {
    KeptDraws kept{.thin = base};
    for (int draw = 1; draw <= 1000; ++draw) {
      if (kept.wants(draw)) kept.keep({static_cast<float>(draw)}, {1.0 * draw}, 10);
      ASSERT_LE(kept.phi.size(), 10u);
      for (std::size_t k = 0; k < kept.phi.size(); ++k)
        ASSERT_EQ(kept.phi[k][0], static_cast<float>(kept.thin * (k + 1)));
      ASSERT_EQ(static_cast<int>(kept.phi.size()), draw / kept.thin);
    }
    EXPECT_EQ(kept.action.size(), kept.phi.size());
    EXPECT_GE(kept.phi.size(), 5u);
  }
}

}  // namespace
}  // namespace quartic
