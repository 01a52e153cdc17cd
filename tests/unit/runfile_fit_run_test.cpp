#include "quartic/data/write_rows.hpp"
#include "quartic/runfile/fit_run.hpp"
#include "quartic/runfile/sample_file.hpp"
#include "unit/run_file_fixtures.hpp"

namespace quartic {
namespace {

FitRun fit_sample() {
  const Config config = parse_config(
      "[graph]\nextent = [3, 2]\nboundary = [\"periodic\", \"open\"]\n[sampler]\nchains = 16\n"
      "[action]\na.freedom = \"tied\"\n[data]\npath = \"x.npy\"\nscaling = \"unit\"\n"
      "[fit]\nweight_decay = [0.5, 0, 0, 1]\nchains_at_data = false\n",
      "run.toml");
  Action action(make_graph(config.graph));
  for (double& a : action.a) a = 1.0 / 3;
  FitRun run{.config = config,
             .provenance = make_provenance("quartic fit run.toml", 7),
             .action = action,
             .freedom = config.action.freedom(),
             .data = {"7 x 6 from x.npy",
                      "7x6:0123",
                      {3, 2},
                      {ScalingMethod::unit, {0.1}, {2.0 / 3}},
                      7,
                      2,
                      0.5,
                      std::vector<float>(12, 0.5F),
                      {"a", "b, c", "d", "é", "", "f"}},
             .start = "score matching",
             .snapshots = {{0, std::vector<float>(48, 1.5F)}, {1, std::vector<float>(48, -2)}},
             .stop_reason = StopReason::held_out_worse};
  const Parameters parameters = run.parameters();
  for (int k = 0; k < parameters.size(); ++k) {
    run.history.parameters.push_back(parameters.label(k));
    run.theta_error.push_back(1e-3 / (k + 3));
  }
  run.history.expected.assign(parameters.size(), std::nan(""));
  FitRow row;
  row.gain.value = 0.25, row.held_out_gain.value = std::nan(""), row.worst_moment = 3,
  row.draws = 11;
  run.history.append(row, std::vector<double>(parameters.size(), 0.1), run.theta_error);
  LikelihoodState& state = run.checkpoint;
  state.epoch = 4, state.w = action.w, state.r = action.r, state.a = action.a, state.b = action.b;
  state.theta_error = run.theta_error, state.weight = 1.0 / 7, state.draws = 9;
  state.best_theta.assign(run.theta_error.size(), -0.0), state.best_theta[1] = 5e-324;
  state.since_best = -1e-9, state.worse_epochs = 2;
  state.stop_reason = StopReason::running;
  state.sampler.phi.assign(16 * 6, 0.25), state.sampler.streams.assign(16 * 4, 77U);
  run.warmed_up = true;
  Evaluation j;
  j.free_energy.work.difference = {-3, 0.01}, j.free_energy.steps = 5;
  j.ok = false, j.reason = "why not";
  const auto scored = [&](double shift) {
    DataScore score;
    score.moments.graph = action.graph;
    for (int k = 0; k < action.graph->edge_count() + 18; ++k) {
      score.moments.model.push_back({0.1 * k, 0.01});
      score.moments.data.push_back({0.1 * k + shift, 0.02});
      score.moments.z.push_back(k == 3 ? std::nan("") : shift * k);
    }
    score.moments.summarise();
    score.log_likelihood.value = {-1 + shift, 0.1}, score.log_likelihood.rows_error = 0.09;
    score.score_matching = {-5, shift}, score.pseudo_likelihood = {-6, 0.2};
    return score;
  };
  j.train = scored(0.5), j.held_out = scored(0.25);
  j.draws = {16, 2, 6, std::vector<float>(32UL * 6, 0.3F), std::vector<double>(32, 1.0 / 9)};
  run.evaluation = j;
  return run;
}

TEST_F(RunFile, FitComesBackExactly) {
  const FitRun run = fit_sample();
  write_run(file(), run);
  const FitRun back = read_fit_run(file());
  EXPECT_EQ(to_toml(back.config), to_toml(run.config));
  EXPECT_EQ(back.config.fit.restraint.weight_decay, run.config.fit.restraint.weight_decay);
  EXPECT_EQ(back.config.fit.chains_at_data, false);
  EXPECT_EQ(back.theta_error, run.theta_error);
  EXPECT_EQ(back.data.scaling, run.data.scaling);
  EXPECT_EQ(back.data.row_shape, run.data.row_shape);
  EXPECT_EQ(back.data.checksum, run.data.checksum);
  EXPECT_EQ(back.data.examples, run.data.examples);
  EXPECT_EQ(back.data.names, run.data.names);
  EXPECT_EQ(back.start, run.start);
  EXPECT_EQ(back.stop_reason, run.stop_reason);
  ASSERT_EQ(back.history.rows.size(), 1U);
  EXPECT_EQ(back.history.rows[0].gain.value, 0.25);
  EXPECT_EQ(back.history.rows[0].worst_moment, 3);
  EXPECT_EQ(back.history.rows[0].draws, 11);
  ASSERT_EQ(back.snapshots.size(), 2U);
  EXPECT_EQ(back.snapshots[1].epoch, 1);
  EXPECT_EQ(back.snapshots[1].phi, run.snapshots[1].phi);
  const auto &state = back.checkpoint, &wanted = run.checkpoint;
  EXPECT_EQ(state.weight, wanted.weight);
  EXPECT_EQ(state.draws, wanted.draws);
  EXPECT_EQ(state.epoch, wanted.epoch);
  EXPECT_EQ(state.best_theta, wanted.best_theta);
  EXPECT_EQ(state.since_best, wanted.since_best);
  EXPECT_EQ(state.worse_epochs, wanted.worse_epochs);
  EXPECT_EQ(state.stop_reason, StopReason::running);
  EXPECT_EQ(state.sampler.phi, wanted.sampler.phi);
  ASSERT_TRUE(back.evaluation && back.evaluation->held_out);
  const auto &j = *back.evaluation, &k = *run.evaluation;
  EXPECT_EQ(j.draws.phi, k.draws.phi);
  EXPECT_EQ(j.reason, k.reason);
  EXPECT_EQ(j.held_out->moments.all.worst, k.held_out->moments.all.worst);
  EXPECT_EQ(j.held_out->moments.all.chi2, k.held_out->moments.all.chi2);
  EXPECT_EQ(j.train.log_likelihood.value.value, k.train.log_likelihood.value.value);
  EXPECT_EQ(j.train.score_matching.error, k.train.score_matching.error);
}

TEST_F(RunFile, HoldsWhatTheLayoutListsForFit) {
  write_run(file(), fit_sample());
  EXPECT_EQ(run_kind(file()), RunKind::fit);
  expect_layout(file(), "fit");
  EXPECT_EQ(read_model(file()).action.a, fit_sample().action.a);
  EXPECT_EQ(read_sample(file()).draws, 2);
}

TEST(Snapshots, AtPowersOfTwo) {
  std::vector<int> kept;
  for (int epoch = 0; epoch < 40; ++epoch)
    if (keeps_snapshot(epoch)) kept.push_back(epoch);
  EXPECT_EQ(kept, (std::vector<int>{0, 1, 2, 4, 8, 16, 32}));
}

TEST_F(RunFile, NpyIsReadBack) {
  const std::vector<float> values{1, 2, 3, 4, 5, 0.1F};
  const std::size_t shape[] = {3, 2}, wrong[] = {3, 3};
  write_rows(file("x.npy"), values, shape);
  DataOptions options;
  options.path = file("x.npy").string();
  const DataSet data = open_data_set(options);
  EXPECT_EQ(data.train->rows(), 3U);
  std::vector<float> back(6);
  const std::vector<std::size_t> rows{0, 1, 2};
  data.train->read(rows, back);
  EXPECT_EQ(back, values);
  EXPECT_THROW(write_rows(file("y.npy"), values, wrong), BadInput);
}

}  // namespace
}  // namespace quartic
