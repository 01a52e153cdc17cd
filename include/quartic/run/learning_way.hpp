// How a network is learned whose length of learning the data are to say.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "quartic/core/words.hpp"
#include "quartic/network/start.hpp"
#include "quartic/run/density_learner.hpp"

namespace quartic {

enum class LearningWay {
  exactly,            ///< by a DensityLearner
  chains_from_exact,  ///< by chains, from what a DensityLearner has learned with fewer units
  chains              ///< by chains, from independent columns
};
template <>
inline constexpr auto words_of<LearningWay> = word_list("exactly", "chains-from-exact", "chains");

/// What there is to decide by. hidden_units 0: by default.
struct WantedNetwork {
  Unit visible = Unit::quartic, hidden = Unit::binary;
  int hidden_units = 0;
  std::size_t columns = 1;
  bool noisy = false;  ///< noise on the rows to learn from
};

/// Exactly where ln Z has an exact gradient at a bearable cost: Gaussian units on both sides, or
/// two-valued hidden ones, at most 14 or over two columns. Chains begin with what is exact where
/// columns are real-valued, without noise, and w has no more entries than a TrainingWatch looks at.
LearningWay learning_way(const WantedNetwork& wanted);

/// The race that chains begin with, to the scalings that are asked for. Two-valued hidden units are
/// learned in it, as many as there are by default, without gates. Of others it tells the scalings
/// apart by units alone, where their chains begin.
DensityOptions start_options(const WantedNetwork& wanted, std::vector<ScalingMethod> scalings);

/// So many rows that race has at most, spread over all: 4 million values are enough for a start.
std::size_t start_rows(std::size_t columns);

/// Where chains begin: the density grown to `hidden_units`, the further ones with small random w;
/// or its visible units with nothing but such ones, where it has learned no more or hidden units
/// are of another kind. `moments`: of the rows in its units.
Network chain_start(const DensityFit& fit, Unit hidden, int hidden_units,
                    const ColumnMoments& moments, std::uint64_t seed);

}  // namespace quartic
