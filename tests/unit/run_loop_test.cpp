// The loop that every run is, by a scripted task of five steps and an observer that writes down
// what it hears.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "quartic/run/any_run.hpp"
#include "quartic/run/file_store.hpp"
#include "quartic/run/learn.hpp"
#include "quartic/run/loop.hpp"
#include "quartic/run/sample.hpp"
#include "quartic/run/train.hpp"
#include "unit/run_file_fixtures.hpp"

namespace quartic {
namespace {

/// Of a run file, as little as the loop needs.
struct ScriptedRun {
  struct {
    double seconds = 0;
  } provenance;
  StopReason stop_reason = StopReason::running;
  bool warmed_up = false;
  std::vector<double> history;  ///< one number a step
  int checkpoint = 0;           ///< steps behind it
  bool concluded = false;
};

struct Script {
  int diverges_at = 0, interrupted_at = 0;  ///< in this step; 0: never
  bool remembers = true;                    ///< whether it has states to go back to
  std::string diverges_in{};                ///< "warm_up", "conclude"
};

/// Each step depends on all before it, as in a chain.
class ScriptedTask {
 public:
  using Run = ScriptedRun;
  static constexpr int steps = 5;

  ScriptedTask(Run& run, std::vector<std::string>& calls, Script script = {})
      : run_(run), calls_(calls), script_(script), done_(run.checkpoint) {}

  Run& run() const { return run_; }
  void warm_up(const Session& session) {
    calls_.emplace_back("warm_up");
    diverge_in("warm_up");
    report_progress(session.progress("warming up"), 1);
  }
  void mark() { marked_ = done_; }
  std::optional<std::int64_t> rewind() {
    if (!script_.remembers) return {};
    return done_ = marked_;
  }
  void advance(const Session& session) {
    ++done_;
    if (done_ == script_.diverges_at) throw Diverged("too far", "smaller steps");
    if (done_ == script_.interrupted_at) throw Interrupted();
    (void)session;
    calls_.push_back("step " + std::to_string(done_));
    const double last = run_.history.empty() ? 1 : run_.history.back();
    run_.history.push_back(std::sin(3 * last + done_));
  }
  void save() {
    calls_.push_back("save " + std::to_string(marked_));
    run_.checkpoint = script_.remembers ? marked_ : done_;
  }
  bool conclude(const Session& session) {
    if (run_.concluded) return false;
    diverge_in("conclude");
    report_progress(session.progress("certificate"), 0.5);
    calls_.emplace_back("conclude");
    return run_.concluded = true;
  }
  StopReason stop_reason() const {
    return done_ >= steps ? StopReason::epochs_exhausted : StopReason::running;
  }
  Step step() const { return {.unit = "epoch", .done = done_, .total = steps}; }
  Metrics metrics() const { return {{"value", run_.history.back(), std::nan("")}}; }

 private:
  void diverge_in(const char* part) const {
    if (script_.diverges_in == part) throw Diverged("too far", "smaller steps");
  }

  Run& run_;
  std::vector<std::string>& calls_;
  Script script_;
  int done_, marked_ = 0;
};

/// Keeps the last run that was written.
template <class Run>
class MemoryStore : public Store<Run> {
 public:
  MemoryStore() = default;
  explicit MemoryStore(const Run& run) : kept(run) {}
  void write(const Run& run) override {
    kept = run;
    ++writes;
  }
  std::string place() const override { return "'run.h5'"; }

  Run kept;
  int writes = 0;
};

class Recorder : public Observer {
 public:
  explicit Recorder(std::vector<std::string>& calls) : calls_(calls) {}
  void phase(std::string_view what, double /*done*/) override { add("phase " + std::string(what)); }
  void step(const Step& step, const std::function<Metrics()>& metrics) override {
    add("saw " + std::to_string(step.done) + " of " + std::to_string(step.total) +
        (metrics().empty() ? "" : " " + metrics()[0].name));
    seen = static_cast<int>(step.done);
  }
  void saved() override { add("saved"); }
  void failed(const Error& error) override { add(std::string("failed: ") + error.hint()); }
  void ended(Outcome outcome) override {
    add(outcome == Outcome::finished ? "finished" : "interrupted");
  }
  int seen = 0;

