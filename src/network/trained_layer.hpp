// One layer's couplings in training.
#pragma once

#include <Eigen/Core>
#include <array>
#include <cstdint>
#include <vector>

#include "quartic/network/learner.hpp"

namespace quartic {

inline constexpr double adam_decay1 = 0.9, adam_decay2 = 0.999;  // the paper's defaults

/// The couplings of one layer in training: r, a, b, their preconditioner and the optimiser's
/// memory.
class TrainedLayer {
 public:
  /// `typical`: the layer whose units' covariance sets the scale of steps. The first so many of r,
  /// a, b are trained.
  TrainedLayer(const Layer& start, const Layer& typical, int couplings);

  /// One step against the mean of f = (x, x^2, x^4), data minus model (theta multiplies +f in S).
  /// `shift`: what the linear coupling takes up for centring.
  void step(const TrainingOptions& o, double rate, std::int64_t time,
            const std::vector<double>& difference, const std::vector<double>& shift);

  /// Couplings and memory as entries `at` to at + 2 of a state's arrays.
  void store(TrainingState& state, int at) const;
  void restore(const TrainingState& state, int at);

  Layer layer;
  std::array<std::vector<double>, 3> first, second;

 private:
  Eigen::Vector3d momentum(int i, double decay, double rate, const Eigen::Vector3d& gradient);
  Eigen::Vector3d adam(int i, double rate, std::int64_t time, const Eigen::Vector3d& gradient);

  /// How far b may fall in a step: by half, and not far below the typical unit's.
  double lowest_b(int i) const;

  std::vector<Eigen::Matrix3d> metric_, metric_without_b_;
  std::vector<double> min_b_;
};

}  // namespace quartic
