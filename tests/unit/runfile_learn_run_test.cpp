#include <algorithm>

#include "quartic/runfile/sample_file.hpp"
#include "unit/run_file_fixtures.hpp"

namespace quartic {
namespace {

void expect_equal(const LearnRun& x, const LearnRun& y) {
  EXPECT_EQ(to_toml(x.config), to_toml(y.config));
  EXPECT_EQ(x.provenance.command, y.provenance.command);
  EXPECT_EQ(x.provenance.seed, y.provenance.seed);
  EXPECT_EQ(x.provenance.seconds, y.provenance.seconds);
  EXPECT_EQ(x.provenance.date, y.provenance.date);
  EXPECT_EQ(x.action.graph->description(), y.action.graph->description());
  for (const auto kind : all_coupling_kinds)
    EXPECT_EQ(x.action.couplings(kind), y.action.couplings(kind));
  EXPECT_EQ(x.freedom, y.freedom);
  EXPECT_EQ(x.stop_reason, y.stop_reason);
  EXPECT_EQ(x.history.parameters, y.history.parameters);
  EXPECT_EQ(x.history.theta, y.history.theta);
  EXPECT_EQ(x.history.theta_error, y.history.theta_error);
  ASSERT_EQ(x.history.rows.size(), y.history.rows.size());
  for (std::size_t k = 0; k < x.history.rows.size(); ++k) {
    EXPECT_EQ(x.history.rows[k].epoch, y.history.rows[k].epoch);
    EXPECT_EQ(x.history.rows[k].gradient_norm.value, y.history.rows[k].gradient_norm.value);
    EXPECT_EQ(x.history.rows[k].rate, y.history.rows[k].rate);
  }
  EXPECT_EQ(x.checkpoint.sampler.phi, y.checkpoint.sampler.phi);
  EXPECT_EQ(x.checkpoint.sampler.streams, y.checkpoint.sampler.streams);
  EXPECT_EQ(x.checkpoint.sampler.schedule, y.checkpoint.sampler.schedule);
  EXPECT_EQ(x.checkpoint.sampler.sweeps, y.checkpoint.sampler.sweeps);
  EXPECT_EQ(x.checkpoint.first_moment, y.checkpoint.first_moment);
  EXPECT_EQ(x.checkpoint.second_moment, y.checkpoint.second_moment);
  EXPECT_EQ(x.checkpoint.theta_error, y.checkpoint.theta_error);
  EXPECT_EQ(x.checkpoint.epoch, y.checkpoint.epoch);
  EXPECT_EQ(x.checkpoint.quiet_epochs, y.checkpoint.quiet_epochs);
  EXPECT_EQ(x.warmed_up, y.warmed_up);
  ASSERT_EQ(x.certificate.has_value(), y.certificate.has_value());
  if (!x.certificate) return;
  EXPECT_EQ(x.certificate->draws.phi, y.certificate->draws.phi);
  EXPECT_EQ(x.certificate->draws.action_value, y.certificate->draws.action_value);
  EXPECT_EQ(x.certificate->target_value, y.certificate->target_value);
  EXPECT_EQ(x.certificate->gap.error, y.certificate->gap.error);
  EXPECT_EQ(x.certificate->reason, y.certificate->reason);
  EXPECT_EQ(x.certificate->ok, y.certificate->ok);
}

TEST_F(RunFile, ComesBackExactly) {
  auto run = learn_sample();
  write_run(file(), run);
  expect_equal(read_learn_run(file()), run);
  EXPECT_EQ(read_learn_run(file()).theta_error, run.theta_error);
  run = learn_sample("precision = \"float64\"\n");
  for (double& x : run.checkpoint.sampler.phi) x += 1e-12;
  run.certificate.reset();
  write_run(file(), run);
  expect_equal(read_learn_run(file()), run);
}

TEST_F(RunFile, EdgeListGraphComesBackWithoutItsFile) {
  auto run = learn_sample();
  run.action = Action(std::make_shared<Graph>(
      6, std::vector<Edge>(run.action.graph->edges().begin(), run.action.graph->edges().end())));
  write_run(file(), run);
  const auto back = read_learn_run(file());
  EXPECT_EQ(back.action.graph->lattice(), nullptr);
  EXPECT_TRUE(std::equal(back.action.graph->edges().begin(), back.action.graph->edges().end(),
                         run.action.graph->edges().begin()));
}

TEST_F(RunFile, WritingLeavesNothingElseAndReplaces) {
  auto run = learn_sample();
  write_run(file(), run);
  EXPECT_EQ(listing(), std::set<std::string>{"run.h5"});
  run.checkpoint.epoch = 9;
  write_run(file(), run);
  EXPECT_EQ(listing(), std::set<std::string>{"run.h5"});
  EXPECT_EQ(read_learn_run(file()).checkpoint.epoch, 9);
}

TEST_F(RunFile, FailedWriteLeavesThePreviousFile) {
  const auto before = learn_sample();
  write_run(file(), before);
  auto run = before;
  run.certificate->draws.phi.pop_back();  // cannot be written: found only after the file was begun
  EXPECT_THROW(write_run(file(), run), Error);
  EXPECT_EQ(listing(), std::set<std::string>{"run.h5"});
  expect_equal(read_learn_run(file()), before);
}

TEST_F(RunFile, HoldsWhatTheLayoutListsForLearn) {
  write_run(file(), learn_sample());
  EXPECT_EQ(run_kind(file()), RunKind::learn);
  expect_layout(file(), "learn");
}

/// Makes a file one of layout 1: former names, no kind, no free energies of single directions.
void age(const fs::path& file) {
  edit(file, [](hid_t id) {
    H5Lmove(id, "history/max_step", id, "history/largest_step", H5P_DEFAULT, H5P_DEFAULT);
    H5Lmove(id, "history/ridge", id, "history/regularisation", H5P_DEFAULT, H5P_DEFAULT);
    H5Adelete_by_name(id, "provenance", "kind", H5P_DEFAULT);
    for (const char* what : {"forward", "reverse", "upper", "lower"}) {
      const std::string path = std::string("results/free_energy_") + what;
      H5Ldelete(id, path.c_str(), H5P_DEFAULT);
      H5Ldelete(id, (path + "_error").c_str(), H5P_DEFAULT);
    }
    set_layout(id, 1);
  });
}

TEST_F(RunFile, LayoutOneIsReadStill) {
  const auto run = learn_sample();
  write_run(file(), run);
  age(file());
  EXPECT_EQ(run_kind(file()), RunKind::learn);
  const auto back = read_learn_run(file());
  expect_equal(back, run);
  EXPECT_TRUE(std::isnan(back.certificate->free_energy.work.forward.value));
  EXPECT_TRUE(std::isnan(back.certificate->free_energy.work.lower.error));
}

TEST_F(RunFile, SampleAndModelComeFromTheCertificate) {
  auto run = learn_sample();
  write_run(file(), run);
  const StoredSample sample = read_sample(file());
  EXPECT_EQ(sample.phi, run.certificate->draws.phi);
  EXPECT_EQ(sample.action_value, run.certificate->draws.action_value);
  EXPECT_EQ(sample.chains * sample.draws * sample.sites, static_cast<int>(sample.phi.size()));
  EXPECT_TRUE(sample.log_weight.empty());
  EXPECT_EQ(read_model(file()).action.w, run.action.w);
  run.certificate.reset();
  write_run(file(), run);
  EXPECT_THROW(read_sample(file()), BadInput);
  EXPECT_EQ(read_model(file()).action.a, run.action.a);
}

TEST(Certificate, KeepsTheFirstDrawsOfEachChain) {
  Certificate c;
  c.draws = {2, 3, 2, {0, 0, 1, 1, 2, 2, 10, 10, 11, 11, 12, 12}, {0, 1, 2, 10, 11, 12}};
  c.target_value = c.draws.action_value;
  c.keep_first(2);
  EXPECT_EQ(c.draws.action_value, (std::vector<double>{0, 1, 10, 11}));
  EXPECT_EQ(c.target_value, c.draws.action_value);
  EXPECT_EQ(c.draws.phi, (std::vector<float>{0, 0, 1, 1, 10, 10, 11, 11}));
  EXPECT_EQ(c.draws.draws, 2);
}

}  // namespace
}  // namespace quartic
