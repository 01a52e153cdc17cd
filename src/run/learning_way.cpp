#include "quartic/run/learning_way.hpp"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "quartic/network/training_options.hpp"
#include "quartic/network/training_watch.hpp"

namespace quartic {

LearningWay learning_way(const WantedNetwork& wanted) {
  constexpr int most_units = 14;
  constexpr std::size_t quadrature_columns = 2;
  const bool gaussian = wanted.visible == Unit::gaussian && wanted.hidden == Unit::gaussian;
  const bool few = wanted.hidden_units <= most_units || wanted.columns <= quadrature_columns;
  if (gaussian || (Layer(wanted.hidden, 1).discrete() && few)) return LearningWay::exactly;
  // By default there are no more; how many depends on how many rows are held out.
  const auto units = static_cast<std::size_t>(
      wanted.hidden_units > 0 ? wanted.hidden_units : default_hidden_units(SIZE_MAX));
  const bool watched = units * wanted.columns <= TrainingWatch::most_weights;
  return !Layer(wanted.visible, 1).discrete() && !wanted.noisy && watched
             ? LearningWay::chains_from_exact
             : LearningWay::chains;
}

DensityOptions start_options(const WantedNetwork& wanted, std::vector<ScalingMethod> scalings) {
  DensityOptions o;
  o.few_rows = FewRows::refused;  // chains are to learn from it
  o.visible = wanted.visible;
  o.scalings = std::move(scalings);
  o.gates = false;
  if (Layer(wanted.hidden, 1).discrete())
    o.hidden = wanted.hidden;
  else
    o.hidden_units = 1, o.rounds = 0;
  return o;
}

std::size_t start_rows(std::size_t columns) {
  constexpr std::size_t most_values = std::size_t{1} << 22;
  return std::max<std::size_t>(most_values / columns, 1);
}

Network chain_start(const DensityFit& fit, Unit hidden, int hidden_units,
                    const ColumnMoments& moments, std::uint64_t seed) {
  Network wide =
      initial_network(fit.network.visible.unit, hidden, hidden_units, moments, {.seed = seed});
  if (fit.choice.best().best > 0 && fit.network.hidden.unit == hidden)
    return grown(fit.network, std::move(wide));
  wide.visible = fit.network.visible;
  return wide;
}

}  // namespace quartic
