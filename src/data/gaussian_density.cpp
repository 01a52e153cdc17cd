#include "quartic/data/gaussian_density.hpp"

#include <cmath>
#include <numbers>

#include "quartic/data/scaling.hpp"

namespace quartic {

std::vector<double> gaussian_log_density(std::span<const double> rows,
                                         std::span<const double> learned, std::size_t columns) {
  const DataScaling white = fit_scaling(ScalingMethod::whiten, learned, columns);
  std::vector<double> values(rows.begin(), rows.end());
  white.to_model(std::span(values), columns);
  const double normal = white.log_jacobian(columns) -
                        0.5 * static_cast<double>(columns) * std::log(2 * std::numbers::pi);
  std::vector<double> out(rows.size() / columns, normal);
  for (std::size_t k = 0; k < values.size(); ++k) out[k / columns] -= values[k] * values[k] / 2;
  return out;
}

}  // namespace quartic
