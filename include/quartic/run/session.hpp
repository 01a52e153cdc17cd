// What a run is given by whoever starts it: where it is kept, who may stop it, who watches, and the
// time. The defaults keep nothing, never stop and tell nobody. The loop is run/loop.hpp.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "quartic/core/error.hpp"
#include "quartic/core/progress.hpp"
#include "quartic/core/stop.hpp"
#include "quartic/core/team.hpp"

namespace quartic {

/// How a session ended. interrupted: on request, with its last complete state in the run.
enum class Outcome { finished, interrupted };

/// Seconds since the session began.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual double seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

/// A number of a step under the name that it has in the run's history; error NaN: none of its own.
struct Metric {
  std::string name;
  double value;
  double error;
};
using Metrics = std::vector<Metric>;

/// Where a run is.
struct Step {
  std::string_view unit;        ///< "epoch", "draw", "point"
  std::int64_t first = 0;       ///< where this session began
  std::int64_t done = 0;        ///< now
  std::int64_t total = 0;       ///< 0: not known
  bool may_stop_early = false;  ///< the total is an upper limit
  int layer = 0, layers = 0;    ///< of a deep stack, from 1; 0: of none
};

/// Hears what happens. It is given values and constant references alone: who watches cannot change
/// a bit.
class Observer {
 public:
  virtual ~Observer() = default;
  /// A part besides the steps ("warming up", "certificate"), and the fraction of it that is done.
  virtual void phase(std::string_view /*what*/, double /*done*/) {}
  /// After each step. `metrics` are made only where they are asked for.
  virtual void step(const Step& /*step*/, const std::function<Metrics()>& /*metrics*/) {}
  virtual void saving() {}  ///< a complete state is at hand and is being saved
  virtual void saved() {}
  virtual void failed(const Error& /*error*/) {}
  virtual void ended(Outcome /*outcome*/) {}
};

/// Where the run is kept. Whatever the loop calls this with is a complete state to resume from.
template <class Run>
class Store {
 public:
  virtual ~Store() = default;
  virtual void write(const Run& /*run*/) {}
  /// How messages name it, "'run.h5'"; empty: nowhere.
  virtual std::string place() const { return {}; }
};

struct Session {
  /// Asked before every step, by every progress callback and, where whoever starts the run has made
  /// a Stoppable of it, by heed_stop() within them.
  const StopRequest& stop;
  Observer& observer;
  const Clock& clock;
  double checkpoint_seconds = 30;  ///< between two saves
  const Team& team = alone();      ///< who shares the run; of several: AgreedSession's

  /// Asks whether to go on, and tells nobody: within a step.
  ProgressCallback going_on() const {
    return [&stop = stop](double) { return !stop.requested(); };
  }

  /// Tells the observer of a phase, and asks whether to go on.
  ProgressCallback progress(std::string what) const {
    return [&stop = stop, &observer = observer, what = std::move(what)](double done) {
      observer.phase(what, done);
      return !stop.requested();
    };
  }
};

/// A session of nobody, for runs without a face; it must outlive the call that it is for.
struct Unattended {
  Unattended() = default;
  Unattended(const Unattended&) = delete;  // the session refers to the others

  StopRequest stop;
  Observer observer;
  Clock clock;
  Session session{stop, observer, clock};
};

}  // namespace quartic
