#include "quartic/learn/likelihood.hpp"

#include <fmt/format.h>
#include <omp.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "core/exact_sum.hpp"
#include "learn/chain_groups.hpp"
#include "learn/hidden_step.hpp"
#include "learn/learner_parts.hpp"
#include "learn/likelihood_epoch.hpp"
#include "learn/likelihood_start.hpp"
#include "learn/newton_step.hpp"
#include "learn/restraint.hpp"
#include "quartic/core/error.hpp"

namespace quartic {
namespace {

constexpr double not_measured = std::numeric_limits<double>::quiet_NaN();

std::vector<double> lower_bounds_of(const Parameters& parameters, const DataMoments& data,
                                    const LikelihoodOptions& options) {
  return lower_bounds(parameters, options.restraint, [&](int i) { return data.fourth(i); });
}

/// What the chains are made for; warm_up starts from there.
Action first_action(const Action& start, const Parameters& parameters, const DataMoments& data,
                    const LikelihoodOptions& options) {
  if (options.start == LikelihoodStart::given) return start;
  return independent_sites(start, parameters, data, lower_bounds_of(parameters, data, options));
}

}  // namespace

template <class T>
LikelihoodLearner<T>::LikelihoodLearner(const DataSource& data, const DataSource* held_out,
                                        Parameters parameters, const Action& start,
                                        const SamplerOptions& sampler,
                                        const LikelihoodOptions& options, std::uint64_t seed)
    : LikelihoodLearner(data, held_out, DataMoments(data, start, options.pass),
                        std::move(parameters), start, sampler, options, seed) {}

template <class T>
LikelihoodLearner<T>::LikelihoodLearner(const DataSource& data, const DataSource* held_out,
                                        DataMoments moments, Parameters parameters,
                                        const Action& start, const SamplerOptions& sampler,
                                        const LikelihoodOptions& options, std::uint64_t seed)
    : Base(parameters, first_action(start, parameters, moments, options),
           with_clusters(sampler, *start.graph), seed),
      source_(&data),
      held_out_source_(held_out),
      options_(options),
      seed_(seed),
      moments_(std::move(moments)),
      lower_(lower_bounds_of(parameters_, moments_, options)),
      decay_(weight_decay(parameters_, options.restraint)) {
  require_valid(options_, parameters_);
  options_.optimiser = chosen_optimiser(options, parameters_);
  if (options_.optimiser == LikelihoodOptimiser::newton)
    require_dense(parameters_.size(), "fit.dense_limit");
  if (held_out) held_out_.emplace(*held_out, start, options.pass);
  state_.theta_error.assign(parameters_.size(), INFINITY);
  state_.draws = options_.draws, state_.sweeps = options_.sweeps;
  state_.radius = first_trust_radius;
  note_moments();
}

template <class T>
void LikelihoodLearner<T>::note_moments() {
  mean_ = moments_.mean(parameters_);
  // Fewer rows say too little about their own scatter.
  constexpr std::size_t enough = 64;
  data_noise_.clear();
  if (moments_.rows() < enough) return;
  for (const auto& of_group : moments_.deviations(parameters_))
    data_noise_.insert(data_noise_.end(), of_group.begin(), of_group.end());
}

/// What hidden sites are expected to be, given the data, at the couplings as they are.
template <class T>
void LikelihoodLearner<T>::expect_hidden_of_data() {
  if (action_.graph->hidden_sites() == 0) return;
  moments_ = DataMoments(*source_, action_, options_.pass);
  if (held_out_) held_out_.emplace(*held_out_source_, action_, options_.pass);
  note_moments();
}

/// <f> of the data, or of rows chosen at random for this epoch.
template <class T>
std::vector<double> LikelihoodLearner<T>::data_mean() const {
  if (options_.batch == 0 || options_.batch >= source_->rows()) return mean_;
  const RowSubset rows(*source_, random_rows(*source_, options_.batch, seed_,
                                             static_cast<std::uint64_t>(state_.epoch)));
  return DataMoments(rows, action_, options_.pass).mean(parameters_);
}

/// Moves for the couplings as they are, where they pay.
template <class T>
void LikelihoodLearner<T>::choose_global_moves() {
  if (action_.graph->hidden_sites() > 0) return;
  const int sites = sampler_.sites();
  std::vector<double> mean(sites), square(sites);
  for (int i = 0; i < sites; ++i) mean[i] = moments_.field(i), square[i] = moments_.square(i);
  global_ = GaussianMoves::of(action_, mean, square);
  if (global_ && !global_->tune(sampler_, state_.global_step, seed_)) global_.reset();
}

/// The chains have to forget within an epoch.
template <class T>
typename LikelihoodLearner<T>::Epoch LikelihoodLearner<T>::sample(
    const ProgressCallback& progress) {
  constexpr double times = 4;  // autocorrelation times that an epoch is to last
  const bool lengthens = options_.optimiser == LikelihoodOptimiser::newton;
  const int most = std::max(options_.max_sweeps, options_.sweeps);
  if (state_.sweeps == 0) state_.sweeps = options_.sweeps;  // of a file of layout 4
  if (!(state_.radius > 0)) state_.radius = first_trust_radius;
  expect_hidden_of_data();
  choose_global_moves();
  // Covariances want a few dozen samples a parameter.
  const double wanted = 64.0 * parameters_.size() / sampler_.all_chains();
  Epoch epoch;
  for (;;) {
    const EpochPlan plan{action_,
                         state_.draws,
                         state_.sweeps,
                         std::max(static_cast<int>(wanted), options_.draws),
                         global_ ? &*global_ : nullptr,
                         state_.global_step,
                         seed_};
    epoch = {sample_epoch(sampler_, parameters_, plan, progress), {}};
    const bool long_enough = times * epoch.tau <= epoch.draws;
    if (!lengthens || long_enough || state_.sweeps >= most) break;
    // An epoch shorter than tau shows as much of it as it has draws.
    const double lacking = std::ceil(times * epoch.tau / epoch.draws);
    state_.sweeps = std::min(most, state_.sweeps * std::clamp(static_cast<int>(lacking), 2, 8));
  }
  epoch.gradient = data_mean();
  const auto theta = parameters_.gather(action_);
  for (int k = 0; k < parameters_.size(); ++k) {
    epoch.gradient[k] = epoch.sampled.mean[k] - epoch.gradient[k] - decay_[k] * theta[k];
    if (std::isfinite(epoch.gradient[k])) continue;
    throw Diverged(fmt::format("epoch {}: the gradient along {} is not finite", state_.epoch,
                               parameters_.label(k)),
                   "lower fit.rate, or start with score matching");
  }
  return epoch;
}

/// Along the last step d: d ln p / dt and -d^2 ln p / dt^2 at the samples' couplings.
template <class T>
typename LikelihoodLearner<T>::Climb LikelihoodLearner<T>::climb_along(const Epoch& epoch) const {
  const auto& d = state_.last_step;
  const FeatureStatistics<T> features(epoch.samples, parameters_);
  const auto projected = features.project(d);
  const double square =
      exact_sum(sampler_.team(), projected, [](double x) { return x * x; }) / features.count();
  return {dot(d, epoch.sampled.mean) - dot(d, mean_), square};
}

/// How much faster ln p of held-out data changes along d than that of the data.
template <class T>
double LikelihoodLearner<T>::lead_along(const std::vector<double>& d) const {
  return held_out_ ? dot(d, mean_) - dot(d, held_out_->mean(parameters_)) : 0;
}

/// Adds what the last step changed: the integral of the slope along it, by the trapezoidal rule
/// with its end correction (Euler-Maclaurin).
template <class T>
void LikelihoodLearner<T>::track_gain(const Epoch& epoch, FitRow& row) {
  if (!state_.last_step.empty()) {
    const auto& d = state_.last_step;
    const auto climb = climb_along(epoch);
    const double gain =
        (state_.climb_slope + climb.slope) / 2 + (climb.curvature - state_.climb_curvature) / 12;
    const double variance = variance_along(d, epoch.sampled.deviations);
    state_.gain += gain, state_.gain_variance += variance;
    if (held_out_) {
      double held_out = gain + dot(d, mean_) - dot(d, held_out_->mean(parameters_));
      // Hidden sites are expected to be others at the two ends.
      if (action_.graph->hidden_sites() > 0) held_out += (state_.climb_lead - lead_along(d)) / 2;
      state_.held_out_gain += held_out, state_.since_best += held_out;
      state_.since_best_variance += variance;
    }
  }
  row.gain = {state_.gain, std::sqrt(state_.gain_variance)};
  row.held_out_gain = {not_measured, not_measured};
  if (!held_out_) return;
  auto since_start = parameters_.gather(action_);
  for (std::size_t k = 0; k < since_start.size(); ++k) since_start[k] -= state_.start_theta[k];
  double variance = state_.gain_variance;
  for (const auto& deviation : held_out_->deviations(parameters_))
    variance += std::pow(dot(since_start, deviation), 2);
  row.held_out_gain = {state_.held_out_gain, std::sqrt(variance)};
}

template <class T>
bool LikelihoodLearner<T>::stop_for_held_out() {
  if (!held_out_ || options_.held_out_patience == 0) return false;
  if (state_.best_theta.empty() || state_.since_best > 0) {
    state_.best_theta = parameters_.gather(action_);
    state_.since_best = state_.since_best_variance = 0;
    state_.worse_epochs = 0;
    return false;
  }
  const bool worse = state_.since_best < -2 * std::sqrt(state_.since_best_variance);
  state_.worse_epochs = worse ? state_.worse_epochs + 1 : 0;
  if (state_.worse_epochs < options_.held_out_patience) return false;
  this->set_theta(state_.best_theta);
  return true;
}

/// theta + eta * step, with eta halved until the action is normalisable and fields can hold it.
template <class T>
double LikelihoodLearner<T>::update(const std::vector<double>& step, double rate) {
  const auto theta = this->theta();
  const auto theta_at = [&](double eta) {
    auto next = theta;
    for (std::size_t k = 0; k < next.size(); ++k)
      next[k] = std::max(theta[k] + eta * step[k], lower_[k]);
    return next;
  };
  for (int halving = 0;; ++halving, rate /= 2) {
    const auto move = normalisable_move(parameters_, action_, rate, state_.epoch, "uphill",
                                        "let b be learned, or add weight decay", theta_at);
    rate = move.rate;
    try {
      this->set_theta(move.theta);
    } catch (const Diverged&) {
      if (halving == 20) throw;
      continue;
    }
    state_.last_step.resize(theta.size());
    for (std::size_t k = 0; k < theta.size(); ++k) state_.last_step[k] = move.theta[k] - theta[k];
    return rate;
  }
}

/// Of theta after a step, the data being finite.
template <class T>
std::vector<double> LikelihoodLearner<T>::data_variance(const NewtonModel& model,
                                                        const NewtonStep& step) const {
  return data_noise_.empty() ? model.fisher_variance(step, static_cast<double>(moments_.rows()))
                             : model.variance(step, data_noise_);
}

/// The gradient at the couplings that were sampled, averaged with those of the quiet epochs before,
/// brought here along the model; their noise likewise. Bounds are met by the average: couplings of
/// epochs that each met them would lie too far above on average.
template <class T>
void LikelihoodLearner<T>::average_gradient(const Epoch& epoch, const NewtonModel& model,
                                            double weight) {
  auto &mean = state_.mean_gradient, &noise = state_.noise;
  if (weight == 0 || mean.size() != epoch.gradient.size() ||
      noise.size() != epoch.sampled.deviations.size()) {
    mean = epoch.gradient, noise = epoch.sampled.deviations;
    return;
  }
  const double share = epoch.draws / (weight + epoch.draws);
  const auto moved = model.curved(state_.last_step);
  for (std::size_t k = 0; k < mean.size(); ++k)
    mean[k] = (1 - share) * (mean[k] - moved[k]) + share * epoch.gradient[k];
  for (std::size_t n = 0; n < noise.size(); ++n)
    noise[n] = (1 - share) * noise[n] + share * epoch.sampled.deviations[n];
}

/// The Newton step; returns its eta.
template <class T>
double LikelihoodLearner<T>::newton(const Epoch& epoch, FitRow& row, std::vector<double>& step) {
  const int size = parameters_.size();
  const double rows = static_cast<double>(moments_.rows()), ridge = options_.restraint.ridge;
  const auto theta = parameters_.gather(action_);
  // Where phi says little of hidden couplings, what it would say with h known bounds the step.
  FieldSamples<T> samples = epoch.samples;
  samples.append(epoch.drawn);
  const FeatureStatistics<T> features(samples, parameters_);
  const NewtonModel model(features, decay_);
  auto newton = model.step(theta, epoch.gradient, lower_, ridge);
  // What Monte Carlo noise alone would give the decrement.
  auto noise = epoch.sampled.deviations;
  newton.factor.solve(noise, static_cast<int>(noise.size()) / size);
  const double noise2 = dot(noise, epoch.sampled.deviations);
  row.ridge = newton.ridge;
  row.significance = noise2 > 0 ? std::sqrt(newton.decrement2 / noise2) : 0;

  // The last step went so far past the maximum along its line that less than half of what it
  // promised came of it: a secant takes the excess back.
  double along = 0, along_error = 0;
  if (!state_.last_step.empty()) {
    along = dot(epoch.gradient, state_.last_step);
    along_error = std::sqrt(variance_along(state_.last_step, epoch.sampled.deviations));
  }
  if (state_.last_slope > 0 && along < -state_.last_slope / 2 - 3 * along_error) {
    step = state_.last_step;
    state_.weight = 0, state_.quiet_epochs = 0;
    const double back = along / (state_.last_slope - along);
    // Chains that have run away would take long to come back.
    if (along < -4 * state_.last_slope) send_chains_to_data();
    state_.last_slope = 0, state_.radius /= 4;
    return back;
  }

  // theta has noise of its own, of the draws that it averages over.
  const double expected = std::sqrt(1 + (state_.weight > 0 ? epoch.draws / state_.weight : 0));
  // Three deviations of an rms over so many directions, and of noise from 64 groups of chains.
  const double clear = std::min(1.7, 1 + 3 / std::sqrt(2.0 * std::min(size, 64)));
  const bool quiet = row.significance < clear * expected || newton.decrement2 * rows < 1e-3 * size;
  average_gradient(epoch, model, quiet && state_.quiet_epochs > 0 ? state_.weight : 0);
  double eta = 1;
  if (quiet) {
    state_.weight = epoch.draws + (state_.quiet_epochs > 0 ? state_.weight : 0);
    newton = model.step(theta, state_.mean_gradient, lower_, ridge);
    eta = std::min(1.0, most_of_hidden(epoch.drawn, parameters_, newton.step, first_trust_radius));
  } else {
    state_.weight = epoch.draws;
    const double most = options_.rate.value_or(1);
    // Steps may grow where the last one ended with about the slope that its curvature foretold.
    const double foretold = (1 - state_.last_rate) * state_.last_slope;
    if (state_.last_slope > 0 &&
        std::abs(along - foretold) < state_.last_slope / 4 + 3 * along_error)
      state_.radius *= 4;
    eta = std::min({most, std::sqrt(2 * state_.radius / newton.decrement2),
                    most_of_hidden(epoch.drawn, parameters_, newton.step, state_.radius)});
    state_.radius =
        std::min(state_.radius, std::max(first_trust_radius, eta * eta * newton.decrement2));
  }
  state_.quiet_epochs = quiet ? state_.quiet_epochs + 1 : 0;
  // Errors are those that phi alone leaves.
  std::optional<NewtonModel> of_phi;
  std::optional<NewtonStep> at_phi;
  if (action_.graph->hidden_sites() > 0) {
    of_phi.emplace(FeatureStatistics<T>(epoch.samples, parameters_), decay_);
    at_phi = of_phi->step(theta, epoch.gradient, lower_, ridge);
  }
  const NewtonModel& curvature = of_phi ? *of_phi : model;
  const NewtonStep& optimum = at_phi ? *at_phi : newton;
  const auto of_data = data_variance(curvature, optimum),
             of_noise = curvature.variance(optimum, state_.noise);
  double share = 0;
  for (int k = 0; k < size; ++k) {
    state_.theta_error[k] = std::sqrt(of_data[k] + of_noise[k]);
    share += of_noise[k] / of_data[k] / size;
  }
  row.noise_share = share;
  step = std::move(newton.step);
  state_.last_slope = eta * dot(epoch.gradient, step), state_.last_rate = eta;
  if (quiet) {
    const double missing = state_.weight * (share / options_.noise_share - 1);
    const double most = std::min(4.0 * epoch.draws, double(options_.max_draws));
    state_.draws = static_cast<int>(std::clamp(std::ceil(missing), double(options_.draws), most));
  }
  const bool met = share <= options_.noise_share && state_.quiet_epochs >= 2;
  const bool no_more =
      state_.quiet_epochs >= options_.patience + 2 && epoch.draws >= options_.max_draws;
  if (options_.stop_early && (met || no_more)) state_.stop_reason = StopReason::converged;
  return eta;
}

/// The step of Adam or of the plain gradient; returns its eta.
template <class T>
double LikelihoodLearner<T>::follow_gradient(const Epoch& epoch, FitRow& row,
                                             std::vector<double>& step) {
  const int size = parameters_.size();
  const FeatureStatistics<T> features(epoch.samples, parameters_);
  std::vector<double> deviation;
  features.chain_sums(&deviation);
  for (int k = 0; k < size; ++k) {
    deviation[k] = std::sqrt(deviation[k] / features.count());
    if (!(deviation[k] > 0)) {
      throw Diverged("the samples do not vary along " + parameters_.label(k),
                     "freeze that kind of coupling, or start from weaker couplings");
    }
    state_.theta_error[k] = 1 / (std::sqrt(static_cast<double>(moments_.rows())) * deviation[k]);
  }
  const auto theta = parameters_.gather(action_);
  auto uphill = epoch.gradient;
  for (int k = 0; k < size; ++k)
    if (theta[k] <= lower_[k]) uphill[k] = std::max(uphill[k], 0.0);
  row.significance = root_mean_square_ratio(uphill, epoch.sampled.error);
  state_.quiet_epochs = row.significance < 1.2 ? state_.quiet_epochs + 1 : 0;
  if (options_.stop_early && state_.quiet_epochs >= options_.patience)
    state_.stop_reason = StopReason::converged;

  step = uphill;
  if (options_.optimiser == LikelihoodOptimiser::adam) {
    for (int k = 0; k < size; ++k) step[k] /= deviation[k];
    step = adam_direction(step, state_.epoch + 1.0, state_.first_moment, state_.second_moment);
    for (int k = 0; k < size; ++k) step[k] /= deviation[k];
  }
  double rate = options_.rate.value_or(default_rate(options_.optimiser));
  if (options_.rate_decay > 0) rate /= 1 + state_.epoch / options_.rate_decay;
  // A gradient step is local anyway: it may halve a b, never take it to its bound at once.
  for (int k = parameters_.begin(CouplingKind::b); k < parameters_.end(CouplingKind::b); ++k)
    step[k] = std::max(step[k], (std::max(theta[k] / 2, lower_[k]) - theta[k]) / rate);
  return rate;
}

/// The Fisher matrix at the end: what the data leave open, and how far the maximum still is.
template <class T>
void LikelihoodLearner<T>::find_final_errors(const Epoch& epoch) {
  const int size = parameters_.size();
  if (size > options_.dense_limit) return;
  const auto theta = parameters_.gather(action_);
  const FeatureStatistics<T> features(epoch.samples, parameters_);
  const NewtonModel model(features, decay_);
  const auto newton = model.step(theta, epoch.gradient, lower_, options_.restraint.ridge);
  const auto of_data = data_variance(model, newton);
  for (int k = 0; k < size; ++k)
    state_.theta_error[k] = std::hypot(std::sqrt(of_data[k]), newton.step[k]);
}

template <class T>
FitRow LikelihoodLearner<T>::step(const ProgressCallback& progress) {
  if (state_.start_theta.empty()) state_.start_theta = parameters_.gather(action_);
  const Epoch epoch = sample(progress);
  const auto acceptance = sampler_.acceptance();
  FitRow row;
  row.epoch = state_.epoch, row.draws = epoch.draws, row.sweeps = epoch.sweeps;
  row.tau = epoch.tau, row.global_acceptance = epoch.global_acceptance;
  const auto at_bound = b_at_bound();
  row.at_bound = static_cast<int>(at_bound.size());
  row.acceptance = acceptance.local, row.reflection_acceptance = acceptance.reflection;
  require_acceptance(row.acceptance, state_.epoch,
                     "the couplings ran away; lower fit.rate, or add noise or weight decay");
  double norm2 = 0, error2 = 0;
  const auto theta = parameters_.gather(action_);
  for (std::size_t k = 0; k < epoch.gradient.size(); ++k) {
    if (theta[k] <= lower_[k] && epoch.gradient[k] < 0) continue;  // held at its bound
    norm2 += epoch.gradient[k] * epoch.gradient[k];
    error2 += std::pow(epoch.gradient[k] * epoch.sampled.error[k], 2);
  }
  row.gradient_norm = {std::sqrt(norm2), norm2 > 0 ? std::sqrt(error2 / norm2) : 0};
  track_gain(epoch, row);
  const Parameters every = every_coupling(action_.graph);
  const auto model = moments_of(FeatureStatistics<T>(epoch.samples, every), action_.graph);
  const auto match = match_moments(moments_, model, at_bound).all;
  row.chi2 = match.chi2, row.worst_z = match.worst_z, row.worst_moment = match.worst;
  row.held_out_chi2 =
      held_out_ ? match_moments(*held_out_, model, at_bound).all.chi2 : not_measured;

  if (stop_for_held_out()) {
    state_.stop_reason = StopReason::held_out_worse;
    return row;
  }
  std::vector<double> step;
  const double eta = options_.optimiser == LikelihoodOptimiser::newton
                         ? newton(epoch, row, step)
                         : follow_gradient(epoch, row, step);
  const bool converged = state_.stop_reason != StopReason::running;
  const bool is_newton = options_.optimiser == LikelihoodOptimiser::newton;
  const bool exhausted = state_.epoch >= options_.epochs;
  if (exhausted && !converged) state_.stop_reason = StopReason::epochs_exhausted;
  // Newton's last step belongs to the average; plain gradients stop where they are.
  if (exhausted || (converged && !is_newton)) {
    if (!is_newton) find_final_errors(epoch);
    return row;
  }
  row.rate = update(step, eta);
  const auto climb = climb_along(epoch);  // of the step that was just made, where it began
  state_.climb_slope = climb.slope, state_.climb_curvature = climb.curvature;
  state_.climb_lead = lead_along(state_.last_step);
  for (const double d : state_.last_step) row.max_step = std::max(row.max_step, std::abs(d));
  ++state_.epoch;
  return row;
}

template <class T>
std::vector<int> LikelihoodLearner<T>::b_at_bound() const {
  std::vector<int> out;
  const auto theta = parameters_.gather(action_);
  const int begin = parameters_.begin(CouplingKind::b), end = parameters_.end(CouplingKind::b);
  const bool tied = parameters_.freedom(CouplingKind::b) == Freedom::tied;
  for (int i = 0; i < action_.graph->visible_sites() && begin < end; ++i) {
    const int k = tied ? begin : begin + i;
    if (theta[k] <= lower_[k]) out.push_back(i);
  }
  return out;
}

template class LikelihoodLearner<float>;
template class LikelihoodLearner<double>;

}  // namespace quartic
