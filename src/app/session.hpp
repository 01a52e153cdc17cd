// How a verb runs: watched by a bar, stopped by signals and --max-hours, kept in a file, reported.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <utility>

#include "app/progress.hpp"
#include "app/verb.hpp"
#include "quartic/core/stop.hpp"
#include "quartic/run/agreed_session.hpp"
#include "quartic/run/any_run.hpp"
#include "quartic/run/file_store.hpp"
#include "quartic/run/session.hpp"

namespace quartic::app {

inline constexpr double draw_json_interval = 0.2;  ///< seconds between JSON lines of draws

/// A signal, or the end of --max-hours.
class Stop : public StopRequest {
 public:
  Stop(const Clock& clock, double max_hours);
  bool requested() const override;
  bool out_of_time() const { return clock_.seconds() > max_seconds_; }

 private:
  const Clock& clock_;
  double max_seconds_;
};

/// One for each verb that takes long.
struct Attended {
  /// Of a verb that saves nothing on the way: a signal ends it at once.
  explicit Attended(const Globals& globals)
      : stop(clock, 1e9),
        beginning(clock, 1e9),
        progress(globals),
        agreed(globals.team(), stop, progress, clock) {}
  /// Of one that saves into `file`, which holds a state to go on from where it is `resumed`: a
  /// signal asks it to stop, and ends it where that is not heeded.
  Attended(const Globals& globals, const Attendance& attendance, const std::filesystem::path& file,
           bool resumed, double json_interval = 0);
  Attended(const Attended&) = delete;  // the session refers to the others
  ~Attended();

  Clock clock;
  Stop stop;
  Stop beginning;  ///< a second later, so that what begins at once is saved as it begins
  Progress progress;
  AgreedSession agreed;
  const Session& session = agreed.session;
  /// From here on, of what comes before a run's own loop; ranks stop together.
  std::optional<Stoppable> stoppable;
};

/// Throws BadInput where ranks are not to do the same: a config and an output file.
void require_same_run(const Globals& globals, const Config& config,
                      const std::filesystem::path& file);

/// What the verbs take that begin a run.
struct BeginArguments {
  std::string input;
  Attendance attendance;
};
/// Such a verb; `input` says what it begins from.
Verb beginning(int order, const char* name, const char* what, const char* input,
               ErrorCode (*go)(const BeginArguments&, const Globals&), Work work = Work::of_one);

/// What a verb that has written a run says at its end, and which verb to go on with; or that it was
/// stopped, and how to go on.
ErrorCode conclude(Outcome outcome, const AnyRun& run, const std::filesystem::path& file,
                   const Attended& attended, const Globals& globals);

/// A new run from its beginning to its end, in a file: go(run, store, session).
template <class Run, class Go>
ErrorCode attend(Run run, const std::filesystem::path& file, Attended& attended,
                 const Globals& globals, Go go) {
  const Outcome outcome = run_into(
      file, run, [&](Run& begun, auto& store) { return go(begun, store, attended.session); },
      globals.team());
  return conclude(outcome, std::move(run), file, attended, globals);
}

}  // namespace quartic::app
