// The tasks that learn a network whose ln Z is exact: a race of scalings, then all rows.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "quartic/run/density_learner.hpp"
#include "quartic/run/train.hpp"

namespace quartic {

/// Of a whole run.
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

 protected:
  DensityTask(NetworkRun& run, const NetworkData& data, std::vector<double> rows,
              const DensityOptions& options);

  void finish(const Session& session);
  /// The run's network and data, in the units that were chosen.
  void take(const DensityFit& fit, Network network);

  NetworkRun& run_;
  const NetworkData& data_;
  DensityLearner learner_;

 private:
  std::vector<double> marked_;
  int first_;
};

/// Of what chains begin with (run/learning_way.hpp), which a TrainTask goes on from.
class StartTask : public DensityTask {
 public:
  StartTask(NetworkRun& run, const NetworkData& data);

  /// Hands over: the run is at the start of learning by chains.
  bool conclude(const Session& session);

  struct Start {
    NetworkData data;  ///< in the units that were chosen
    Network network;
  };
  /// Once it is over. O(rows columns), or rows columns^2 where they are turned.
  Start start() const;
};

}  // namespace quartic
