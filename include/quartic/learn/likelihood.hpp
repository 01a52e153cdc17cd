// Learning couplings from data by maximum likelihood: KL(q||p) for fields on any graph.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "quartic/core/data_source.hpp"
#include "quartic/core/estimate.hpp"
#include "quartic/core/fields.hpp"
#include "quartic/core/progress.hpp"
#include "quartic/learn/action_learner.hpp"
#include "quartic/learn/likelihood_options.hpp"
#include "quartic/learn/moment_match.hpp"
#include "quartic/mcmc/gaussian_moves.hpp"

namespace quartic {

/// One epoch as the history has it, of the couplings before the update that follows.
struct FitRow {
  int epoch = 0;           ///< 0 is the start, before any update
  Estimate gradient_norm;  ///< |<f>_p - <f>_data|, Euclidean, without b that are held at a bound
  /// what is left to climb over what noise alone would leave, in rms; about 1: only noise
  double significance = 0;
  /// change of ln p per row since the start, from slope and curvature at both ends of every step:
  /// rough for steps of many standard deviations of S
  Estimate gain;
  Estimate held_out_gain;            ///< the same of held-out data; NaN without
  double chi2 = 0;                   ///< moments of data and model: mean square of their z-scores
  double worst_z = 0;                ///< the largest of these z-scores
  int worst_moment = -1;             ///< MomentMatch::label says which
  double held_out_chi2 = 0;          ///< chi2 of held-out data; NaN without
  double acceptance = 0;             ///< of the local moves
  double reflection_acceptance = 0;  ///< NaN without reflections
  double rate = 0;                   ///< eta of the update that follows this epoch; 0: none follows
  double max_step = 0;               ///< max_k |change of theta_k| in that update
  double ridge = 0;  ///< ridge of the Newton step, in units of the Hessian's diagonal
  /// variance of theta by Monte Carlo over that by the data being finite, on average; newton
  double noise_share = 0;
  int draws = 0;                 ///< configurations a chain in this epoch
  int sweeps = 0;                ///< between them
  double global_acceptance = 0;  ///< of the Gaussian moves, one a draw; NaN without
  double tau = 0;                ///< autocorrelation time of the slowest f_k, in draws
  int at_bound = 0;              ///< couplings b at their bound
};

template <FieldsOf<FitRow> Row, class Visit>
void fields(Row& row, Visit&& visit) {
  members(visit, "epoch", row.epoch, "gradient_norm", row.gradient_norm, "significance",
          row.significance, "gain", row.gain, "held_out_gain", row.held_out_gain, "chi2", row.chi2,
          "worst_z", row.worst_z, "worst_moment", row.worst_moment, "held_out_chi2",
          row.held_out_chi2, "acceptance", row.acceptance, "reflection_acceptance",
          row.reflection_acceptance, "rate", row.rate, "max_step", row.max_step, "ridge", row.ridge,
          "noise_share", row.noise_share, "draws", row.draws, "sweeps", row.sweeps,
          "global_acceptance", row.global_acceptance, "tau", row.tau, "at_bound", row.at_bound);
}

class NewtonModel;
struct NewtonStep;
struct FoundStart;
struct LikelihoodStarts;

/// What `automatic` means for these parameters; else the optimiser itself.
LikelihoodOptimiser chosen_optimiser(const LikelihoodOptions& options,
                                     const Parameters& parameters);

/// What an exact restart needs besides, data and options apart.
struct LikelihoodState : LearnerState {
  std::vector<double> mean_gradient;  ///< over quiet epochs, at the couplings before last_step
  double weight = 0;                  ///< draws that the couplings average over
  int draws = 0, sweeps = 0;          ///< of the next epoch
  double radius = 0;                  ///< most KL(old||new) of a Newton step, nats
  double global_step = 1;             ///< of the Gaussian moves between draws; 0: none
  std::vector<double> start_theta, last_step;
  double last_slope = 0;  ///< of the objective along the last step, where it began
  double last_rate = 0;   ///< its eta
  double climb_slope = 0, climb_curvature = 0;  ///< of ln p along it, there
  double climb_lead = 0;                        ///< of held-out data, how much larger that slope is
  double gain = 0, gain_variance = 0, held_out_gain = 0;
  std::vector<double> best_theta;  ///< by held-out likelihood
  double since_best = 0, since_best_variance = 0;
  int worse_epochs = 0;
};

// clang-format off: it would fill the lines of the sample
/// The learner as a state machine: `step` does one epoch; state() and restore() are exact. T is the
/// precision of the fields.
///
/// Usage:
///
///     const auto graph = std::make_shared<Graph>(make_lattice({"square", {4, 4}, {true, true}}));
///     const Sampler<float> source(Action::uniform(graph, 0, 0, 1.5, 0.3), {.chains = 1024}, 1);
///     std::vector<float> values(1024 * 16);  // [row][site]: independent draws of uncoupled sites
///     for (int row = 0; row < 1024; ++row)
///       source.configuration(row, std::span(values).subspan(row * 16, 16));
///     const ArraySource rows(values, 16);
///     using enum Freedom;
///     const Parameters parameters(graph, {tied, frozen, free, tied});  // w, r, a, b
///     const SamplerOptions sampler{.chains = 64};
///     LikelihoodLearner<float> learner(rows, nullptr, parameters, Action(graph), sampler, {}, 1);
///     learner.warm_up();  // start, then equilibrium
///     std::vector<FitRow> history;
///     while (!learner.finished()) history.push_back(learner.step());
///     const auto w = learner.theta()[0], error = learner.theta_error()[0];  // 0 within its error
///
/// Where the graph hides sites, a column of the data is one of the others: every f_k is replaced by
/// E[f_k | phi], in the data's averages, which are found anew at every epoch, and in the model's.
///
/// Its theta_error: sqrt(C^-1 (Var(<f>_q) + Var(<f>_p)) C^-1), the data being finite and the Monte
/// Carlo noise, each from the scatter between groups (of up to 256 consecutive rows, of 64 chains):
/// it holds for data that no couplings could have made, too. Below 64 rows: C^-1 / rows for the
/// data. Couplings b at their bound are held there: C is that of the others, and their own error is
/// that with each let go, how far above it may yet be. Adam and gradient: 1 / sqrt(rows C_kk), a
/// lower bound, until the run finishes, then the same with d^2 for the noise, d the Newton step
/// that would still be left. More than dense_limit parameters: the lower bound.
// clang-format on
template <class T>
class LikelihoodLearner : public ActionLearner<T, LikelihoodState> {
 public:
  /// One pass over the data for their moments. `held_out` may be null; both must outlive the
  /// learner. Of `start` the frozen kinds count, and all kinds where options.start is `given`.
  /// Throws BadInput as DataMoments does, where every coupling is frozen, for options that cannot
  /// be, and where a given start, or one with the frozen couplings, is not normalisable.
  LikelihoodLearner(const DataSource& data, const DataSource* held_out, Parameters parameters,
                    const Action& start, const SamplerOptions& sampler,
                    const LikelihoodOptions& options, std::uint64_t seed);

