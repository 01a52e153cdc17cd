// One epoch of learning a known action, as its history has it.
#pragma once

#include "quartic/core/estimate.hpp"
#include "quartic/core/fields.hpp"

namespace quartic {

/// Of the couplings before the update that follows.
struct LearnRow {
  int epoch = 0;
  Estimate gradient_norm;
  Estimate action_variance;
  Estimate weight_ess;
  double acceptance = 0, reflection_acceptance = 0;
  double rate = 0;
  double max_step = 0;
  double step_significance = 0;
  double ridge = 0;
};

template <FieldsOf<LearnRow> Row, class Visit>
void fields(Row& row, Visit&& visit) {
  visit("epoch", row.epoch, "0 is the start, before any update");
  visit("gradient_norm", row.gradient_norm, "|Cov_p(f, S - A)|, Euclidean");
  visit("action_variance", row.action_variance, "Var_p(A - S)");
  visit("weight_ess", row.weight_ess, "effective fraction of the weights exp(-(A - S)), in (0, 1]");
  visit("acceptance", row.acceptance, "of the local moves");
  visit("reflection_acceptance", row.reflection_acceptance, "NaN without reflections");
  visit("rate", row.rate, "eta of the update that follows this epoch; 0: none follows");
  visit("max_step", row.max_step, "max_k |change of theta_k| in that update");
  visit("step_significance", row.step_significance,
        "rms of the step over its error; about 1: only noise");
  visit("ridge", row.ridge, "ridge of the regression, in units of each feature's variance");
}

}  // namespace quartic
