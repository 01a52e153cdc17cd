// The task that trains a network by chains, alone or as a layer of a stack.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "quartic/network/paced_learner.hpp"
#include "quartic/network/path.hpp"
#include "quartic/run/train.hpp"

namespace quartic {

class TrainTask {
 public:
  using Run = NetworkRun;

  /// From `start`, by default independent columns, or the state that the run has. The data are in
  /// its units; the ranks of the team share rows, chains and weights.
  TrainTask(NetworkRun& run, const NetworkData& data, const Network& start,
            const Team& team = alone());
  TrainTask(NetworkRun& run, const NetworkData& data, const Team& team = alone());

  /// Whether the run has a state to go on from.
  static bool begun(const NetworkRun& run) { return !run.checkpoint.chains.streams.empty(); }

  NetworkRun& run() const { return run_; }
  void warm_up(const Session& /*session*/) {}
  void mark() { marked_ = learner_.state(), marked_pace_ = learner_.pace(); }
  std::optional<std::int64_t> rewind();
  void advance(const Session& session);
  void save();
  bool conclude(const Session& session);
  StopReason stop_reason() const;
  Step step() const;
  Metrics metrics() const;

 private:
  NetworkPath path() const;
  void evaluate(const Session& session);

  NetworkRun& run_;
  const NetworkData& data_;
  PacedLearner learner_;
  TrainingState marked_;
  std::vector<double> marked_pace_;
  int first_;
};

}  // namespace quartic