  /// Finds the start, sends the chains to the data where wanted, equilibrates, and tunes the
  /// schedule. Not called before restore().
  void warm_up(const ProgressCallback& progress = {});
  /// One epoch: sample, estimate, record the row of the couplings sampled *before* the update,
  /// update. Throws Diverged (naming epoch and parameter) on NaN or vanishing acceptance.
  FitRow step(const ProgressCallback& progress = {});

  /// Sites whose b is at its bound: the data have heavier tails there than exp(-b phi^4).
  std::vector<int> b_at_bound() const;
  /// What the couplings started from ("score matching, b of 3 sites at its bound", ...); empty
  /// after a restore.
  const std::string& start_description() const { return start_description_; }

  const DataMoments& data() const { return moments_; }
  const DataMoments* held_out() const { return held_out_ ? &*held_out_ : nullptr; }

 private:
  using Base = ActionLearner<T, LikelihoodState>;
  using Base::action_, Base::parameters_, Base::sampler_, Base::state_;

  struct Epoch;
  LikelihoodLearner(const DataSource& data, const DataSource* held_out, DataMoments moments,
                    Parameters parameters, const Action& start, const SamplerOptions& sampler,
                    const LikelihoodOptions& options, std::uint64_t seed);
  Epoch sample(const ProgressCallback& progress);
  void choose_global_moves();
  bool begins_at(const FoundStart& start, const ProgressCallback& progress);
  bool holds(const LikelihoodStarts& starts, const ProgressCallback& progress);
  void send_chains_to_data();
  void note_moments();
  void expect_hidden_of_data();
  struct Climb {
    double slope, curvature;
  };
  Climb climb_along(const Epoch& epoch) const;
  double lead_along(const std::vector<double>& d) const;
  void track_gain(const Epoch& epoch, FitRow& row);
  bool stop_for_held_out();
  std::vector<double> data_mean() const;
  std::vector<double> data_variance(const NewtonModel& model, const NewtonStep& step) const;
  void average_gradient(const Epoch& epoch, const NewtonModel& model, double weight);
  void find_final_errors(const Epoch& epoch);
  double newton(const Epoch& epoch, FitRow& row, std::vector<double>& step);
  double follow_gradient(const Epoch& epoch, FitRow& row, std::vector<double>& step);
  double update(const std::vector<double>& step, double rate);

  const DataSource *source_, *held_out_source_;
  LikelihoodOptions options_;
  std::uint64_t seed_;
  DataMoments moments_;
  std::optional<DataMoments> held_out_;
  std::vector<double> mean_, lower_, decay_;
  std::vector<double> data_noise_;  ///< of mean_, by group of rows [group][k]; none of few rows
  std::string start_description_;
  std::optional<GaussianMoves> global_;  ///< of the couplings that are sampled now
};

}  // namespace quartic
