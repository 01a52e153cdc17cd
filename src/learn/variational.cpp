#include "quartic/learn/variational.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "learn/equilibrium_sample.hpp"
#include "learn/learner_parts.hpp"
#include "learn/local_regression.hpp"
#include "learn/local_solver.hpp"
#include "learn/regression.hpp"
#include "learn/score_regression.hpp"
#include "quartic/core/error.hpp"
#include "quartic/field/features.hpp"
#include "quartic/stats/overlap.hpp"

namespace quartic {
namespace {

void require_valid(const VariationalOptions& o, const Target& target, const Parameters& parameters,
                   int chains) {
  if (!target.real()) {
    int k = 0;
    while (target.coupling(k).imag() == 0) ++k;
    const auto g = target.coupling(k);
    throw BadInput(
        fmt::format("learning needs a real target action, but the coupling of its term {} is "
                    "complex, {:g}{:+g}i",
                    k + 1, g.real(), g.imag()),
        fmt::format("learn with the real part, coupling = {:g}; reweighting the run then reaches "
                    "the complex action",
                    g.real()));
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
  if (o.radius && *o.radius < 1)
    throw BadInput("learn: the radius must be positive", "see learn.radius");
  if (o.optimiser != Optimiser::natural) return;
  const Solver solver = chosen_solver(o, target, parameters, samples);
  if (solver == Solver::local) return require_local(o, target, parameters, samples);
  if (solver == Solver::dense) require_dense(parameters.size(), "learn.dense_limit");
  if (o.ridge == 0 && samples <= parameters.size() + 1) {
    throw BadInput(
        fmt::format("learn: {:.0f} samples an epoch ({} chains x {} draws) are too few for the "
                    "regression on {} "
                    "parameters",
                    samples, chains, o.draws, parameters.size()),
        fmt::format("raise learn.draws to {} or more, tie couplings, or set learn.ridge",
                    2 * parameters.size() / chains + 1));
  }
}

/// What a function's densities leave of A - S has to be a constant, but for rounding. O(samples V).
template <class T>
void require_sums(const SiteSamples& densities, const Samples<T>& samples, std::uint64_t epoch) {
  const auto draws = static_cast<std::size_t>(samples.draws),
             lanes = static_cast<std::size_t>(samples.lanes);
  double count = 0, rest = 0, rest2 = 0, all = 0, all2 = 0, size = 0;
  for (std::size_t n = 0; n < samples.difference.size(); ++n) {
    const std::size_t chain = samples.first_chain() + n / draws, draw = n % draws;
    const std::size_t at = (chain / lanes * draws + draw) * lanes + chain % lanes;
    double sum = 0;
    for (int site = 0; site < samples.sites; ++site)
      sum += densities.site(site)[at], size += std::abs(densities.site(site)[at]);
    const double left = sum - samples.difference[n];
    ++count, rest += left, rest2 += left * left;
    all += samples.difference[n], all2 += samples.difference[n] * samples.difference[n];
  }
  const auto deviation = [&](double x, double x2) {
    return std::sqrt(std::max(x2 / count - x / count * (x / count), 0.0));
  };
  const double by_rounding = 1e-4 * std::sqrt(samples.sites) + 1e-5 * size / count;
  if (deviation(rest, rest2) < 1e-3 * deviation(all, all2) + by_rounding) return;
  throw BadInput(
      fmt::format("epoch {}: the densities of a function of the target do not sum to it: what is "
                  "left varies by {:.2g} from field to field",
                  epoch, deviation(rest, rest2)),
      "densities(phi) are A site by site; without them learning takes the function alone");
}

/// No coupling is known better than to a few units of its last place.
double rounding(double coupling) {
  return 4 * std::numeric_limits<double>::epsilon() * std::abs(coupling);
}

/// Of a step of the natural gradient C^-1 g where the bound's Hessian H is not C. Far from the
/// minimum it goes no farther than to that along it. Near it, where H has h times C's curvature,
/// the noise of earlier steps is met again: by steps of eta the significance does not fall below
/// sqrt(2 / (2 - eta h)), for ever above noise's own from h = 1.3 on, which half steps put off
/// to 2.
constexpr double near_noise = 3;  // significance of a step

/// Whether a significance near noise has stopped to fall: half steps take a third off what is more
/// than noise. Noise may be estimated too low where samples are hardly more than couplings.
bool stands(double significance, double last) {
  return significance < near_noise && last > 0 && significance > 0.9 * last;
}

double shortened(double significance, double curvature) {
  return std::min(1 / std::max(curvature, 1.0), significance < near_noise ? 0.5 : 1.0);
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
  solver_ = chosen_solver(options_, target_, parameters_,
                          static_cast<double>(sampler.chains) * options_.draws);
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
  double infinite = 0;
  for (const double d : samples.difference) infinite = std::isfinite(d) ? infinite : 1;
  samples.team().max(std::span(&infinite, 1));
  if (infinite != 0) {
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
        // Patches are steps of their own: one that would leave is shortened alone.
        if (options_.optimiser == Optimiser::natural && solver_ != Solver::local) return next;
        for (int k = parameters_.begin(CouplingKind::b); k < parameters_.end(CouplingKind::b); ++k)
          if (options_.optimiser != Optimiser::natural || next[k] <= 0)
            next[k] = std::max(next[k], theta[k] / 2);
        return next;
      });
  this->set_theta(move.theta);
  return move.rate;
}

/// With the local solver, and significance.
template <class T>
NaturalStep VariationalLearner<T>::local_step(const Samples<T>& samples,
                                              const Regression<T>& regression, int radius) {
  if (!patches_ || patches_->radius != radius)
    patches_ = std::make_shared<const Patches>(make_patches(parameters_, radius));
  const auto all = gathered<T>(samples);
  const auto densities = action_difference(SitePart::density, target_, action_, all);
  if (target_.functions().size() > 0) require_sums(densities, samples, state_.epoch);
  auto out =
      quartic::local_step(all, densities, parameters_, *patches_, options_.ridge, samples.team());
  out.significance = regression.significance(out);
  return out;
}

template <class T>
NaturalStep VariationalLearner<T>::natural_step(const Samples<T>& samples,
                                                Regression<T>& regression, LearnRow& row) {
  if (state_.epoch == 0 && solver_ != Solver::dense && target_.has(SitePart::gradient)) {
    row.solver = "score";
    return {score_step(gathered<T>(samples), target_, action_, parameters_), {}, std::nan(""), 0};
  }
  row.solver = name(solver_);
  if (solver_ == Solver::dense) return regression.dense(options_.ridge);
  if (solver_ == Solver::matrix_free) return regression.matrix_free(options_.ridge);
  if (state_.radius == 0) state_.radius = first_radius(options_, target_, parameters_);
  row.radius = state_.radius;
  return local_step(samples, regression, state_.radius);
}

/// What a longer radius gains. Where that is more than noise and than a hundredth of what is left,
/// it is the radius from now on, and its step the solution.
template <class T>
bool VariationalLearner<T>::widen(const Samples<T>& samples, const Regression<T>& regression,
                                  NaturalStep& solution, LearnRow& row) {
  if (patches_->most_couplings == parameters_.size()) {
    row.wider_gain = {0, 0};
    return false;
  }
  const int wider = state_.radius + 1;
  const double most = most_couplings(samples.count());
  if (make_patches(parameters_, wider, most).most_couplings > most) return false;
  auto step = local_step(samples, regression, wider);
  row.wider_gain = regression.gain(solution, step);
  const bool worth = row.wider_gain.value > 2 * row.wider_gain.error &&
                     row.wider_gain.value > 0.01 * row.action_variance.value / 2;
  if (options_.radius || !worth) return false;
  solution = std::move(step), state_.radius = wider;
  return true;
}

template <class T>
LearnRow VariationalLearner<T>::step(const ProgressCallback& progress) {
  sampler_.reset_acceptance();
  const Samples<T> samples = sample(progress);
  const Overlap overlap = measure_overlap(
      samples.difference, sampler_.all_chains(),
      {sampler_.first_chain(), sampler_.chains(), sampler_.shares(), &sampler_.team()});
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
  NaturalStep solution;
  if (natural) {
    solution = natural_step(samples, regression, row);
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

  // Two independent regressions differ by sqrt(2) of their error, half steps of the local solver by
  // less; a gradient that is only noise has significance 1, and one just above it still drives the
  // slow directions.
  const double noise = !natural ? 1.2 : solver_ == Solver::local ? 1.5 : 1.7;
  bool quiet = largest < options_.tolerance || row.step_significance < noise ||
               (solver_ == Solver::local && stands(row.step_significance, state_.significance));
  state_.significance = std::isfinite(row.step_significance) ? row.step_significance : 0;
  state_.quiet_epochs = quiet ? state_.quiet_epochs + 1 : 0;
  const bool exhausted = state_.epoch >= options_.epochs;
  if (row.radius > 0 && (state_.quiet_epochs == options_.patience || exhausted) &&
      widen(samples, regression, solution, row) && !exhausted)
    quiet = false, state_.quiet_epochs = 0, state_.significance = 0;
  const bool converged = state_.quiet_epochs >= options_.patience;
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
  const bool newton = natural && quiet && solver_ == Solver::dense;
  if (newton) solution = regression.newton(solution);
  double eta = newton || !natural || row.solver == "score"
                   ? rate
                   : rate * shortened(row.step_significance, regression.curvature(solution.step));
  // Once only noise moves the couplings, the estimates are averaged, those that follow a quiet one.
  if (natural && quiet) eta = std::min(eta, 1.0 / std::max(state_.quiet_epochs - 1, 1));
  row.rate = update(solution.step, eta);
  for (const double d : solution.step)
    row.max_step = std::max(row.max_step, std::abs(row.rate * d));
  if (row.solver == "score") {  // of that, no error is known but how far it went
    state_.noise.clear(), state_.theta_error = solution.step;
    for (double& error : state_.theta_error) error = std::abs(row.rate * error);
  } else if (natural) {
    if (quiet && solver_ == Solver::local)  // what it was told by, the couplings' own scatter tells
      for (double& x : solution.noise) x *= std::max(row.step_significance / noise, 1.0);
    add_noise(solution.noise, row.rate);
  }
  ++state_.epoch;
  return row;
}

/// Where the epochs ran out, or the path was not that of the natural gradient: the error also has
/// the step that would still be left.
template <class T>
void VariationalLearner<T>::add_distance(const std::vector<double>& step) {
  const auto variance = noise_variance(state_.noise, parameters_.size());
  const auto theta = this->theta();
  for (std::size_t k = 0; k < step.size(); ++k)
    state_.theta_error[k] = std::hypot(std::sqrt(variance[k]), step[k], rounding(theta[k]));
}

/// Of theta + rate * step.
template <class T>
void VariationalLearner<T>::add_noise(const std::vector<double>& of_step, double rate) {
  auto& noise = state_.noise;
  noise.resize(of_step.size());
  for (std::size_t n = 0; n < noise.size(); ++n)
    noise[n] = (1 - rate) * noise[n] + rate * of_step[n];
  state_.theta_error = noise_variance(noise, parameters_.size());
  const auto theta = this->theta();
  for (std::size_t k = 0; k < theta.size(); ++k)
    state_.theta_error[k] = std::hypot(std::sqrt(state_.theta_error[k]), rounding(theta[k]));
}

template class VariationalLearner<float>;
template class VariationalLearner<double>;

}  // namespace quartic
