// What learners share.
#pragma once

#include <fmt/format.h>

#include <cmath>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "quartic/core/error.hpp"
#include "quartic/field/action.hpp"
#include "quartic/field/parameters.hpp"
#include "quartic/graph/graph.hpp"
#include "quartic/mcmc/sampler.hpp"

namespace quartic {

/// Couplings on their way may cross into a broken phase, where a schedule tuned before it would
/// leave domain walls standing: clusters stay, wherever there is a bulk.
inline SamplerOptions with_clusters(SamplerOptions options, const Graph& graph) {
  constexpr int bulk = 64;
  if (options.cluster == ClusterMove::automatic && graph.sites() >= bulk && graph.edge_count() > 0)
    options.cluster = ClusterMove::fill;
  return options;
}

/// The step that Adam (Kingma & Ba, arXiv:1412.6980, with the paper's defaults) takes at rate 1
/// along an ascent or descent direction; `time` counts from 1. Updates the running moments.
inline std::vector<double> adam_direction(const std::vector<double>& along, double time,
                                          std::vector<double>& m, std::vector<double>& v) {
  constexpr double decay1 = 0.9, decay2 = 0.999, epsilon = 1e-8;
  m.resize(along.size()), v.resize(along.size());
  std::vector<double> direction(along.size());
  for (std::size_t k = 0; k < along.size(); ++k) {
    m[k] = decay1 * m[k] + (1 - decay1) * along[k];
    v[k] = decay2 * v[k] + (1 - decay2) * along[k] * along[k];
    const double mean = m[k] / (1 - std::pow(decay1, time)),
                 square = v[k] / (1 - std::pow(decay2, time));
    direction[k] = mean / (std::sqrt(square) + epsilon);
  }
  return direction;
}

/// A step that the action can take.
struct Move {
  std::vector<double> theta;
  double rate;
};
/// theta_at(rate), with the rate halved until that action is normalisable. Throws Diverged where
/// none is; `direction` says along what, `hint` what to do.
template <class ThetaAt>
Move normalisable_move(const Parameters& parameters, Action action, double rate, int epoch,
                       const char* direction, const char* hint, ThetaAt&& theta_at) {
  std::optional<std::string> why_not;
  for (int halving = 0; halving < 20; ++halving, rate /= 2) {
    auto theta = theta_at(rate);
    parameters.scatter(theta, action);
    why_not = why_not_normalisable(action);
    if (!why_not) return {std::move(theta), rate};
  }
  throw Diverged(fmt::format("epoch {}: every step {} leaves the normalisable actions: {}", epoch,
                             direction, *why_not),
                 hint);
}

/// Throws Diverged where chains hardly move any more.
inline void require_acceptance(double acceptance, int epoch, const char* hint) {
  if (!(acceptance < 1e-3)) return;
  throw Diverged(fmt::format("epoch {}: the acceptance has fallen to {:.1e}", epoch, acceptance),
                 hint);
}

/// sqrt of the mean of (x / error)^2; entries without error count as 0.
inline double root_mean_square_ratio(const std::vector<double>& x,
                                     const std::vector<double>& error) {
  double sum = 0;
  for (std::size_t k = 0; k < x.size(); ++k)
    sum += error[k] > 0 ? x[k] * x[k] / (error[k] * error[k]) : 0;
  return std::sqrt(sum / static_cast<double>(x.size()));
}

}  // namespace quartic
