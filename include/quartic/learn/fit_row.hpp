// One epoch of fitting a field to data, as its history has it.
#pragma once

#include "quartic/core/estimate.hpp"
#include "quartic/core/fields.hpp"

namespace quartic {

/// Of the couplings before the update that follows.
struct FitRow {
  int epoch = 0;           ///< 0 is the start, before any update
  Estimate gradient_norm;  ///< |<f>_p - <f>_data|, Euclidean
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
  int draws = 0;     ///< configurations a chain in this epoch
  int at_bound = 0;  ///< couplings b at their bound
};

template <FieldsOf<FitRow> Row, class Visit>
void fields(Row& row, Visit&& visit) {
  members(visit, "epoch", row.epoch, "gradient_norm", row.gradient_norm, "significance",
          row.significance, "gain", row.gain, "held_out_gain", row.held_out_gain, "chi2", row.chi2,
          "worst_z", row.worst_z, "worst_moment", row.worst_moment, "held_out_chi2",
          row.held_out_chi2, "acceptance", row.acceptance, "reflection_acceptance",
          row.reflection_acceptance, "rate", row.rate, "max_step", row.max_step, "ridge", row.ridge,
          "noise_share", row.noise_share, "draws", row.draws, "at_bound", row.at_bound);
}

}  // namespace quartic
