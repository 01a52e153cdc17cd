// The task that learns a network whose ln Z is exact: a race of scalings, then all rows.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "quartic/run/density_learner.hpp"
#include "quartic/run/train.hpp"

namespace quartic {

class DensityTask {
 public:
  using Run = NetworkRun;

  DensityTask(NetworkRun& run, const NetworkData& data);

  /// Whether the run has a state to go on from.
  static bool begun(const NetworkRun& run) { return !run.density.state.empty(); }

  NetworkRun& run() const { return run_; }
  void warm_up(const Session& /*session*/) {}
  void mark() { marked_ = learner_.state(); }
  std::optional<std::int64_t> rewind();
  void advance(const Session& session) { learner_.step(session.going_on()); }
  void save();
  bool conclude(const Session& session);
  StopReason stop_reason() const;
  Step step() const;
  Metrics metrics() const;

 private:
  void draw(const std::vector<double>& rows);

  NetworkRun& run_;
  const NetworkData& data_;
  DensityLearner learner_;
  std::vector<double> marked_;
  int first_;
};

}  // namespace quartic
