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
#include "learn/moderated_variance.hpp"
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
  const bool natural = o.optimiser == Optimiser::natural;
  if (!natural && (o.solver != Solver::automatic || o.radius))
    throw BadInput(fmt::format("learn: solver and radius are of the natural gradient, and play no "
                               "part in optimiser = \"{}\"",
                               name(o.optimiser)),
                   "leave them out, or learn.optimiser");
  if (o.radius && o.solver != Solver::automatic && o.solver != Solver::local)
    throw BadInput(fmt::format("learn: a radius plays no part in solver = \"{}\"", name(o.solver)),
                   "leave out learn.radius, or learn.solver");
  if (!natural) return;
  const Solver solver = chosen_solver(o, target, parameters, samples);
  if (solver == Solver::local) return require_local(o, target, parameters, samples);
  if (solver == Solver::dense) require_dense(parameters.size(), "learn.dense_limit");
  if (o.ridge == 0 && samples <= parameters.size() + 1) {
    const auto by_patches = o.solver == Solver::automatic ? samples_for_local(o, target, parameters)
                                                          : std::optional<double>();
    const double wanted = by_patches.value_or(2.0 * parameters.size() + 1);
    throw BadInput(
        fmt::format("learn: {:.0f} samples an epoch ({} chains x {} draws) are too few for the "
                    "regression on {} parameters",
                    samples, chains, o.draws, parameters.size()),
        fmt::format("raise learn.draws to {:.0f} or more{}", std::ceil(wanted / chains),
                    by_patches ? ", enough to learn patch by patch"
                               : ", tie couplings, or set learn.ridge"));
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

/// To the minimum along a step, by what is sure of the curvature: far away, where few fields make
/// most of it, it may be but noise.
double to_minimum(const Estimate& curvature) {
  return 1 / std::max(curvature.value - 2 * curvature.error, 1.0);
}

double largest(const std::vector<double>& step) {
  double out = 0;
  for (const double x : step) out = std::max(out, std::abs(x));
  return out;
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
    auto step = score_step(gathered<T>(samples), target_, action_, parameters_);
    // A start may be nearer to KL's minimum than Fisher's is.
    const auto along = regression.along(step);
    if (along.slope.value > along.square / 2) {
      row.solver = "score";
      return {std::move(step), {}, {}, std::nan(""), 0};
    }
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
  if (options_.radius || !row.wider_patches_gain()) return false;
  solution = std::move(step), state_.radius = wider;
  return true;
}

/// Whether the last update has raised the bound, to second order by its slopes at both ends:
/// samples know nothing of wells in which they have not been. Then the couplings go back to where
/// the bound was least on that way, and the next updates are no longer than what is left of this
/// one.
template <class T>
bool VariationalLearner<T>::go_back(const Regression<T>& regression, LearnRow& row) {
  auto& last = state_.last_move;
  if (last.empty()) return false;
  // So short a one leaps over nothing: where the bound rises along it all the same, patches are too
  // short, and lead elsewhere.
  constexpr double shortest = 0.1;
  if (state_.last_length > 0 && state_.last_length < shortest) return false;
  const double before = std::max(state_.last_slope, 0.0);
  const Estimate here = regression.along(last).slope;
  if (before + here.value > -3 * here.error) return false;
  constexpr double least = 0.02, most = 0.5;
  const double kept = std::clamp(before / (before - here.value), least, most);
  auto theta = this->theta();
  for (std::size_t k = 0; k < theta.size(); ++k) {
    const double back = (1 - kept) * last[k];
    theta[k] -= back, last[k] *= kept;
    row.max_step = std::max(row.max_step, std::abs(back));
  }
  this->set_theta(theta);
  state_.last_slope *= kept;
  state_.longest = kept * state_.last_length, state_.last_length = state_.longest;
  state_.quiet_epochs = 0;
  row.solver = "back", row.rate = kept - 1;
  return true;
}

/// What an epoch's samples tell of the couplings that they were drawn with. The descent direction:
/// -d F/d theta = Cov(f, A - S).
template <class T>
LearnRow VariationalLearner<T>::measured(const Samples<T>& samples,
                                         const Regression<T>& regression) const {
  const Overlap overlap = measure_overlap(
      samples.difference, sampler_.all_chains(),
      {sampler_.first_chain(), sampler_.chains(), sampler_.shares(), &sampler_.team()});
  const auto acceptance = sampler_.acceptance();
  LearnRow row;
  row.epoch = state_.epoch;
  row.action_variance = overlap.variance, row.weight_ess = overlap.weight_ess;
  row.acceptance = acceptance.local, row.reflection_acceptance = acceptance.reflection;
  const auto &descent = regression.covariance(), &error = regression.covariance_error();
  double norm2 = 0, error2 = 0;
  for (std::size_t k = 0; k < descent.size(); ++k) {
    norm2 += descent[k] * descent[k];
    error2 += descent[k] * descent[k] * error[k] * error[k];
  }
  row.gradient_norm = {std::sqrt(norm2), norm2 > 0 ? std::sqrt(error2 / norm2) : 0};
  return row;
}

template <class T>
LearnRow VariationalLearner<T>::step(const ProgressCallback& progress) {
  sampler_.reset_acceptance();
  const Samples<T> samples = sample(progress);
  Regression<T> regression(samples, parameters_);
  LearnRow row = measured(samples, regression);
  require_acceptance(row.acceptance, state_.epoch, "the couplings ran away; lower learn.rate");
  const bool exhausted = state_.epoch >= options_.epochs;
  bool moved = !exhausted && go_back(regression, row);
  if (!moved) {
    moved = options_.optimiser == Optimiser::natural ? natural_epoch(samples, regression, row)
                                                     : plain_epoch(regression, row);
  }
  if (moved) ++state_.epoch;
  return row;
}

/// Counts the epochs in which only noise moved the couplings, and decides on the end.
template <class T>
void VariationalLearner<T>::count_quiet(bool quiet) {
  state_.quiet_epochs = quiet ? state_.quiet_epochs + 1 : 0;
  const bool exhausted = state_.epoch >= options_.epochs;
  if (state_.quiet_epochs >= options_.patience && (options_.stop_early || exhausted))
    state_.stop_reason = StopReason::converged;
  else if (exhausted)
    state_.stop_reason = StopReason::epochs_exhausted;
}

/// Adam's, or the plain gradient's. Whether an update followed.
template <class T>
bool VariationalLearner<T>::plain_epoch(Regression<T>& regression, LearnRow& row) {
  const auto& descent = regression.covariance();
  auto step = descent;
  if (options_.optimiser == Optimiser::adam)
    step = adam_direction(descent, state_.epoch + 1.0, state_.first_moment, state_.second_moment);
  const double rate = options_.rate.value_or(default_rate(options_.optimiser));
  row.step_significance = root_mean_square_ratio(descent, regression.covariance_error());
  // A gradient that is only noise has significance 1, and one just above it still drives the slow
  // directions.
  constexpr double noise = 1.2;
  count_quiet(rate * largest(step) < options_.tolerance || row.step_significance < noise);
  state_.theta_error = regression.diagonal_error();
  if (this->finished() || state_.epoch >= options_.epochs) {  // the couplings stay where they are
    if (parameters_.size() > options_.dense_limit) return false;
    const auto natural = regression.dense(options_.ridge);
    state_.noise = natural.noise;
    add_distance(natural.step);
    return false;
  }
  row.rate = update(step, rate);
  row.max_step = std::abs(row.rate) * largest(step);
  return true;
}

/// Whether the significance has stopped to fall near noise: half steps take a third off what is
/// more than noise. Noise may be estimated too low where samples are hardly more than couplings.
template <class T>
bool VariationalLearner<T>::stands(double significance) {
  const double least = state_.significance;
  const bool near = significance < near_noise,
             fell = !near || least == 0 || significance < 0.9 * least;
  state_.stalled = fell ? 0 : state_.stalled + 1;
  if (fell) state_.significance = std::isfinite(significance) ? significance : 0;
  constexpr double by_short_steps = 5;
  const double half_steps =
      std::max(0.5 / options_.rate.value_or(default_rate(options_.optimiser)), 1.0);
  return state_.stalled >= (state_.longest > 0 ? std::max(by_short_steps, half_steps) : half_steps);
}

/// Whether an update followed.
template <class T>
bool VariationalLearner<T>::natural_epoch(const Samples<T>& samples, Regression<T>& regression,
                                          LearnRow& row) {
  const double rate = options_.rate.value_or(default_rate(options_.optimiser));
  const bool local = solver_ == Solver::local, exhausted = state_.epoch >= options_.epochs;
  NaturalStep solution = natural_step(samples, regression, row);
  // Of few samples residuals tell too little noise, and the Hessian is but noise.
  const double couplings = parameters_.size() / static_cast<double>(samples.count());
  const bool few = solver_ == Solver::dense && couplings > 0.125 && couplings < 1;
  if (few) {
    for (double& x : solution.noise) x /= 1 - couplings;
    solution.significance *= 1 - couplings;
  }
  row.ridge = solution.ridge;
  row.step_significance = solution.significance;
  // Two independent regressions differ by sqrt(2) of their error, half steps of the local solver by
  // less.
  const double noise = local ? 1.5 : 1.7;
  const bool standing = stands(row.step_significance) && (local || few || state_.longest > 0);
  bool quiet = rate * largest(solution.step) < options_.tolerance ||
               row.step_significance < noise || standing;
  const bool last = exhausted || (quiet && state_.quiet_epochs + 1 == options_.patience);
  if (row.radius > 0 && last && widen(samples, regression, solution, row) && !exhausted)
    quiet = false, state_.significance = 0, state_.stalled = 0, state_.longest = 0;
  count_quiet(quiet);
  if (exhausted) {
    add_distance(solution.step);
    return false;
  }
  const bool newton = quiet && solver_ == Solver::dense && !few;
  if (newton) solution = regression.newton(solution);
  if (quiet)
    for (std::size_t k = 0; k < solution.bias.size(); ++k) solution.step[k] -= solution.bias[k];
  move(regression, solution, newton, row);
  if (row.solver == "score") {  // of that, no error is known but how far it went
    state_.noise.clear(), state_.theta_error = solution.step;
    for (double& error : state_.theta_error) error = std::abs(row.rate * error);
  } else {
    // Quiet may be no more than that it does not get quieter. Short updates leave the couplings as
    // far away as a whole step.
    const double told = std::max(row.step_significance, 1.0);
    constexpr double short_rate = 0.25;
    const bool by_short_steps = quiet && (state_.longest > 0 || rate < short_rate);
    if (quiet && (local || few || by_short_steps))
      for (double& x : solution.noise) x *= by_short_steps ? told : std::max(told / noise, 1.0);
    add_noise(solution.noise, by_short_steps ? 1 : row.rate);
  }
  return true;
}

/// Along the solution, as far as it can be trusted.
template <class T>
void VariationalLearner<T>::move(const Regression<T>& regression, const NaturalStep& solution,
                                 bool newton, LearnRow& row) {
  const auto along = regression.along(solution.step);
  const double length = std::sqrt(along.square), significance = row.step_significance;
  const bool score = row.solver == "score", quiet = state_.quiet_epochs > 0;
  double rate = options_.rate.value_or(default_rate(options_.optimiser));
  if (score)  // to the minimum along it
    rate *= to_minimum(along.curvature) * std::min(along.slope.value / along.square, 1.0);
  else if (!newton)
    rate *= std::min(to_minimum(along.curvature), significance < near_noise ? 0.5 : 1.0);
  // Once only noise moves the couplings, the estimates are averaged, those that follow a quiet one.
  if (quiet) rate = std::min(rate, 1.0 / std::max(state_.quiet_epochs - 1, 1));
  const double longest = state_.longest;
  if (longest > 0 && !quiet) state_.longest = longest < rate * length ? 2 * longest : 0;
  if (longest > 0 && length > 0) rate = std::min(rate, longest / length);
  row.rate = update(solution.step, rate);
  row.max_step = std::abs(row.rate) * largest(solution.step);
  state_.last_move = solution.step;
  for (double& x : state_.last_move) x *= row.rate;
  // How far samples can be trusted a failure of scores does not tell.
  state_.last_length = score ? 0 : row.rate * length;
  // A step by the samples' own noise finds it again in their slope, and raises the bound, by what
  // its curvature is over that of C.
  constexpr double most_curvature = 4;
  const double true_part = score ? 1 : 1 - 1 / std::max(significance * significance, 1.0);
  state_.last_slope = quiet ? most_curvature * state_.last_length * state_.last_length
                            : row.rate * along.slope.value * true_part;
}

/// Where the epochs ran out, or the path was not that of the natural gradient: the error also has
/// the step that would still be left.
template <class T>
void VariationalLearner<T>::add_distance(const std::vector<double>& step) {
  const auto variance = moderated_variance(state_.noise, parameters_);
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
  state_.theta_error = moderated_variance(noise, parameters_);
  const auto theta = this->theta();
  for (std::size_t k = 0; k < theta.size(); ++k)
    state_.theta_error[k] = std::hypot(std::sqrt(state_.theta_error[k]), rounding(theta[k]));
}

template class VariationalLearner<float>;
template class VariationalLearner<double>;

}  // namespace quartic
