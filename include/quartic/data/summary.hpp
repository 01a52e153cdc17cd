// What data hold, column by column, in one pass over them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "quartic/core/data_source.hpp"
#include "quartic/core/estimate.hpp"

namespace quartic {

struct DataSummary {
  std::size_t rows = 0;             ///< that the moments are of
  std::vector<double> mean;         ///< of each column, without its NaN and infinite values
  std::vector<double> variance;     ///< of each column, divided by the number of values
  std::vector<double> low, high;    ///< smallest and largest value of each column
  std::vector<std::size_t> finite;  ///< values of each column that are finite

  /// The first value that is NaN or infinite, as float32.
  struct Place {
    std::size_t row = 0, column = 0;
    double value = 0;
  };
  std::optional<Place> first_bad;

  /// Columns that are 0, 1, 2, ... or 1, 2, 3, ... from row to row, of all rows; of 16 rows or more
  /// also with gaps, every second number at least being there.
  std::vector<std::size_t> counting;

  double row_mean_variance = 0;  ///< of the means of single rows, unbiased

  /// Of all rows, also those left out of the moments, as float32: equal data have equal ones, in
  /// any file format. "60000x784:0123456789abcdef".
  std::string checksum;

  std::size_t columns() const { return mean.size(); }
  std::size_t bad() const;      ///< values that are NaN or infinite
  double lowest() const;        ///< of all finite values
  double highest() const;       ///< of all finite values
  double deviation() const;     ///< standard deviation of all values about their mean
  Estimate total_mean() const;  ///< of all values; the error takes rows as independent
  std::vector<std::size_t> constant() const;  ///< columns whose values are all the same
};

/// Reads everything once, by batches of a few MiB. Rows in `left_out` (ascending) count for
/// checksum and first_bad only. O(rows * columns) time, O(columns) memory.
DataSummary summarise(const DataSource& source, const std::vector<std::size_t>& left_out = {});

/// How many finite values fall into each of `bins` equal parts of [low, high]. Reads everything.
std::vector<std::uint64_t> histogram(const DataSource& source, double low, double high, int bins);

}  // namespace quartic
