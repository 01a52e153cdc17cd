// The task that trains a network, alone or as a layer of a stack.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "quartic/network/learner.hpp"
#include "quartic/network/path.hpp"
#include "quartic/network/training_watch.hpp"
#include "quartic/run/train.hpp"

namespace quartic {

class TrainTask {
 public:
  using Run = NetworkRun;

  TrainTask(NetworkRun& run, const NetworkData& data);

  /// Whether the run has a state to go on from.
  static bool begun(const NetworkRun& run) { return !run.checkpoint.chains.streams.empty(); }

  NetworkRun& run() const { return run_; }
  void warm_up(const Session& /*session*/) {}
  void mark() { marked_ = learner_->state(), marked_pace_ = pace(); }
  std::optional<std::int64_t> rewind();
  void advance(const Session& session);
  void save();
  bool conclude(const Session& session);
  StopReason stop_reason() const;
  Step step() const;
  Metrics metrics() const;

 private:
  /// What [training] epochs = "auto" keeps besides the learner's state.
  struct Pace {
    double rate = 0;
    int halvings = 0;
    bool enough = false;
    std::vector<double> watch;

    template <class Archive>
    void archive(Archive& state) {
      state(rate, halvings, enough, watch);
    }
  };

  bool automatic() const { return run_.config.training.epochs == 0; }
  void make_learner();
  void look();
  bool over() const;
  void learn_slower(const std::string& why);
  void restore(const TrainingState& state, const std::vector<double>& pace);
  std::vector<double> pace() const;
  NetworkPath path() const;
  void evaluate(const Session& session);
  void draw();

  NetworkRun& run_;
  const NetworkData& data_;
  Network start_;  ///< where a slower training begins again
  std::optional<NetworkLearner<float>> learner_;
  std::optional<TrainingWatch> watch_;  ///< where it says how long
  Pace pace_;
  TrainingState marked_;
  std::vector<double> marked_pace_;
  int first_;
};

}  // namespace quartic