 private:
  void add(std::string call) { calls_.push_back(std::move(call)); }
  std::vector<std::string>& calls_;
};

/// Asks to stop once the observer has seen so many steps.
class StopAt : public StopRequest {
 public:
  StopAt(const Recorder& recorder, int step) : recorder_(recorder), step_(step) {}
  bool requested() const override { return recorder_.seen >= step_; }

 private:
  const Recorder& recorder_;
  int step_;
};

/// Time passes with each look at it.
class ScriptedClock : public Clock {
 public:
  explicit ScriptedClock(double pace) : pace_(pace) {}
  double seconds() const override { return now_ += pace_; }

 private:
  double pace_;
  mutable double now_ = 0;
};

struct Stage {
  std::vector<std::string> calls;
  ScriptedRun run;
  MemoryStore<ScriptedRun> store;
  Recorder recorder{calls};

  Outcome play(Script script = {}, int stop_at = 100, double pace = 0) {
    const StopAt stop(recorder, stop_at);
    const ScriptedClock clock(pace);
    const Session session{stop, recorder, clock};
    const bool resumed = store.writes > 0;
    ScriptedTask task(run, calls, script);
    return run_to_end(task, resumed, store, session);
  }
};

using Calls = std::vector<std::string>;

TEST(RunLoop, CallsInOrder) {
  Stage stage;
  EXPECT_EQ(stage.play(), Outcome::finished);
  EXPECT_EQ(stage.calls, (Calls{"save 0",
                                "saved",
                                "warm_up",
                                "phase warming up",  //
                                "step 1",
                                "saw 1 of 5 value",
                                "step 2",
                                "saw 2 of 5 value",  //
                                "step 3",
                                "saw 3 of 5 value",
                                "step 4",
                                "saw 4 of 5 value",  //
                                "step 5",
                                "saw 5 of 5 value",
                                "save 4",
                                "saved",  //
                                "phase certificate",
                                "conclude",
                                "saved",
                                "finished"}));
  EXPECT_EQ(stage.store.kept.history.size(), 5u);
  EXPECT_EQ(stage.store.kept.stop_reason, StopReason::epochs_exhausted);
  EXPECT_EQ(stage.store.kept.checkpoint, 4);  // an extended run repeats the last step
}

TEST(RunLoop, StopsBeforeTheNextStepAndGoesOnToTheSameBits) {
  Stage whole, parts;
  whole.play();
  EXPECT_EQ(parts.play({}, 2), Outcome::interrupted);
  EXPECT_EQ(parts.calls.back(), "interrupted");
  EXPECT_EQ(parts.store.kept.checkpoint, 2);
  EXPECT_EQ(parts.store.kept.history.size(), 2u);
  EXPECT_FALSE(parts.store.kept.concluded);

  parts.run = parts.store.kept;  // as read back from its file
  parts.calls.clear();
  parts.recorder.seen = 0;
  EXPECT_EQ(parts.play(), Outcome::finished);
  EXPECT_EQ(parts.calls.front(), "step 3");  // neither a first save nor a warm-up
  EXPECT_EQ(parts.store.kept.history, whole.store.kept.history);
}

TEST(RunLoop, ADivergenceLeavesTheLastGoodState) {
  Stage stage;
  try {
    stage.play({.diverges_at = 3});
    FAIL() << "nobody heard of the divergence";
  } catch (const Diverged& error) {
    EXPECT_STREQ(error.what(), "too far");
    EXPECT_EQ(error.hint(), "smaller steps; the last good epoch, 2, is in 'run.h5'");
  }
  EXPECT_EQ(stage.calls.back().substr(0, 7), "failed:");
  EXPECT_EQ(stage.store.kept.checkpoint, 2);
  EXPECT_EQ(stage.store.kept.history.size(), 2u);
  EXPECT_EQ(stage.store.kept.stop_reason, StopReason::running);
}

TEST(RunLoop, ADivergenceOutsideTheStepsIsToldToo) {
  for (const auto* part : {"warm_up", "conclude"}) {
    Stage stage;
    EXPECT_THROW(stage.play({.diverges_in = part}), Diverged) << part;
    EXPECT_EQ(stage.calls.back(), "failed: smaller steps; the last good state is in 'run.h5'");
  }
}

TEST(RunLoop, ATaskWithoutStatesKeepsWhatWasSavedBefore) {
  Stage stage;
  EXPECT_THROW(stage.play({.diverges_at = 3, .remembers = false}), Diverged);
  EXPECT_EQ(stage.store.writes, 1);  // the start
  EXPECT_EQ(stage.store.kept.history.size(), 0u);
}

TEST(RunLoop, AStopWithinAStepTakesItBack) {
  Stage stage;
  EXPECT_EQ(stage.play({.interrupted_at = 4}), Outcome::interrupted);
  EXPECT_EQ(stage.store.kept.checkpoint, 3);
  EXPECT_EQ(stage.store.kept.history.size(), 3u);
}

TEST(RunLoop, AStopInTheWarmUpOrTheEndLeavesTheRunAsItWas) {
  Stage warming;
  EXPECT_EQ(warming.play({}, 0), Outcome::interrupted);
  EXPECT_EQ(warming.store.writes, 1);
  EXPECT_FALSE(warming.store.kept.warmed_up);

  Stage ending;
  EXPECT_EQ(ending.play({}, 5), Outcome::interrupted);
  EXPECT_FALSE(ending.store.kept.concluded);
  EXPECT_EQ(ending.store.kept.stop_reason, StopReason::epochs_exhausted);
  ending.run = ending.store.kept;
  ending.recorder.seen = 0;
  EXPECT_EQ(ending.play(), Outcome::finished);
  EXPECT_TRUE(ending.store.kept.concluded);
}

TEST(RunLoop, SavesWhenItIsTimeAndCountsTheSecondsOfAllSessions) {
  Stage slow;
  slow.play({}, 100, 20);  // every second look is past the 30 seconds between saves
  EXPECT_GT(slow.store.writes, 4);
  const double once = slow.store.kept.provenance.seconds;
  EXPECT_GT(once, 0);
  Stage twice;
  twice.play({}, 2, 20);
  twice.run = twice.store.kept;
  const double first = twice.run.provenance.seconds;
  twice.recorder.seen = 0;
  twice.play({}, 100, 20);
  EXPECT_GT(twice.store.kept.provenance.seconds, first);
}

TEST(RunLoop, AFinishedRunHasNothingLeftToDo) {
  Stage stage;
  stage.play();
  const int writes = stage.store.writes;
  stage.run = stage.store.kept;
  EXPECT_EQ(stage.play(), Outcome::finished);
  EXPECT_EQ(stage.store.writes, writes);
}

// ---- runs ---------------------------------------------------------------------------------------

/// Of two couplings, small and quick.
Config quick_config(const std::string& more) {
  return parse_config(
      "[graph]\nextent = [2, 2]\n[sampler]\nchains = 16\n[certificate]\nenabled = false\n"
      "[[target]]\nterm = \"phi2\"\ncoupling = 1.0\n[run]\nthreads = 1\n" +
          more,
      "run.toml");
}

TEST(RunLoop, ADivergedLearnNamesTheEpochThatItsCheckpointHolds) {
  Config config = quick_config(
      "[learn]\noptimiser = \"gradient\"\nrate = 3e4\nepochs = 50\ndraws = 4\n"
      "stop_early = false\n");
  int diverged = 0;  // after an epoch, as some do by chance, others by other SIMD targets
  for (config.run.seed = 1; config.run.seed <= 12; ++config.run.seed) {
    const Problem problem = make_problem(config);
    LearnRun run = begin_learning(config, problem, "test");
    MemoryStore<LearnRun> store(run);
    Unattended nobody;
    try {
      learn(run, problem, store, nobody.session);
    } catch (const Diverged& error) {
      const int epoch = store.kept.checkpoint.epoch;
      if (epoch == 0) continue;
      ++diverged;
      const auto told = "the last good epoch, " + std::to_string(epoch) + ",";
      EXPECT_NE(error.hint().find(told), std::string::npos) << error.hint();
    }
  }
  EXPECT_GT(diverged, 0);
}

/// 64 rows of two columns, 0 and 1.
DataSet two_columns() {
  std::vector<float> rows;
  for (int n = 0; n < 64; ++n) rows.insert(rows.end(), {float(n % 2), float(n % 4 > 1)});
  DataSet data;
  data.train = std::make_shared<ArraySource>(rows, 2);
  data.row_shape = {2};
  return data;
}

Config network_config(const std::string& model, const std::string& more = {}) {
  return parse_config("[model]\nvisible = \"binary\"\n" + model +
                          "[data]\npath = \"x.npy\"\n[training]\nbatch = 16\n" + more +
                          "[run]\nthreads = 1\n",
                      "run.toml");
}

TEST(RunLoop, AStackEndsOnce) {
  const DataSet data = two_columns();
  StackRun run = begin_stack(
      network_config("kind = \"stack\"\nhidden_units = [2, 2]\n", "epochs = 1\n"), "test");
  std::vector<std::string> calls;
  Recorder recorder(calls);
  Unattended nobody;
  Store<StackRun> nowhere;
  const Session session{nobody.stop, recorder, nobody.clock};
  EXPECT_EQ(train(run, data, nowhere, session), Outcome::finished);
  EXPECT_EQ(run.bounds.size(), 2U);
  EXPECT_EQ(std::count(calls.begin(), calls.end(), "finished"), 1);
}

TEST(RunLoop, FrozenUnitsOfTwoValuesAreADivergence) {
  const Config config =
      network_config("kind = \"network\"\nhidden_units = 2\n",
                     "rate = 500\nepochs = 8\n[evaluation]\nevery = 1\nexact = false\n");
  const DataSet data = two_columns();
  const NetworkData learned = network_data(config, rows_of(data));
  NetworkRun run = begin_training(config, learned, {}, "test");
  Unattended nobody;
  Store<NetworkRun> nowhere;
  try {
    train(run, learned, nowhere, nobody.session);
    FAIL() << "a rate of 500 went well";
  } catch (const Diverged& error) {
    EXPECT_NE(std::string(error.what()).find("training diverged in epoch"), std::string::npos);
  }
}

class ResumedRun : public RunFile {};

TEST_F(ResumedRun, KeepsItsNewLimitWhenItIsStoppedInTheWarmUp) {
  struct AtOnce : StopRequest {
    bool requested() const override { return true; }
  };
  const Config config = quick_config("[sample]\ndraws = 10\nwarm_up = 5\n");
  Unattended nobody;
  const AtOnce stop;
  const Session session{stop, nobody.observer, nobody.clock};
  SampleRun begun = begin_sampling(config, make_problem(config).start, "test");
  {
    FileStore<SampleRun> store(file());
    EXPECT_EQ(sample(begun, store, session), Outcome::interrupted);
  }
  AnyRun run = read_run(file());
  extend(run, 20);
  EXPECT_EQ(resume(run, file(), file(), session), Outcome::interrupted);
  EXPECT_EQ(read_sample_run(file()).config.sample.draws, 20);
}

}  // namespace
}  // namespace quartic
