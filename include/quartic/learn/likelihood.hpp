// Learning couplings from data by maximum likelihood: KL(q||p) for fields on any graph.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "quartic/core/data_source.hpp"
#include "quartic/core/progress.hpp"
#include "quartic/learn/action_learner.hpp"
#include "quartic/learn/likelihood_options.hpp"
#include "quartic/learn/moment_match.hpp"

namespace quartic {

struct NewtonProblem;

/// What `automatic` means for these parameters; else the optimiser itself.
LikelihoodOptimiser chosen_optimiser(const LikelihoodOptions& options,
                                     const Parameters& parameters);

/// One epoch of the history, of the couplings before the update that follows.
struct FitRow {
  int epoch = 0;             ///< 0 is the start
  double gradient_norm = 0;  ///< |<f>_p - <f>_data|, Euclidean
  double gradient_norm_error = 0;
  /// What is left to climb over what noise alone would leave, in rms; about 1: only noise.
  double significance = 0;
  /// Change of ln p per row since the start, from slope and curvature at both ends of every step:
  /// rough for steps of many standard deviations of S.
  double gain = 0;
  double gain_error = 0;           ///< by Monte Carlo
  double held_out_gain = 0;        ///< the same of held-out data; NaN without
  double held_out_gain_error = 0;  ///< also from the rows being a sample
  double chi2 = 0;                 ///< moments of data and model, MomentMatch::all.chi2
  double worst_z = 0;
  int worst_moment = -1;     ///< MomentMatch::label says which
  double held_out_chi2 = 0;  ///< NaN without held-out data
  double acceptance = 0;
  double reflection_acceptance = 0;
  double rate = 0;      ///< eta of the update that follows; 0: none follows
  double max_step = 0;  ///< max_k |change of theta_k| in that update
  double ridge = 0;     ///< ridge, in units of C's diagonal
  /// Variance of theta by Monte Carlo over that by the data being finite, on average; newton only.
  double noise_share = 0;
  int draws = 0;     ///< configurations a chain in this epoch
  int at_bound = 0;  ///< couplings b at their bound
};

/// What an exact restart needs besides, data and options apart.
struct LikelihoodState : LearnerState {
  std::vector<double> noise_variance;  ///< of theta by Monte Carlo
  double weight = 0;                   ///< draws that the couplings average over
  int draws = 0;                       ///< of the next epoch
  std::vector<double> start_theta, last_step;
  double last_slope = 0;  ///< of the objective along the last step, where it began
  double climb_slope = 0, climb_curvature = 0;  ///< of ln p along it, there
  double gain = 0, gain_variance = 0, held_out_gain = 0;
  std::vector<double> best_theta;  ///< by held-out likelihood
  double since_best = 0, since_best_variance = 0;
  int worse_epochs = 0;
};

// clang-format off: it would fill the lines of the sample
/// The learner as a state machine: `step` does one epoch; state() and restore() are exact. T is the
/// precision of the fields. How to use it:
///
///     LikelihoodLearner<float> learner(train, held_out, parameters, start, sampler, options,
///     seed); learner.warm_up();  // start, then equilibrium while (!learner.finished())
///     history.push_back(learner.step()); match_moments(learner.data(),
///     measure_moments(learner.sampler(), ...));
///
/// Its theta_error: sqrt(C^-1 / rows + C^-1 Var(<f>_p) C^-1), the data being finite and the Monte
/// Carlo noise; rows are taken as independent. Where b is at its bound: as if it were not. Adam
/// and gradient: 1 / sqrt(rows C_kk), a lower bound, until the run finishes, then
/// sqrt(C^-1 / rows + d^2) with the Newton step d that would still be left. More than dense_limit
/// parameters: the lower bound.
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
  FitRow step();

  /// Parameters of kind b at their bound.
  std::vector<int> at_bound() const;
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
  Epoch sample();
  void find_start();
  void send_chains_to_data();
  struct Climb {
    double slope, curvature;
  };
  Climb climb_along(const Epoch& epoch) const;
  void note_climb(const Epoch& epoch);
  void track_gain(const Epoch& epoch, FitRow& row);
  bool stop_for_held_out();
  std::vector<double> data_mean() const;
  NewtonProblem newton_problem(const std::vector<double>& theta, const Epoch& epoch) const;
  void find_final_errors(const Epoch& epoch);
  double newton(const Epoch& epoch, FitRow& row, std::vector<double>& step);
  double follow_gradient(const Epoch& epoch, FitRow& row, std::vector<double>& step);
  double update(const std::vector<double>& step, double rate);

  const DataSource* source_;
  LikelihoodOptions options_;
  std::uint64_t seed_;
  DataMoments moments_;
  std::optional<DataMoments> held_out_;
  std::vector<double> mean_, lower_, decay_;
  std::string start_description_;
};

}  // namespace quartic
