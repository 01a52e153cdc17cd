// The loop that every run is: step, watch, save, stop (docs/the-run.md).
#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "quartic/core/progress.hpp"
#include "quartic/learn/stop_reason.hpp"
#include "quartic/run/session.hpp"

namespace quartic {

/// What learns, fits, trains or samples a run, which it refers to.
template <class T>
concept Task = requires(T task, const T& seen, const Session& session) {
  { seen.run() } -> std::same_as<typename T::Run&>;
  /// To equilibrium, before the first step of a new run.
  task.warm_up(session);
  /// Remembers this state as the one that a restart goes on from.
  task.mark();
  /// Goes back to it, after so many steps; nothing: this task remembers none, and what was saved
  /// before counts.
  { task.rewind() } -> std::same_as<std::optional<std::int64_t>>;
  /// One epoch, one draw. Throws Diverged.
  task.advance(session);
  /// Into the run: what was found so far, and the marked state.
  task.save();
  /// What a finished run ends with: certificate, evaluation, draws; whether there was anything
  /// left.
  { task.conclude(session) } -> std::same_as<bool>;
  { seen.stop_reason() } -> std::same_as<StopReason>;
  { seen.step() } -> std::same_as<Step>;
  { seen.metrics() } -> std::same_as<Metrics>;
};

/// One run from where it is to its end, in a store and a session.
template <Task T>
class Loop {
 public:
  using Run = typename T::Run;

  Loop(T& task, Store<Run>& store, const Session& session)
      : task_(task),
        run_(task.run()),
        store_(store),
        session_(session),
        before_(run_.provenance.seconds - session.clock.seconds()) {}

  /// `resumed`: the task was restored from the run, which is in its store already.
  void to_end(bool resumed) {
    try {
      if (!resumed) {
        task_.mark();
        save();
      }
      if (run_.stop_reason == StopReason::running) {
        if (!run_.warmed_up) task_.warm_up(session_);
        run_.warmed_up = true;
        steps();
      }
      if (task_.conclude(session_)) write();
    } catch (const Diverged& error) {
      const auto place = store_.place();
      const Diverged told(error.what(), error.hint() + (place.empty() ? "" : good_ + place));
      session_.observer.failed(told);
      throw told;
    }
  }

 private:
  void steps() {
    while (run_.stop_reason == StopReason::running) {
      task_.mark();
      if (session_.stop.requested()) {
        save();
        throw Interrupted();
      }
      // The time of ranks is that of the question before, which knows nothing of a state written
      // since.
      if (session_.team.several() && std::exchange(written_, false))
        saved_ = session_.clock.seconds();
      if (session_.clock.seconds() - saved_ > session_.checkpoint_seconds) save();
      step();
      run_.stop_reason = task_.stop_reason();
      if (run_.stop_reason != StopReason::running) save();
    }
  }

  /// Where a step fails, the run is saved as it was before it.
  void step() {
    try {
      task_.advance(session_);
    } catch (const Diverged&) {
      rewind();
      throw;
    } catch (const Interrupted&) {
      rewind();
      throw;
    }
    session_.observer.step(task_.step(), [this] { return task_.metrics(); });
  }

  void rewind() {
    const Answering nobody;  // whoever has asked for the end of the step would stop this, too
    const auto done = task_.rewind();
    if (!done) return;
    good_ = "; the last good " + std::string(task_.step().unit) + ", " + std::to_string(*done) +
            ", is in ";
    save();
  }

  void save() {
    const Answering nobody;  // a state is saved whole
    session_.observer.saving();
    task_.save();
    write();
  }

  void write() {
    const Answering nobody;
    session_.observer.saving();
    run_.provenance.seconds = before_ + session_.clock.seconds();
    store_.write(run_);
    saved_ = session_.clock.seconds(), written_ = true;
    session_.observer.saved();
  }

  T& task_;
  Run& run_;
  Store<Run>& store_;
  const Session& session_;
  double before_, saved_ = 0;
  bool written_ = false;
  std::string good_ = "; the last good state is in ";
};

/// Runs a task to its end. Interrupted in the warm-up or while it concludes, the run is as it was
/// before that; in a step, as it was before the step. Throws Diverged after the last good state was
/// saved, and whatever the task and the store throw. The observer is not told that the run ended:
/// this may be a part of one.
template <Task T>
Outcome run_part(T& task, bool resumed, Store<typename T::Run>& store, const Session& session) {
  // Ranks stop together, between steps and where progress is told; alone a stop is heeded anywhere.
  std::optional<Stoppable> stoppable;
  if (!session.team.several()) stoppable.emplace(session.stop);
  try {
    Loop<T>(task, store, session).to_end(resumed);
  } catch (const Interrupted&) {
    return Outcome::interrupted;
  }
  return Outcome::finished;
}

/// The same of a whole run.
template <Task T>
Outcome run_to_end(T& task, bool resumed, Store<typename T::Run>& store, const Session& session) {
  const Outcome outcome = run_part(task, resumed, store, session);
  session.observer.ended(outcome);
  return outcome;
}

}  // namespace quartic
