#include "quartic/data/gaussian_density.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "quartic/core/error.hpp"
#include "quartic/data/scaling.hpp"

namespace quartic {

std::vector<double> gaussian_log_density(std::span<const double> rows,
                                         std::span<const double> learned, std::size_t columns) {
  const DataScaling white = fit_scaling(ScalingMethod::whiten, learned, columns, FewRows::shrunk);
  std::vector<double> values(rows.begin(), rows.end());
  white.to_model(std::span(values), columns);
  const double normal = white.log_jacobian(columns) -
                        0.5 * static_cast<double>(columns) * std::log(2 * std::numbers::pi);
  std::vector<double> out(rows.size() / columns, normal);
  for (std::size_t k = 0; k < values.size(); ++k) out[k / columns] -= values[k] * values[k] / 2;
  return out;
}

std::optional<Estimate> above_gaussian(std::span<const double> levels, const Estimate& log_z,
                                       std::span<const double> rows,
                                       std::span<const double> learned, std::size_t columns) {
  constexpr std::size_t most_columns = 1024;
  if (columns > most_columns) return {};
  try {
    auto difference = gaussian_log_density(rows, learned, columns);
    for (std::size_t n = 0; n < difference.size(); ++n) difference[n] = levels[n] - difference[n];
    const Estimate mean = mean_of(difference);
    return Estimate{mean.value - log_z.value, std::hypot(mean.error, log_z.error)};
  } catch (const BadInput&) {
    return {};
  }
}

bool below_gaussian(const Estimate& above) {
  constexpr double errors = 3, worth_telling = 0.01;
  return above.value < -std::max(errors * above.error, worth_telling);
}

}  // namespace quartic
