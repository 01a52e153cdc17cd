#include "network/trained_layer.hpp"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>

#include "network/unit_type.hpp"

namespace quartic {
namespace {

/// Symmetric 3 x 3 inverse with a little ridge in units of the diagonal; zero where a coupling is
/// absent or frozen.
Eigen::Matrix3d preconditioner(const Eigen::Matrix3d& covariance, int couplings) {
  constexpr double ridge = 1e-4;
  std::vector<int> present;
  for (int k = 0; k < couplings; ++k)
    if (covariance(k, k) > 0) present.push_back(k);
  const auto n = static_cast<Eigen::Index>(present.size());
  Eigen::MatrixXd part(n, n);
  Eigen::VectorXd scale(n);
  for (Eigen::Index k = 0; k < n; ++k) scale(k) = 1 / std::sqrt(covariance(present[k], present[k]));
  for (Eigen::Index k = 0; k < n; ++k)
    for (Eigen::Index l = 0; l < n; ++l)
      part(k, l) = covariance(present[k], present[l]) * scale(k) * scale(l) + (k == l ? ridge : 0);
  const Eigen::MatrixXd inverse = scale.asDiagonal() * part.inverse() * scale.asDiagonal();
  Eigen::Matrix3d out = Eigen::Matrix3d::Zero();
  for (Eigen::Index k = 0; k < n; ++k)
    for (Eigen::Index l = 0; l < n; ++l) out(present[k], present[l]) = inverse(k, l);
  return out;
}

/// Of the typical unit's b: less changes little, and zero would forbid every a < 0.
constexpr double min_share_of_b = 0.01;

}  // namespace

double TrainedLayer::lowest_b(int i) const {
  return std::max(layer.b[i] / 2, std::min(min_b_[i], layer.b[i]));
}

TrainedLayer::TrainedLayer(const Layer& start, const Layer& typical, int couplings) : layer(start) {
  const auto size = static_cast<std::size_t>(start.size());
  for (int k = 0; k < 3; ++k) first[k].assign(size, 0.0), second[k].assign(size, 0.0);
  for (int i = 0; i < start.size(); ++i) {
    if (start.discrete()) {
      Eigen::Matrix3d alone = Eigen::Matrix3d::Zero();
      alone(0, 0) = 1;
      metric_.push_back(alone), metric_without_b_.push_back(alone);
    } else {
      const auto values = unit_covariance(typical, i);
      const Eigen::Matrix3d covariance = Eigen::Map<const Eigen::Matrix3d>(values.data());
      metric_.push_back(preconditioner(covariance, couplings));
      metric_without_b_.push_back(preconditioner(covariance, std::min(couplings, 2)));
    }
    min_b_.push_back(min_share_of_b * typical.b[i]);
  }
}

void TrainedLayer::step(const TrainingOptions& o, double rate, std::int64_t time,
                        const std::vector<double>& difference, const std::vector<double>& shift) {
  std::vector<double>* const couplings[] = {&layer.r, &layer.a, &layer.b};
  for (int i = 0; i < layer.size(); ++i) {
    const Eigen::Vector3d gradient(-difference[3 * i], -difference[3 * i + 1],
                                   -difference[3 * i + 2]);
    const Eigen::Vector3d move = o.optimiser == NetworkOptimiser::adam
                                     ? adam(i, rate, time, gradient)
                                     : momentum(i, o.momentum, rate, gradient);
    for (int k = 0; k < 3; ++k) {
      double& theta = (*couplings[k])[i];
      const bool keeps_normalisable = k == 1 && layer.b[i] == 0 && layer.has_a();
      if (k == 2) {
        theta = std::max(theta + move(k), lowest_b(i));
      } else {
        theta = keeps_normalisable ? std::max(theta + move(k), theta / 2) : theta + move(k);
      }
    }
    layer.r[i] += shift[i];
  }
}

Eigen::Vector3d TrainedLayer::momentum(int i, double decay, double rate,
                                       const Eigen::Vector3d& gradient) {
  const auto with = [&](const Eigen::Matrix3d& metric) {
    Eigen::Vector3d move = rate * (metric * gradient);
    for (int k = 0; k < 3; ++k) move(k) += decay * first[k][i];
    return move;
  };
  Eigen::Vector3d move = with(metric_[i]);
  // Where b can fall no further <phi^4> stays too small, and the coupled step would turn that into
  // a drift of r and a without end.
  const bool held = layer.has_b() && layer.b[i] + move(2) < lowest_b(i);
  if (held) move = with(metric_without_b_[i]), move(2) = lowest_b(i) - layer.b[i];
  for (int k = 0; k < 3; ++k) first[k][i] = held && k == 2 ? 0 : move(k);
  return move;
}
Eigen::Vector3d TrainedLayer::adam(int i, double rate, std::int64_t time,
                                   const Eigen::Vector3d& gradient) {
  Eigen::Vector3d move = Eigen::Vector3d::Zero();
  for (int k = 0; k < 3; ++k) {
    if (!(metric_[i](k, k) > 0)) continue;
    auto &m = first[k][i], &v = second[k][i];
    m = adam_decay1 * m + (1 - adam_decay1) * gradient(k);
    v = adam_decay2 * v + (1 - adam_decay2) * gradient(k) * gradient(k);
    const double mean = m / (1 - std::pow(adam_decay1, time)),
                 square = v / (1 - std::pow(adam_decay2, time));
    move(k) = rate * std::sqrt(metric_[i](k, k)) * mean / (std::sqrt(square) + 1e-8);
  }
  return move;
}

void TrainedLayer::store(TrainingState& state, int at) const {
  const std::vector<double>* const couplings[] = {&layer.r, &layer.a, &layer.b};
  for (int k = 0; k < 3; ++k) {
    state.couplings[at + k] = *couplings[k];
    state.first_moments[at + k] = first[k], state.second_moments[at + k] = second[k];
  }
}

void TrainedLayer::restore(const TrainingState& state, int at) {
  std::vector<double>* const couplings[] = {&layer.r, &layer.a, &layer.b};
  for (int k = 0; k < 3; ++k) {
    *couplings[k] = state.couplings[at + k];
    first[k] = state.first_moments[at + k], second[k] = state.second_moments[at + k];
  }
}

}  // namespace quartic
