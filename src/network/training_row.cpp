#include "network/training_row.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace quartic {
namespace {

Estimate column_mean(std::span<const float> rows, std::size_t column, std::size_t columns) {
  std::vector<double> values;
  for (std::size_t k = column; k < rows.size(); k += columns) values.push_back(rows[k]);
  return mean_of(values);
}

/// Root mean square z-score of <phi_i>, over the columns that vary.
double moment_score(std::span<const float> batch, std::span<const float> chains,
                    std::size_t columns) {
  double score = 0;
  int scored = 0;
  for (std::size_t i = 0; i < columns; ++i) {
    const Estimate of_data = column_mean(batch, i, columns),
                   of_model = column_mean(chains, i, columns);
    const double error = std::hypot(of_data.error, of_model.error);
    if (!(error > 0)) continue;
    const double z = (of_data.value - of_model.value) / error;
    score += z * z, ++scored;
  }
  return scored > 0 ? std::sqrt(score / scored) : 0;
}

}  // namespace

TrainRow measure_row(const Network& now, std::span<const float> batch,
                     std::span<const double> chains, std::span<const double> deviation,
                     int threads) {
  TrainRow row;
  for (int i = 0; i < now.visible.size(); ++i) {
    for (int j = 0; j < now.hidden.size(); ++j) {
      const double w = now.weight(i, j) * deviation[i];
      row.weight_norm += w * w;
      row.max_weight = std::max(row.max_weight, std::abs(now.weight(i, j)));
    }
  }
  row.weight_norm = std::sqrt(row.weight_norm / static_cast<double>(now.w.size()));
  const std::vector<float> of_chains(chains.begin(), chains.end());
  row.data_free_energy = mean_of(free_energies(now, batch, threads));
  row.model_free_energy = mean_of(free_energies(now, of_chains, threads));
  row.moment_score = moment_score(batch, of_chains, deviation.size());
  return row;
}

std::optional<std::string> why_diverged(const TrainRow& row, const Layer& visible) {
  constexpr double most = 3;          // nats a visible unit
  constexpr double max_weight = 100;  // of a unit of two values, whose chances are then e^-100
  const int visible_units = visible.size();
  if (!visible.has_a() && !(row.max_weight < max_weight))
    return fmt::format("a weight of {:.3g} leaves its units no choice", row.max_weight);
  const double gap = row.data_free_energy.value - row.model_free_energy.value;
  if (!std::isfinite(gap)) return "the free energies are not finite";
  if (gap > most * visible_units + 10 * row.data_free_energy.error) {
    return fmt::format(
        "the free energy of the data is {:.3g} above that of the chains, {:.2g} "
        "a visible unit",
        gap, gap / visible_units);
  }
  return std::nullopt;
}

}  // namespace quartic
