// Bounds and weight decay as vectors over the parameters.
#pragma once

#include <functional>
#include <vector>

#include "learn/symmetric_matrix.hpp"
#include "quartic/learn/local_fit.hpp"

namespace quartic {

/// Lower bounds: -infinity but for b. `fourth` gives <phi_i^4>. Throws BadInput for a bound that is
/// not positive.
std::vector<double> lower_bounds(const Parameters& parameters, const Restraint& restraint,
                                 const std::function<double(int)>& fourth);

/// lambda_k of every parameter. Throws BadInput for a negative one.
std::vector<double> weight_decay(const Parameters& parameters, const Restraint& restraint);

/// sqrt of the diagonal of H^-1 (sum_g d_g d_g') H^-1, those at their bound held (solve_held);
/// infinite without deviations.
std::vector<double> sandwich_errors(const SymmetricMatrix& hessian, double ridge,
                                    const std::vector<char>& at_bound,
                                    const std::vector<std::vector<double>>& deviations);

/// Each group's deviation from the mean, scaled such that the sum of outer products is the
/// covariance of the mean. Values are the groups' means, weights their shares of the rows.
std::vector<std::vector<double>> scaled_deviations(const std::vector<std::vector<double>>& values,
                                                   const std::vector<double>& weights);
/// Mean over groups and its error.
Estimate group_estimate(const std::vector<double>& values, const std::vector<double>& weights);

}  // namespace quartic
