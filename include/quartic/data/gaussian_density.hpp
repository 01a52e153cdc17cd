// What every density of real-valued columns is measured by: one Gaussian.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace quartic {

/// ln p of each of `rows` [row][column] under the Gaussian of the mean and the covariance, shrunk
/// as for the scaling whiten (scaling.hpp), of the rows `learned`. O(rows columns^2 + columns^3).
/// Throws BadInput as fit_scaling does.
std::vector<double> gaussian_log_density(std::span<const double> rows,
                                         std::span<const double> learned, std::size_t columns);

}  // namespace quartic
