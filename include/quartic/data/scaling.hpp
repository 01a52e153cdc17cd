// Between the units of the data and those of the model, and back.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "quartic/core/words.hpp"

namespace quartic {

/// none; standardise: each column to mean 0 and variance 1; unit: all values to [-1, 1] by one
/// affine map; constants: given ones.
enum class ScalingMethod { none, standardise, unit, constants };
template <>
inline constexpr auto words_of<ScalingMethod> = word_list("none", "standardise", "unit",
                                                          "constants");

/// model = (data - offset) / scale, with one offset and scale for all columns or one a column.
struct DataScaling {
  ScalingMethod method = ScalingMethod::none;
  std::vector<double> offset = {0.0};
  std::vector<double> scale = {1.0};

  /// Rows of `columns` values each, in place, in double arithmetic.
  void to_model(std::span<float> rows, std::size_t columns) const;
  void from_model(std::span<float> rows, std::size_t columns) const;

  /// ln |d model / d data| of a row: ln p_data(x) = ln p_model(y) + log_jacobian(columns).
  double log_jacobian(std::size_t columns) const;

  /// "scaled to [-1, 1]", "standardised", ...; empty for none.
  std::string text() const;

  /// Throws BadInput unless there is one offset and scale, or one a column, all finite and the
  /// scales not 0.
  void check(std::size_t columns) const;

  bool operator==(const DataScaling&) const = default;
};

}  // namespace quartic
