// Run files of layout 2, kept in tests/old_runs, are read by the names of today.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "quartic/runfile/fit_run.hpp"
#include "quartic/runfile/learn_run.hpp"
#include "quartic/runfile/reweight_run.hpp"
#include "quartic/runfile/sample_run.hpp"
#include "quartic/runfile/stack_run.hpp"
#include "runfile/run_parts.hpp"

namespace quartic {
namespace {

std::filesystem::path old_run(const char* name) {
  return std::filesystem::path(QUARTIC_TEST_DATA) / "old_runs" / name;
}

/// The numbers of a dataset under the name that the file has for it.
std::vector<double> stored(const char* run, const std::string& path) {
  return hdf5::Reader(old_run(run)).list<double>(path);
}

template <class Rows, class Get>
std::vector<double> column(const Rows& rows, Get get) {
  std::vector<double> values;
  for (const auto& row : rows) values.push_back(get(row));
  return values;
}

TEST(OldRuns, WordsOfBeforeAreThoseOfToday) {
  using run_parts::present_word;
  for (const auto& [before, now] :
       {std::pair{"epochs exhausted", StopReason::epochs_exhausted},
        std::pair{"held-out data got worse", StopReason::held_out_worse},
        std::pair{"draws", StopReason::draws_done},
        std::pair{"relative error", StopReason::relative_error},
        std::pair{"time", StopReason::max_seconds}})
    EXPECT_EQ(present_word(before), name(now));
  EXPECT_EQ(present_word("deep"), name(RunKind::stack));
  for (const auto word : words_of<StopReason>) EXPECT_EQ(present_word(word), word);
}

TEST(OldRuns, TellTheirKind) {
  EXPECT_EQ(run_kind(old_run("learn.h5")), RunKind::learn);
  EXPECT_EQ(run_kind(old_run("fit.h5")), RunKind::fit);
  EXPECT_EQ(run_kind(old_run("network.h5")), RunKind::network);
  EXPECT_EQ(run_kind(old_run("stack.h5")), RunKind::stack);
  EXPECT_EQ(run_kind(old_run("sample.h5")), RunKind::sample);
  EXPECT_EQ(run_kind(old_run("reweight.h5")), RunKind::reweight);
}

TEST(OldRuns, Learn) {
  const LearnRun run = read_learn_run(old_run("learn.h5"));
  EXPECT_EQ(run.config.learn.ridge, 0.01);
  EXPECT_EQ(run.config.certificate.options.steps, 20);
  EXPECT_EQ(run.stop_reason, StopReason::epochs_exhausted);
  EXPECT_EQ(column(run.history.rows, [](const auto& row) { return row.max_step; }),
            stored("learn.h5", "history/largest_step"));
  EXPECT_EQ(column(run.history.rows, [](const auto& row) { return row.ridge; }),
            stored("learn.h5", "history/regularisation"));
  EXPECT_TRUE(run.certificate);
}

TEST(OldRuns, Fit) {
  const FitRun run = read_fit_run(old_run("fit.h5"));
  EXPECT_EQ(run.config.fit.max_draws, 16);
  EXPECT_EQ(run.config.fit.restraint.min_b, 0.001);
  EXPECT_EQ(run.config.evaluation.of_field().chains, 32);
  EXPECT_EQ(run.config.evaluation.of_field().steps, 20);
  EXPECT_EQ(run.config.evaluation.draws, 2);
  EXPECT_EQ(run.stop_reason, StopReason::converged);
  EXPECT_EQ(column(run.history.rows, [](const auto& row) { return row.max_step; }),
            stored("fit.h5", "history/largest_step"));
  ASSERT_TRUE(run.evaluation);
  EXPECT_TRUE(run.evaluation->held_out);
}

TEST(OldRuns, Network) {
  const NetworkRun run = read_network_run(old_run("network.h5"));
  EXPECT_EQ(run.config.evaluation.every, 1);
  EXPECT_EQ(run.config.evaluation.of_network().steps, 20);
  EXPECT_EQ(run.stop_reason, StopReason::epochs_exhausted);
  EXPECT_EQ(column(run.history, [](const auto& row) { return row.max_weight; }),
            stored("network.h5", "history/largest_weight"));
  EXPECT_EQ(column(run.evaluations, [](const auto& e) { return e.train.rows_error; }),
            stored("network.h5", "judgements/log_likelihood_spread"));
  EXPECT_EQ(column(run.evaluations, [](const auto& e) { return e.held_out->rows_error; }),
            stored("network.h5", "judgements/held_out_spread"));
}

TEST(OldRuns, Stack) {
  const StackRun run = read_stack_run(old_run("stack.h5"));
  EXPECT_EQ(run.config.model.kind, ModelKind::stack);
  EXPECT_TRUE(run.finished());
  ASSERT_EQ(run.layers.size(), 1u);
  EXPECT_EQ(run.layers[0].evaluations.size(), 2u);
  EXPECT_EQ(column(run.bounds, [](const auto& b) { return b.train.rows_error; }),
            stored("stack.h5", "results/bound_spread"));
  EXPECT_EQ(column(run.layers[0].evaluations, [](const auto& e) { return e.train.rows_error; }),
            stored("stack.h5", "layer_1/judgements/log_likelihood_spread"));
}

TEST(OldRuns, Sample) {
  const SampleRun run = read_sample_run(old_run("sample.h5"));
  EXPECT_EQ(run.config.sample.until, "specific_heat");
  EXPECT_EQ(run.stop_reason, StopReason::draws_done);
  EXPECT_TRUE(run.stationary);
  for (const char* name : {"specific_heat", "binder_cumulant", "correlation_length"})
    EXPECT_EQ(std::count_if(run.results.begin(), run.results.end(),
                            [&](const auto& result) { return result.name == name; }),
              1)
        << name;
}

TEST(OldRuns, Reweight) {
  const ReweightRun run = read_reweight_run(old_run("reweight.h5"));
  EXPECT_EQ(run.config.sample.until, "specific_heat");
  EXPECT_EQ(run.points.size(), 1u);
  EXPECT_TRUE(run.annealed);
}

}  // namespace
}  // namespace quartic
