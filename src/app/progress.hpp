// Progress of a learn: a live bar on a terminal, plain lines in a log, JSON lines, or nothing.
#pragma once

#include <chrono>
#include <string>

#include "app/verb.hpp"
#include "quartic/learn/variational.hpp"

namespace quartic::app {

class Progress {
 public:
  Progress(const Globals& globals, int epochs, int first_epoch);
  ~Progress();

  void note(const std::string& what);  ///< "warming up", "certificate", ...
  void epoch(const EpochRow& row);
  /// How far a part is, a fraction; for computations that have no epochs.
  void part(const std::string& what, double done);
  void clear();  ///< takes the bar off the screen

 private:
  enum class Mode { none, bar, lines, json };
  void draw(const EpochRow& row, double seconds);
  void line(const EpochRow& row, double seconds);

  using Clock = std::chrono::steady_clock;
  Mode mode_;
  int epochs_, first_;
  bool drawn_ = false;
  std::string part_;                  ///< the part under way
  double next_ = 0, interval_ = 0.5;  ///< seconds
  Clock::time_point start_ = Clock::now();
};

}  // namespace quartic::app
