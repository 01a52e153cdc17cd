#include "quartic/learn/variational.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "learn/equilibrium_sample.hpp"
#include "learn/learner_parts.hpp"
#include "learn/regression.hpp"
#include "quartic/core/error.hpp"
#include "quartic/field/features.hpp"
#include "quartic/stats/overlap.hpp"

namespace quartic {
namespace {

void require_valid(const VariationalOptions& o, const Target& target, const Parameters& parameters,
                   int chains) {
  if (!target.real()) {
    throw BadInput("learning needs a real target action, but a coupling of the target is complex",
                   "learn the real part and reach the complex action by reweighting");
  }
  if (target.size() == 0)
    throw BadInput("the target action has no terms", "add at least one [[target]]");
  if (parameters.size() == 0)
    throw BadInput("every coupling is frozen: nothing to learn", "set a freedom to free or tied");
  if (o.epochs < 1 || o.draws < 1 || o.sweeps < 1 || o.warm_up < 0 || o.patience < 1) {
    throw BadInput(
        "learn: epochs, draws, sweeps and patience must be positive, warm_up not negative",
        "see learn.epochs, learn.draws, learn.sweeps, learn.patience, learn.warm_up");
  }
  const double samples = static_cast<double>(chains) * o.draws;
  if (o.optimiser == Optimiser::natural && o.ridge == 0 && samples <= parameters.size() + 1) {
    throw BadInput(
        fmt::format("learn: {:.0f} samples an epoch ({} chains x {} draws) are too few for the "
                    "regression on {} "
                    "parameters",
                    samples, chains, o.draws, parameters.size()),
        fmt::format("raise learn.draws to {} or more, tie couplings, or set learn.ridge",
                    2 * parameters.size() / chains + 1));
  }
}

double default_rate(Optimiser optimiser) {
  return optimiser == Optimiser::natural ? 1.0 : optimiser == Optimiser::adam ? 0.01 : 0.04;
}

}  // namespace

template <class T>
VariationalLearner<T>::VariationalLearner(Target target, Parameters parameters, const Action& start,
                                          const SamplerOptions& sampler,
                                          const VariationalOptions& options, std::uint64_t seed)
    : Base(std::move(parameters), start, with_clusters(sampler, *start.graph), seed),
      target_(std::move(target)),
      known_(target_.known()),
      options_(options) {
  require_valid(options_, target_, parameters_, sampler.chains);
  state_.theta_error.assign(parameters_.size(), 0.0);
}

template <class T>
void VariationalLearner<T>::warm_up(const ProgressCallback& progress) {
  sampler_.warm_up(options_.warm_up, progress);
}

template <class T>
Samples<T> VariationalLearner<T>::sample(const ProgressCallback& progress) {
  // What epochs are averaged over must not lag behind the couplings' last move.
  const auto& error = state_.theta_error;
  if (state_.quiet_epochs > 0 && *std::max_element(error.begin(), error.end()) > options_.tolerance)
    sampler_.sweep((options_.draws * options_.sweeps + 1) / 2);
  Samples<T> samples{collect(sampler_, options_.draws, options_.sweeps, progress), {}};
  samples.difference = by_configuration(samples, options_.draws,
                                        [&](const auto& block, std::span<double> difference) {
                                          std::vector<double> s(difference.size());
                                          known_.evaluate(block, difference);
                                          evaluate_action(action_, block, s);
                                          for (std::size_t lane = 0; lane < s.size(); ++lane)
                                            difference[lane] -= s[lane];
                                        });
  add_functions(target_, samples, options_.draws, samples.difference);
  for (const double d : samples.difference) {
    if (std::isfinite(d)) continue;
    throw Diverged(fmt::format("epoch {}: the action difference A - S is not finite", state_.epoch),
                   "lower learn.rate, or start closer to the target");
  }
  return samples;
}

/// theta + eta * step, with eta halved until the action stays normalisable.
template <class T>
double VariationalLearner<T>::update(const std::vector<double>& step, double rate) {
  const auto theta = this->theta();
  const auto move = normalisable_move(
      parameters_, action_, rate, state_.epoch, "along the gradient",
      "the target may want b < 0 on this graph; freeze b, or start closer to the target",
      [&](double eta) {
        auto next = theta;
        for (std::size_t k = 0; k < next.size(); ++k) next[k] += eta * step[k];
        // A gradient step is local anyway: it may halve a b, never take it to the bound. The
        // natural step, exact for a target in the span, keeps its direction and is shortened as a
        // whole.
        if (options_.optimiser == Optimiser::natural) return next;
        for (int k = parameters_.begin(CouplingKind::b); k < parameters_.end(CouplingKind::b); ++k)
          next[k] = std::max(next[k], theta[k] / 2);
        return next;
      });
  this->set_theta(move.theta);
  return move.rate;
}

template <class T>
LearnRow VariationalLearner<T>::step(const ProgressCallback& progress) {
  sampler_.reset_acceptance();
  const Samples<T> samples = sample(progress);
  const Overlap overlap = measure_overlap(samples.difference, sampler_.chains());
  Regression<T> regression(samples, parameters_);
  const auto acceptance = sampler_.acceptance();
  LearnRow row;
  row.epoch = state_.epoch;
  row.action_variance = overlap.variance, row.weight_ess = overlap.weight_ess;
  row.acceptance = acceptance.local, row.reflection_acceptance = acceptance.reflection;
  require_acceptance(row.acceptance, state_.epoch, "the couplings ran away; lower learn.rate");

  // The descent direction: -d F/d theta = Cov(f, A - S).
  const auto &descent = regression.covariance(), &descent_error = regression.covariance_error();
  double norm2 = 0, error2 = 0;
  for (std::size_t k = 0; k < descent.size(); ++k) {
    norm2 += descent[k] * descent[k];
    error2 += descent[k] * descent[k] * descent_error[k] * descent_error[k];
  }
  row.gradient_norm = {std::sqrt(norm2), norm2 > 0 ? std::sqrt(error2 / norm2) : 0};

  const double rate = options_.rate.value_or(default_rate(options_.optimiser));
  const bool natural = options_.optimiser == Optimiser::natural,
             dense = parameters_.size() <= options_.dense_limit;
  typename Regression<T>::Step solution;
  if (natural) {
    solution = dense ? regression.dense(options_.ridge) : regression.matrix_free(options_.ridge);
    row.ridge = solution.ridge;
    row.step_significance = solution.significance;
  } else {
    solution.step =
        options_.optimiser == Optimiser::adam
            ? adam_direction(descent, state_.epoch + 1.0, state_.first_moment, state_.second_moment)
            : descent;
    row.step_significance = root_mean_square_ratio(descent, descent_error);
  }
  double largest = 0;
  for (const double d : solution.step) largest = std::max(largest, std::abs(rate * d));

  // Two independent regressions differ by sqrt(2) of their error; a gradient that is only noise has
  // significance 1, and one just above it still drives the slow directions.
  const double noise = natural ? 1.7 : 1.2;
  const bool quiet = largest < options_.tolerance || row.step_significance < noise;
  state_.quiet_epochs = quiet ? state_.quiet_epochs + 1 : 0;
  const bool converged = state_.quiet_epochs >= options_.patience;
  const bool exhausted = state_.epoch >= options_.epochs;
  if (converged && (options_.stop_early || exhausted)) {
    state_.stop_reason = StopReason::converged;
  } else if (exhausted) {
    state_.stop_reason = StopReason::epochs_exhausted;
  }
  if (!natural) state_.theta_error = regression.diagonal_error();
  // The last estimate of the natural gradient belongs to the average; others stop where they are.
  if (exhausted || (this->finished() && !natural)) {
    if (!natural && dense)
      solution = regression.dense(options_.ridge), state_.noise = solution.noise;
    if (natural || dense) add_distance(solution.step);
    return row;
  }
  if (natural && quiet && dense) solution = regression.newton(solution);
  // Once only noise moves the couplings, the estimates are averaged, those that follow a quiet one.
  const double eta = natural && quiet ? 1.0 / std::max(state_.quiet_epochs - 1, 1) : rate;
  row.rate = update(solution.step, eta);
  for (const double d : solution.step)
    row.max_step = std::max(row.max_step, std::abs(row.rate * d));
  if (natural) add_noise(solution.noise, row.rate);
  ++state_.epoch;
  return row;
}

/// Where the epochs ran out, or the path was not that of the natural gradient: the error also has
/// the step that would still be left.
template <class T>
void VariationalLearner<T>::add_distance(const std::vector<double>& step) {
  const auto variance = noise_variance(state_.noise, parameters_.size());
  for (std::size_t k = 0; k < step.size(); ++k)
    state_.theta_error[k] = std::hypot(std::sqrt(variance[k]), step[k], rounding(k));
}

/// No coupling is known better than to a few units of its last place.
template <class T>
double VariationalLearner<T>::rounding(std::size_t k) const {
  return 4 * std::numeric_limits<double>::epsilon() * std::abs(parameters_.gather(action_)[k]);
}

/// Of theta + rate * step.
template <class T>
void VariationalLearner<T>::add_noise(const std::vector<double>& of_step, double rate) {
  auto& noise = state_.noise;
  noise.resize(of_step.size());
  for (std::size_t n = 0; n < noise.size(); ++n)
    noise[n] = (1 - rate) * noise[n] + rate * of_step[n];
  state_.theta_error = noise_variance(noise, parameters_.size());
  for (std::size_t k = 0; k < state_.theta_error.size(); ++k)
    state_.theta_error[k] = std::hypot(std::sqrt(state_.theta_error[k]), rounding(k));
}

template class VariationalLearner<float>;
template class VariationalLearner<double>;

}  // namespace quartic
