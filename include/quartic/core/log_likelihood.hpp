// The mean ln p of rows under a model, with what it is uncertain by.
#pragma once

#include <cmath>

#include "quartic/core/estimate.hpp"
#include "quartic/core/fields.hpp"

namespace quartic {

/// <ln p> per row, p = exp(-S) / Z.
struct LogLikelihood {
  Estimate value;    ///< error: that of ln Z, and of a deep stack's hidden draws
  double lower = 0;  ///< with ln Z from annealing back alone
  double upper = 0;  ///< with ln Z from annealing there alone
  /// Standard error of the mean over the rows: how far another set may differ.
  double rows_error = 0;

  /// Of the same rows where ln |d this model's units / d other units| is the same for all.
  LogLikelihood shifted(double log_jacobian) const {
    return {{value.value + log_jacobian, value.error},
            lower + log_jacobian,
            upper + log_jacobian,
            rows_error};
  }

  /// The value with both errors.
  Estimate total() const { return {value.value, std::hypot(rows_error, value.error)}; }
};

template <FieldsOf<LogLikelihood> L, class Visit>
void fields(L& likelihood, Visit&& visit) {
  members(visit, "", likelihood.value, "lower", likelihood.lower, "upper", likelihood.upper,
          "rows_error", likelihood.rows_error);
}

}  // namespace quartic
