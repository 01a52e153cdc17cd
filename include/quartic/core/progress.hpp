// How far a long computation has come, and whether it is to go on.
#pragma once

#include <functional>

#include "quartic/core/error.hpp"

namespace quartic {

/// Called now and then with the fraction that is done, from 0 to 1; says whether to go on. The
/// fraction goes back where a first attempt did not reach the wanted error and a longer one begins.
/// May be empty.
using ProgressCallback = std::function<bool(double done)>;

/// A long computation was told to stop before its end: nothing of it is to be used.
class Interrupted : public Error {
 public:
  Interrupted() : Error(ErrorCode::interrupted, "stopped on request") {}
};

/// Reports to a callback. Throws Interrupted where it says to stop.
inline void report_progress(const ProgressCallback& progress, double done) {
  if (progress && !progress(done)) throw Interrupted();
}

}  // namespace quartic
