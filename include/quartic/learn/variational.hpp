// Learning the couplings of a known target action: KL(p||q), no data.
#pragma once

#include <cmath>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "quartic/core/estimate.hpp"
#include "quartic/core/fields.hpp"
#include "quartic/core/progress.hpp"
#include "quartic/field/target.hpp"
#include "quartic/learn/action_learner.hpp"

namespace quartic {

/// One epoch as the history has it, of the couplings before the update that follows.
struct LearnRow {
  int epoch = 0;                     ///< 0 is the start, before any update
  Estimate gradient_norm;            ///< |Cov_p(f, S - A)|, Euclidean
  Estimate action_variance;          ///< Var_p(A - S)
  Estimate weight_ess;               ///< effective fraction of the weights exp(-(A - S)), in (0, 1]
  double acceptance = 0;             ///< of the local moves
  double reflection_acceptance = 0;  ///< NaN without reflections
  double rate = 0;  ///< eta of the update that follows this epoch; 0: none follows; below 0: that
                    ///< fraction of the last update is taken back
  double max_step = 0;           ///< max_k |change of theta_k| in that update
  double step_significance = 0;  ///< rms of the step over its error; about 1: only noise
  double ridge = 0;              ///< ridge of the regression, in units of each feature's variance
  /// What found the update: "score" (regression), "local", "dense", "matrix_free"; "back" where the
  /// last one had raised the bound and some of it is taken back; "" for the other optimisers.
  std::string solver;
  int radius = 0;  ///< of "local"
  /// Nats of KL(p||q) that a radius longer by one would still gain; NaN where it was not tried.
  Estimate wider_gain{std::nan(""), std::nan("")};
  /// Whether that is more than noise, and than a hundredth of what is left.
  bool wider_patches_gain() const {
    return wider_gain.value > 2 * wider_gain.error &&
           wider_gain.value > 0.01 * action_variance.value / 2;
  }
};

template <FieldsOf<LearnRow> Row, class Visit>
void fields(Row& row, Visit&& visit) {
  members(visit, "epoch", row.epoch, "gradient_norm", row.gradient_norm, "action_variance",
          row.action_variance, "weight_ess", row.weight_ess, "acceptance", row.acceptance,
          "reflection_acceptance", row.reflection_acceptance, "rate", row.rate, "max_step",
          row.max_step, "step_significance", row.step_significance, "ridge", row.ridge, "solver",
          row.solver, "radius", row.radius, "wider_gain", row.wider_gain);
}

enum class Optimiser {
  /// Linear regression of A on f: theta <- (1-eta) theta + eta C^-1 Cov(f, A). Once only noise
  /// moves the couplings, epochs are averaged, each a step of Newton's method on the bound where
  /// the solver is dense. The first step of the other solvers is a regression of the target's
  /// gradient, where that is known (learn/score_regression.hpp).
  natural,
  adam,  ///< Kingma & Ba, arXiv:1412.6980
  /// theta <- theta - eta Cov(f, S - A): Bachtis, Aarts & Lucini, Phys. Rev. D 103, 074510
  gradient,
};
template <>
inline constexpr auto words_of<Optimiser> = word_list("natural", "adam", "gradient");

/// How the natural gradient is found.
enum class Solver {
  automatic,    ///< local where it can and has far fewer couplings at a time, dense, matrix_free
  local,        ///< patch by patch, O(V): couplings free or frozen, a target known site by site
  dense,        ///< one regression on all parameters, up to dense_limit of them
  matrix_free,  ///< the same by conjugate gradients
};
template <>
inline constexpr auto words_of<Solver> = word_list("auto", "local", "dense", "matrix_free");

struct VariationalOptions {
  Optimiser optimiser = Optimiser::natural;
  std::optional<double> rate;  ///< eta; default: natural 1, adam 0.01, gradient 0.04
  int epochs = 200;            ///< at most
  int draws = 8;               ///< configurations a chain and epoch
  int sweeps = 4;              ///< sweeps between draws
  int warm_up = 200;           ///< sweeps before the first epoch
  double ridge = 0;            ///< ridge, in units of each feature's variance
  double tolerance = 1e-6;     ///< a step below this counts as no movement
  int patience = 3;            ///< epochs without movement beyond error before stopping
  bool stop_early = true;      ///< stop when the couplings stop moving beyond their error
  int dense_limit = 3000;      ///< more parameters than this are solved matrix-free
  Solver solver = Solver::automatic;
  std::optional<int> radius;  ///< of local; empty: widened until that gains nothing
};

/// What `automatic` comes to, with so many samples an epoch. O(V).
Solver chosen_solver(const VariationalOptions& options, const Target& target,
                     const Parameters& parameters, double samples);

struct VariationalState : LearnerState {
  int radius = 0;           ///< of the local solver; 0: not yet begun, or another
  double significance = 0;  ///< of the natural gradient's steps, the least so far near noise
  int stalled = 0;          ///< epochs in which it has not fallen
  /// The last update, of which the next epoch tells whether it went too far: by how much its own
  /// samples said that the bound would fall along it, to first order, or how much of that noise may
  /// take back, and the deviation of the change of S that it made.
  std::vector<double> last_move;
  double last_slope = 0, last_length = 0;
  double longest = 0;  ///< of updates, by that deviation; 0: any
};

struct NaturalStep;
struct Patches;
template <class T>
class Regression;

template <class T>
struct Samples;

/// The learner as a state machine: `step` does one epoch; state() and restore() are exact.
/// T is the precision of the fields.
///
/// Usage:
///
///     const auto graph = std::make_shared<Graph>(make_lattice({"square", {4, 4}, {true, true}}));
///     const std::vector<TermSpec> terms{{"nn", -1.0}, {"phi2", 1.52425}, {"phi4", 0.175}};
///     using enum Freedom;
///     const Parameters parameters(graph, {free, frozen, free, free});  // w, r, a, b
///     const Action start = Action::uniform(graph, 0.5, 0, 1.5, 0.3);
///     const SamplerOptions sampler{.chains = 64};
///     VariationalLearner<float> learner(Target(terms, *graph), parameters, start, sampler, {}, 1);
///     learner.warm_up();
///     while (!learner.finished()) learner.step();
///     const auto& a = learner.action().a;  // 1.52425 everywhere
///
/// Its theta_error, natural: Monte Carlo noise of the epochs averaged over, by the sandwich H^-1
/// Cov(Cov(f, A - S)) H^-1 with the bound's Hessian H = C + <(A - S) f f'> (A - S and f less their
/// means), from the scatter between groups of chains that live on from epoch to epoch, widened by
/// Student's factor; the target's best couplings are meant, whether it lies in the span of f or
/// not. Beyond dense_limit parameters: each as if it were alone, a lower bound. Adam and gradient:
/// that, until the run finishes, then sqrt(noise^2 + d^2) with the natural step d that would still
/// be left.
template <class T>
class VariationalLearner : public ActionLearner<T, VariationalState> {
 public:
  /// Throws BadInput where the start is not normalisable, the target is complex, or the samples of
  /// an epoch (chains x draws) are fewer than the regression needs (more than parameters + 1).
  VariationalLearner(Target target, Parameters parameters, const Action& start,
                     const SamplerOptions& sampler, const VariationalOptions& options,
                     std::uint64_t seed);

