// What every density of real-valued columns is measured by: one Gaussian.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "quartic/core/estimate.hpp"

namespace quartic {

/// ln p of each of `rows` [row][column] under the Gaussian of the mean and the covariance, shrunk
/// as for the scaling whiten (scaling.hpp), of the rows `learned`. O(rows columns^2 + columns^3).
/// Throws BadInput as fit_scaling does.
std::vector<double> gaussian_log_density(std::span<const double> rows,
                                         std::span<const double> learned, std::size_t columns);

/// By how much the mean of `levels`, ln p of `rows` but for ln Z, is above that of this Gaussian;
/// the error is that of the paired difference and of ln Z. None where columns depend on one
/// another, or for more than 1024 of them, where it would cost more than what it judges.
std::optional<Estimate> above_gaussian(std::span<const double> levels, const Estimate& log_z,
                                       std::span<const double> rows,
                                       std::span<const double> learned, std::size_t columns);

/// Whether that is below 0 by more than chance, 3 errors, and than anybody minds, .01 nats.
bool below_gaussian(const Estimate& above);

}  // namespace quartic
