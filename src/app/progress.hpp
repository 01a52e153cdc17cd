// Progress of a long verb: a live bar on a terminal, plain lines in a log, JSON lines, or nothing.
#pragma once

#include <chrono>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

#include "app/verb.hpp"

namespace quartic::app {

/// Where a verb is.
struct Status {
  std::string unit;             ///< "epoch", "draw"
  std::int64_t first = 0;       ///< where this session began
  std::int64_t done = 0;        ///< now
  std::int64_t total = 0;       ///< 0: not known
  bool may_stop_early = false;  ///< the total is an upper limit
  std::string numbers;          ///< what is shown besides
  nlohmann::json event;         ///< what a JSON line holds
};

class Progress {
 public:
  /// At least `json_interval` seconds lie between two JSON lines.
  explicit Progress(const Globals& globals, double json_interval = 0);
  ~Progress();

  void note(const std::string& what);  ///< a stage: "warming up", "certificate", ...
  /// A stage and how far it is, a fraction: announced once, then followed on the bar.
  void part(const std::string& what, double done);
  /// Shows what `status()` gives; calls it only where something is to be shown now, and spends at
  /// most a twentieth of the time on it.
  template <class MakeStatus>
  void update(MakeStatus status) {
    const double before = seconds();
    if (mode_ == Mode::none || before < next_) return;
    show(status(), before);
    next_ = std::max(next_, before + 20 * (seconds() - before));
  }
  void clear();  ///< takes the bar off the screen

 private:
  enum class Mode { none, bar, lines, json };
  double seconds() const { return std::chrono::duration<double>(Clock::now() - start_).count(); }
  void show(const Status& status, double now);
  void draw(const Status& status, double now);

  using Clock = std::chrono::steady_clock;
  Mode mode_;
  double json_interval_;
  bool drawn_ = false;
  std::string stage_;                 ///< under way
  double next_ = 0, interval_ = 0.5;  ///< seconds
  Clock::time_point start_ = Clock::now();
};

}  // namespace quartic::app