  /// Equilibrates the fields under the starting couplings and tunes the schedule.
  void warm_up(const ProgressCallback& progress = {});
  /// One epoch: sample, estimate, record the row of the couplings sampled *before* the update,
  /// update. Throws Diverged (naming epoch and parameter) on NaN or vanishing acceptance.
  LearnRow step(const ProgressCallback& progress = {});
  const Target& target() const { return target_; }

 private:
  using Base = ActionLearner<T, VariationalState>;
  using Base::action_, Base::parameters_, Base::sampler_, Base::state_;

  Samples<T> sample(const ProgressCallback& progress);
  NaturalStep natural_step(const Samples<T>& samples, Regression<T>& regression, LearnRow& row);
  NaturalStep local_step(const Samples<T>& samples, const Regression<T>& regression, int radius);
  bool widen(const Samples<T>& samples, const Regression<T>& regression, NaturalStep& solution,
             LearnRow& row);
  LearnRow measured(const Samples<T>& samples, const Regression<T>& regression) const;
  bool go_back(const Regression<T>& regression, LearnRow& row);
  bool natural_epoch(const Samples<T>& samples, Regression<T>& regression, LearnRow& row);
  bool plain_epoch(Regression<T>& regression, LearnRow& row);
  bool stands(double significance);
  void count_quiet(bool quiet);
  void move(const Regression<T>& regression, const NaturalStep& solution, bool newton,
            LearnRow& row);
  double update(const std::vector<double>& step, double rate);
  void add_noise(const std::vector<double>& of_step, double rate);
  void add_distance(const std::vector<double>& step);

  Target target_, known_;  // known_: without functions
  VariationalOptions options_;
  Solver solver_;
  std::shared_ptr<const Patches> patches_;  ///< of the local solver, as last used
};

}  // namespace quartic
