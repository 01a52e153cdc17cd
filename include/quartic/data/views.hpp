// Other views of the same rows. They copy nothing and may be put on top of each other.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "quartic/core/data_source.hpp"
#include "quartic/data/scaling.hpp"

namespace quartic {

using SharedSource = std::shared_ptr<const DataSource>;

/// The named rows, in that order. Throws BadInput for none, or one that is not there.
SharedSource select_rows(SharedSource source, std::vector<std::size_t> rows);

/// The first rows, at most `count`.
SharedSource first_rows(SharedSource source, std::size_t count);

/// The named columns, in that order. Throws BadInput for none, or one that is not there.
SharedSource select_columns(SharedSource source, std::vector<std::size_t> columns);

/// 1 where a value is above the threshold, else 0; NaN stays.
SharedSource binarised(SharedSource source, double threshold);

/// In the units of the model. Throws BadInput where the scaling does not fit the columns.
SharedSource scaled(SharedSource source, DataScaling scaling);

/// Gaussian noise of that standard deviation on every value, the same whenever a row is read.
SharedSource with_noise(SharedSource source, double deviation, std::uint64_t seed);

/// Which rows are held out: round(fraction * rows) of them, at least one of each kind, all subsets
/// alike probable, in ascending order. The same seed gives the same rows. O(rows).
/// Throws BadInput unless 0 < fraction < 1 and there are two rows.
std::vector<std::size_t> held_out_rows(std::size_t rows, double fraction, std::uint64_t seed);

/// All rows but those; `without` ascending.
std::vector<std::size_t> other_rows(std::size_t rows, const std::vector<std::size_t>& without);

}  // namespace quartic
