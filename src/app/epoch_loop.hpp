// The loop that every learner runs in: epochs, checkpoints, stopping, and what concludes it.
#pragma once

#include <fmt/format.h>

#include <cstdio>
#include <filesystem>
#include <utility>

#include "app/progress.hpp"
#include "app/session.hpp"
#include "app/signals.hpp"
#include "quartic/core/error.hpp"
#include "quartic/learn/stop_reason.hpp"

namespace quartic::app {

/// Run: LearnRun, FitRun, NetworkRun; Learner: what learns it.
template <class Run, class Learner>
class EpochLoop {
 public:
  using State = decltype(Run::checkpoint);

  EpochLoop(Run& run, Learner learner, std::filesystem::path file, double max_hours,
            const Globals& globals)
      : run_(run),
        learner_(std::move(learner)),
        file_(std::move(file)),
        progress_(globals),
        max_seconds_(max_hours * 3600),
        before_(run.provenance.seconds),
        first_epoch_(run.checkpoint.epoch) {}
  virtual ~EpochLoop() = default;

  /// From the run's checkpoint (from the start, where `resumed` is false) until it is finished.
  /// interrupted: stopped by a signal or after max_hours, saved.
  ErrorCode go(bool resumed) {
    if (resumed)
      learner_.restore(run_.checkpoint);
    else
      save(learner_.state());
    if (run_.stop_reason == StopReason::running) {
      warm_up();
      if (!learn()) return ErrorCode::interrupted;
    }
    conclude();
    progress_.clear();
    return ErrorCode::ok;
  }

 protected:
  /// One epoch, into the run's history.
  virtual void advance() = 0;
  /// What progress shows of it.
  virtual Status status() const = 0;
  virtual void warmed_up() {}
  /// Into the run, what the learner has learned.
  virtual void store() = 0;
  /// Certificate or evaluation of a finished run, and the last write.
  virtual void conclude() = 0;

  void write() {
    run_.provenance.seconds = before_ + since(start_);
    write_file();
  }
  virtual void write_file() { write_run(file_, run_); }

  Run& run_;
  Learner learner_;
  std::filesystem::path file_;
  Progress progress_;
  int first_epoch() const { return first_epoch_; }

 private:
  void warm_up() {
    if (run_.warmed_up) return;
    learner_.warm_up([this](double done) { progress_.part("warming up", done); });
    run_.warmed_up = true;
    warmed_up();
  }

  /// False: stopped before the end, and saved.
  bool learn() {
    while (run_.stop_reason == StopReason::running) {
      State before = learner_.state();
      if (stop_requested() || since(start_) > max_seconds_) return interrupt(std::move(before));
      if (since(saved_) > checkpoint_interval) save(before);
      epoch(before);
      run_.stop_reason = learner_.reason();
      if (run_.stop_reason != StopReason::running) save(std::move(before));
    }
    return true;
  }

  void epoch(const State& before) {
    try {
      advance();
      progress_.update([&] { return status(); });
    } catch (const Diverged& error_now) {
      progress_.clear();
      learner_.restore(before);
      save(before);
      throw Diverged(error_now.what(), fmt::format("{}; the last good epoch, {}, is in '{}'",
                                                   error_now.hint(), before.epoch, file_.string()));
    }
  }

  bool interrupt(State state) {
    progress_.clear();
    const int epoch = state.epoch;
    save(std::move(state));
    fmt::print(stderr,
               "quartic: stopped {} epoch {} and saved; continue with\n  quartic resume {}\n",
               since(start_) > max_seconds_ ? "by --max-hours before" : "by a signal before", epoch,
               file_.string());
    return false;
  }

  void save(State state) {
    store();
    run_.checkpoint = std::move(state);
    write();
    saved_ = Clock::now();
  }

  double max_seconds_, before_;
  Clock::time_point start_ = Clock::now(), saved_ = start_;
  int first_epoch_;
};

/// The parts that learners of an action share.
template <class Run, class Learner>
class ActionLoop : public EpochLoop<Run, Learner> {
 public:
  using EpochLoop<Run, Learner>::EpochLoop;
  using Row = typename decltype(Run::history.rows)::value_type;

 protected:
  /// After each epoch, before the run is saved.
  virtual void keep(const Row& /*row*/) {}

  const Row& row() const { return this->run_.history.rows.back(); }

 private:
  void advance() override {
    const auto theta = this->learner_.theta(), error = this->learner_.theta_error();
    this->run_.history.append(this->learner_.step(), theta, error);
    keep(row());
  }
  void store() override {
    this->run_.action = this->learner_.action();
    this->run_.theta_error = this->learner_.theta_error();
  }
};

}  // namespace quartic::app
