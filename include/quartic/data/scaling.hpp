// Between the units of the data and those of the model, and back.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "quartic/core/words.hpp"

namespace quartic {

/// automatic: whoever opens the data knows; none; standardise: each column to mean 0 and variance
/// 1; unit: all values to [-1, 1] by one affine map; constants: given ones; power: each column by
/// the monotone map of Yeo & Johnson (Biometrika 87 (2000) 954) that makes it most like a Gaussian;
/// whiten: uncorrelated columns of variance 1 along the principal axes; zca: the same turned back,
/// so that columns keep their meaning; power-whiten: both.
enum class ScalingMethod {
  automatic,
  none,
  standardise,
  unit,
  constants,
  power,
  whiten,
  zca,
  power_whiten
};
template <>
inline constexpr auto words_of<ScalingMethod> = word_list("auto", "none", "standardise", "unit",
                                                          "constants", "power", "whiten", "zca",
                                                          "power-whiten");

/// model = rotation^T ((T(z) - centre) / spread), z = (data - offset) / scale, T(z) the map of
/// Yeo & Johnson with exponent `power`,
///   T(z) = ((1 + z)^power - 1) / power for z >= 0, -((1 - z)^(2 - power) - 1) / (2 - power) else,
/// z itself for power 1, logarithms at the ends 0 and 2 of its range, within which T takes all of R
/// to all of R: what is a density in the model's units stays one. Beyond the z from `low` to `high`
/// that it was chosen by, T goes on smoothly as a fourth root: at a distance d from there, in units
/// of the model,
///   T(z) = T(high) + spread ((1 + 4 d)^(1/4) - 1), d = T'(high) (z - high) / spread,
/// and likewise below low. Behind it exp(-b phi^4) is an exponential tail; without, one value not
/// seen before, tens of spreads out, costs 10^5 nats. Absent parts (empty) are the identity.
struct DataScaling {
  ScalingMethod method = ScalingMethod::none;
  std::vector<double> offset = {0.0};  ///< one, or one a column
  std::vector<double> scale = {1.0};   ///< one, or one a column
  std::vector<double> power = {};      ///< a column, in [0, 2]
  std::vector<double> low = {};        ///< of z, a column; none: no root anywhere
  std::vector<double> high = {};       ///< of z, a column
  /// Of |z|, a column, in runs of quartic 0.2: T goes straight on from it where it widens (z > 0
  /// for powers above 1, z < 0 below).
  std::vector<double> edge = {};
  std::vector<double> centre = {};         ///< of T(z), a column
  std::vector<double> spread = {};         ///< of T(z), a column
  std::vector<double> rotation = {};       ///< [column][component]
  std::vector<double> rotation_back = {};  ///< its inverse, [component][column]

  /// Rows of `columns` values each, in place, in double arithmetic. O(rows columns), with a
  /// rotation O(rows columns^2).
  void to_model(std::span<float> rows, std::size_t columns) const;
  void from_model(std::span<float> rows, std::size_t columns) const;
  void to_model(std::span<double> rows, std::size_t columns) const;
  void from_model(std::span<double> rows, std::size_t columns) const;

  /// One affine map a column: units of the model are units of the data.
  bool by_column() const { return power.empty() && rotation.empty(); }
  /// Whether rows in the units of the data need float64: a column lies so far from 0 that float32
  /// would not have a thousandth of its scale there.
  bool needs_wide() const;
  /// ln |d model / d data| of a row: ln p_data(x) = ln p_model(y) + log_jacobian(columns). Without
  /// what depends on the row (`log_power`).
  double log_jacobian(std::size_t columns) const;
  /// The part that depends on the row, sum_c ln T'(z_c): (power_c - 1) sign(z_c) ln(1 + |z_c|) from
  /// low to high, less 3/4 ln(1 + 4 d) beyond; 0 without.
  double log_power(std::span<const double> row) const;

  /// "scaled to [-1, 1]", "standardised", ...; empty for none.
  std::string text() const;

  /// Throws BadInput unless there is one offset and scale, or one a column, all finite and the
  /// scales not 0, and the other parts, where there are any, are of the columns.
  void check(std::size_t columns) const;

  bool operator==(const DataScaling&) const = default;
};

/// First one map a column, then another scaling of what that gives. Throws BadInput where `first`
/// is not by column.
DataScaling composed(const DataScaling& first, DataScaling then, std::size_t columns);

/// Rows that are turned and no more than the columns lie in a plane. Shrinkage gives them a
/// Gaussian; to learn from, they have no variance in some directions.
enum class FewRows { refused, shrunk };

/// Beyond the rows that a scaling is fitted to its map of a column goes on as it is, or (with
/// powers: always) as a fourth root, DataScaling.
enum class BeyondRows { as_it_is, fourth_root };

/// The scaling by standardise, power, whiten, zca or power-whiten that rows [row][column] give:
/// exponents of largest likelihood (within [0, 2]), the axes of the covariance shrunk towards a
/// multiple of 1 (Ledoit & Wolf, J. Multivar. Anal. 88 (2004) 365) in units of the columns' spread.
/// O(rows columns^2 + columns^3). Throws BadInput for fewer than two rows, values that are not
/// finite, a column that does not vary or, where rows are turned, that is a linear combination of
/// others, naming it, or rows that are no more than the columns, unless these are to be shrunk.
DataScaling fit_scaling(ScalingMethod method, std::span<const double> rows, std::size_t columns,
                        FewRows few = FewRows::refused, BeyondRows beyond = BeyondRows::as_it_is);

}  // namespace quartic
