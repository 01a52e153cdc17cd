// What every call does that may take long: others run, and Ctrl-C ends it.
#pragma once

#include <nanobind/nanobind.h>

#include <atomic>
#include <chrono>

#include "quartic/core/stop.hpp"

namespace quartic::python {

namespace nb = nanobind;

/// Of threads that Python does not wait for: where it ends, none of them comes back to it. Python
/// before 3.14 would end them by an exception that no destructor lets through.
void stay_out_of_an_ending_python();

/// From now on, in threads other than this one, which has the GIL.
void python_ends();

/// While it lives the thread has the GIL.
class Acquired {
 public:
  Acquired() {
    stay_out_of_an_ending_python();
    state_ = PyGILState_Ensure();
  }
  ~Acquired() { PyGILState_Release(state_); }
  Acquired(const Acquired&) = delete;
  Acquired& operator=(const Acquired&) = delete;

 private:
  PyGILState_STATE state_;
};

/// While it lives the thread, which has the GIL, has not.
class WithoutGil {
 public:
  WithoutGil() : state_(PyEval_SaveThread()) { ++count_; }
  ~WithoutGil() {
    stay_out_of_an_ending_python();
    PyEval_RestoreThread(state_);
    --count_;
  }
  /// How many threads are at work without the GIL.
  static int count() { return count_; }
  WithoutGil(const WithoutGil&) = delete;
  WithoutGil& operator=(const WithoutGil&) = delete;

 private:
  PyThreadState* state_;
  static inline std::atomic<int> count_ = 0;
};

/// Raises what a signal's handler raises, looking a few times a second: `asked` is when it last
/// did. To be used without the GIL.
void check_signals(std::chrono::steady_clock::time_point& asked);

/// Has check_signals raise KeyboardInterrupt where it looks next.
void interrupt_later();
/// What nobody has looked for by the end is Python's again: the Ctrl-C that it was.
void interrupt_now();

class PythonSignals : public StopRequest {
 public:
  bool requested() const override {
    check_signals(asked_);
    return false;
  }

 private:
  mutable std::chrono::steady_clock::time_point asked_ = std::chrono::steady_clock::now();
};

/// While it lives the GIL is given to others, and the library heeds what Python's handlers of
/// signals raise, which comes out of it.
class Released {
 private:
  WithoutGil without_gil_;
  PythonSignals signals_;
  Stoppable stoppable_{signals_};
};

}  // namespace quartic::python
