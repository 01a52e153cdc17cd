// One epoch of learning a known action, as its history has it.
#pragma once

#include "quartic/core/estimate.hpp"
#include "quartic/core/fields.hpp"

namespace quartic {

/// Of the couplings before the update that follows.
struct LearnRow {
  int epoch = 0;                     ///< 0 is the start, before any update
  Estimate gradient_norm;            ///< |Cov_p(f, S - A)|, Euclidean
  Estimate action_variance;          ///< Var_p(A - S)
  Estimate weight_ess;               ///< effective fraction of the weights exp(-(A - S)), in (0, 1]
  double acceptance = 0;             ///< of the local moves
  double reflection_acceptance = 0;  ///< NaN without reflections
  double rate = 0;                   ///< eta of the update that follows this epoch; 0: none follows
  double max_step = 0;               ///< max_k |change of theta_k| in that update
  double step_significance = 0;      ///< rms of the step over its error; about 1: only noise
  double ridge = 0;  ///< ridge of the regression, in units of each feature's variance
};

template <FieldsOf<LearnRow> Row, class Visit>
void fields(Row& row, Visit&& visit) {
  members(visit, "epoch", row.epoch, "gradient_norm", row.gradient_norm, "action_variance",
          row.action_variance, "weight_ess", row.weight_ess, "acceptance", row.acceptance,
          "reflection_acceptance", row.reflection_acceptance, "rate", row.rate, "max_step",
          row.max_step, "step_significance", row.step_significance, "ridge", row.ridge);
}

}  // namespace quartic
