// A session whose face is Python: signals stop it, a Python object hears of it.
#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>

#include <chrono>
#include <exception>
#include <optional>
#include <string>
#include <utility>

#include "quartic/core/progress.hpp"
#include "quartic/core/stop.hpp"
#include "quartic/mpi/ranks.hpp"
#include "quartic/run/agreed_session.hpp"
#include "released.hpp"

namespace quartic::python {

namespace nb = nanobind;

/// Asks Python whether Ctrl-C was pressed, a few times a second, and hands what happens to a
/// `watch` with step(dict), phase(name, fraction) and the attributes `listens`, whether it wants to
/// hear of steps, and `interval`, the least seconds between two of them. To be used without the
/// GIL. What it raises ends the run at the next complete state, and comes out of finish().
class Watch : public StopRequest, public Observer {
 public:
  explicit Watch(nb::object watch);

  bool requested() const override;
  void phase(std::string_view what, double done) override;
  void step(const Step& step, const std::function<Metrics()>& metrics) override;

  /// With the GIL, after the run: raises what a callback raised, and tells whether Ctrl-C ended it.
  bool finish();

 private:
  template <class F>
  void tell(F&& f);
  /// Of an exception that is being handled.
  void note(const nb::python_error& error) const;

  nb::object watch_;
  double interval_;
  bool listens_;
  Clock clock_;
  mutable std::chrono::steady_clock::time_point asked_ = std::chrono::steady_clock::now();
  double next_ = 0, phase_told_ = -1e9;
  std::string phase_;
  mutable bool stop_ = false, signalled_ = false;
  mutable std::exception_ptr raised_;
};

/// All of a session of Python. The ranks of the watch's `communicator`, the address of an MPI_Comm,
/// share it where there is one.
struct Watched {
  explicit Watched(nb::object object);
  Clock clock;
  std::optional<Ranks> ranks;
  Watch watch;
  AgreedSession agreed;
  const Session& session = agreed.session;
};

/// Runs f(session) without the GIL; whether it came to its end.
template <class F>
bool watched(nb::object watch, F&& f) {
  Watched watched(std::move(watch));
  try {
    const WithoutGil without_gil;
    std::optional<Stoppable> stoppable;  // ranks stop together (run/loop.hpp)
    if (!watched.session.team.several()) stoppable.emplace(watched.watch);
    f(watched.session);
  } catch (const Interrupted&) {
    if (watched.watch.finish()) {
      PyErr_SetNone(PyExc_KeyboardInterrupt);
      throw nb::python_error();
    }
    throw;
  }
  watched.watch.finish();
  interrupt_now();
  return true;
}

}  // namespace quartic::python
