// What the learners of an action's couplings have in common: couplings, chains, state.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "quartic/core/error.hpp"
#include "quartic/field/parameters.hpp"
#include "quartic/learn/stop_reason.hpp"
#include "quartic/mcmc/sampler.hpp"

namespace quartic {

/// Everything that an exact restart needs, besides the options: couplings, optimiser, fields,
/// streams.
struct LearnerState {
  int epoch = 0;
  std::vector<double> w, r, a, b;
  std::vector<double> theta_error;  ///< standard error of the current parameters
  /// Monte Carlo noise by group of chains, [group][k], scaled such that the sum over groups of
  /// outer products is its covariance. Chains live on from epoch to epoch and so do their shares,
  /// which makes their autocorrelation part of it. Of theta, or of mean_gradient (data).
  std::vector<double> noise;
  std::vector<double> first_moment, second_moment;  ///< Adam
  int quiet_epochs = 0;                             ///< in which only noise moved the couplings
  StopReason stop_reason = StopReason::running;
  SamplerState sampler;
};

/// An action whose free parameters theta are learned by sampling it. State is a LearnerState; T is
/// the precision of the fields.
template <class T, class State>
class ActionLearner {
 public:
  bool finished() const { return state_.stop_reason != StopReason::running; }
  StopReason reason() const { return state_.stop_reason; }

  const Action& action() const { return action_; }
  const Parameters& parameters() const { return parameters_; }
  std::vector<double> theta() const { return parameters_.gather(action_); }
  const std::vector<double>& theta_error() const { return state_.theta_error; }
  const Sampler<T>& sampler() const { return sampler_; }
  Sampler<T>& sampler() { return sampler_; }

  State state() const {
    State state = state_;
    state.w = action_.w, state.r = action_.r, state.a = action_.a, state.b = action_.b;
    state.sampler = sampler_.state();
    return state;
  }
  /// A finished run may be extended: whether to stop is decided anew.
  void restore(const State& state) {
    state_ = state;
    state_.stop_reason = StopReason::running;
    action_.w = state.w, action_.r = state.r, action_.a = state.a, action_.b = state.b;
    sampler_.set_action(action_);
    sampler_.restore(state.sampler);
  }

 protected:
  ActionLearner(Parameters parameters, const Action& start, const SamplerOptions& sampler,
                std::uint64_t seed)
      : parameters_(std::move(parameters)), action_(start), sampler_(start, sampler, seed) {}

  void set_theta(const std::vector<double>& theta) {
    parameters_.scatter(theta, action_);
    try {
      sampler_.set_action(action_);
    } catch (const BadInput& error) {  // normalisable, but beyond what fields can hold
      throw Diverged("epoch " + std::to_string(state_.epoch) + ": " + error.what(), error.hint());
    }
  }

  Parameters parameters_;
  Action action_;
  Sampler<T> sampler_;
  State state_;
};

}  // namespace quartic
