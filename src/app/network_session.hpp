// The training of a network: its epochs, its evaluations and what concludes it.
#pragma once

#include "app/epoch_loop.hpp"
#include "app/network_fitting.hpp"

namespace quartic::app {

/// The trainer with a learner's face.
class TrainerFace {
 public:
  TrainerFace(const NetworkRun& run, const NetworkData& data);

  void warm_up(const std::function<void(double)>& /*progress*/) {}
  TrainRow step() { return trainer_.step(); }
  StopReason reason() const {
    return trainer_.finished() ? StopReason::epochs_exhausted : StopReason::running;
  }
  Network network() const { return trainer_.network(); }
  std::vector<double> chain_values() const { return trainer_.chain_values(); }
  const std::vector<TrainingSnapshot>& snapshots() const { return trainer_.snapshots(); }
  TrainingState state() const { return trainer_.state(); }
  void restore(const TrainingState& state) { trainer_.restore(state); }

 private:
  NetworkLearner<float> trainer_;
};

class NetworkSession : public EpochLoop<NetworkRun, TrainerFace> {
 public:
  NetworkSession(NetworkRun& run, const NetworkData& data, std::filesystem::path file,
                 double max_hours, const Globals& globals)
      : EpochLoop(run, TrainerFace(run, data), std::move(file), max_hours, globals), data_(data) {}

 protected:
  Status status() const override;
  /// After the last evaluation and the draws, before the run is written.
  virtual void complete() {}

 private:
  void advance() override;
  void store() override { run_.network = learner_.network(); }
  void judge();
  NetworkPath path() const;
  void conclude() override;
  void draw();

  const NetworkData& data_;
};

}  // namespace quartic::app
