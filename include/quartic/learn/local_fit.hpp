// What the estimators without sampling (score matching, pseudo-likelihood) take and give.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "quartic/core/estimate.hpp"
#include "quartic/field/parameters.hpp"

namespace quartic {

/// What keeps couplings from running away.
struct Restraint {
  /// Least b_i. Empty: 1e-4 / <phi_i^4> of the data, where b_i phi_i^4 no longer matters.
  std::optional<double> min_b;
  /// lambda by kind (w, r, a, b): lambda/2 theta_k^2 is added to the objective per row.
  std::array<double, coupling_kinds> weight_decay{};
  double ridge = 0;  ///< least ridge, in units of the Hessian's diagonal; grows where needed
};

struct LocalFit {
  Action action;              ///< learned; frozen kinds as they were given
  std::vector<double> theta;  ///< its parameters
  /// Standard errors, by the sandwich H^-1 J H^-1 with J from the scatter between groups of rows;
  /// infinite for a single row. Where b is at its bound: as if it were not.
  std::vector<double> error;
  std::vector<int> at_bound;  ///< parameters (of kind b) that are at their bound
  Estimate value;             ///< of the objective, without weight decay, on the data of the fit
  double ridge = 0;           ///< that was used
  int iterations = 0;         ///< Newton updates
  /// Why the action is not normalisable, which is possible where b is frozen at 0.
  std::optional<std::string> flaw;
};

}  // namespace quartic
