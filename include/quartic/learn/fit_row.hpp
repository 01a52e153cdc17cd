// One epoch of fitting a field to data, as its history has it.
#pragma once

#include "quartic/core/estimate.hpp"
#include "quartic/core/fields.hpp"

namespace quartic {

/// Of the couplings before the update that follows.
struct FitRow {
  int epoch = 0;
  Estimate gradient_norm;
  double significance = 0;
  Estimate gain;
  Estimate held_out_gain;
  double chi2 = 0;
  double worst_z = 0;
  int worst_moment = -1;  ///< MomentMatch::label says which
  double held_out_chi2 = 0;
  double acceptance = 0, reflection_acceptance = 0;
  double rate = 0;
  double max_step = 0;
  double ridge = 0;
  double noise_share = 0;
  int draws = 0;
  int at_bound = 0;
};

template <FieldsOf<FitRow> Row, class Visit>
void fields(Row& row, Visit&& visit) {
  visit("epoch", row.epoch, "0 is the start, before any update");
  visit("gradient_norm", row.gradient_norm, "|<f>_p - <f>_data|, Euclidean");
  visit("significance", row.significance,
        "what is left to climb over what noise alone would leave, in rms; about 1: only noise");
  visit("gain", row.gain,
        "change of ln p per row since the start, from slope and curvature at both ends of every "
        "step: rough for steps of many standard deviations of S");
  visit("held_out_gain", row.held_out_gain, "the same of held-out data; NaN without");
  visit("chi2", row.chi2, "moments of data and model: mean square of their z-scores");
  visit("worst_z", row.worst_z, "the largest of these z-scores");
  visit("worst_moment", row.worst_moment,
        "its moment: edges, then sites for phi, phi^2 and phi^4; -1: none");
  visit("held_out_chi2", row.held_out_chi2, "chi2 of held-out data; NaN without");
  visit("acceptance", row.acceptance, "of the local moves");
  visit("reflection_acceptance", row.reflection_acceptance, "NaN without reflections");
  visit("rate", row.rate, "eta of the update that follows this epoch; 0: none follows");
  visit("max_step", row.max_step, "max_k |change of theta_k| in that update");
  visit("ridge", row.ridge, "ridge of the Newton step, in units of the Hessian's diagonal");
  visit("noise_share", row.noise_share,
        "variance of theta by Monte Carlo over that by the data being finite, on average; newton");
  visit("draws", row.draws, "configurations a chain in this epoch");
  visit("at_bound", row.at_bound, "couplings b at their bound");
}

}  // namespace quartic
