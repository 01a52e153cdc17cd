// What every call does that may take long: others run, and Ctrl-C ends it.
#pragma once

#include <nanobind/nanobind.h>

#include <chrono>

#include "quartic/core/stop.hpp"

namespace quartic::python {

namespace nb = nanobind;

/// Raises what a signal's handler raises, looking a few times a second: `asked` is when it last
/// did. To be used without the GIL.
void check_signals(std::chrono::steady_clock::time_point& asked);

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
  nb::gil_scoped_release release_;
  PythonSignals signals_;
  Stoppable stoppable_{signals_};
};

}  // namespace quartic::python
