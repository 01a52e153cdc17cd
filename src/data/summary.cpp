#include "quartic/data/summary.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <numeric>

namespace quartic {
namespace {

constexpr std::size_t batch_bytes = std::size_t{4} << 20;

bool all_finite(std::span<const double> values) {
  // x - x is 0 for numbers alone, and the sum of zeros stays 0.
  double sum = 0;
  for (const double x : values) sum += x - x;
  return sum == 0;
}

/// As everything that learns has it.
float narrowed(double x) {
  return static_cast<float>(x);
}

class Accumulator {
 public:
  explicit Accumulator(std::size_t columns) : columns_(columns), sum_(columns), squares_(columns) {
    out_.mean.assign(columns, 0), out_.variance.assign(columns, 0), out_.finite.assign(columns, 0);
    out_.low.assign(columns, std::numeric_limits<double>::infinity());
    out_.high.assign(columns, -std::numeric_limits<double>::infinity());
    last_.assign(columns, -1);
    out_.counting.resize(columns);
    std::iota(out_.counting.begin(), out_.counting.end(), std::size_t{0});
  }

  /// Keeps the columns that count, from 0 or 1 or, where rows have been left out, with gaps.
  void count(std::span<const double> batch) {
    for (std::size_t at = 0; at < batch.size() && !out_.counting.empty(); at += columns_) {
      std::erase_if(out_.counting, [&](std::size_t c) {
        const double x = batch[at + c];
        return !(x > last_[c]) || x != std::floor(x);
      });
      if (first_.empty()) first_.assign(batch.begin(), batch.begin() + std::ptrdiff_t(columns_));
      last_.assign(batch.begin() + std::ptrdiff_t(at),
                   batch.begin() + std::ptrdiff_t(at + columns_));
    }
  }

  void hash(std::span<const double> batch) {
    for (const double x : batch) {
      hash_ = (hash_ ^ std::bit_cast<std::uint32_t>(narrowed(x))) * 0x9E3779B97F4A7C15u;
      hash_ ^= hash_ >> 29;
    }
  }

  void find_bad(std::span<const double> batch, std::size_t first_row) {
    for (std::size_t k = 0; k < batch.size() && !out_.first_bad; ++k) {
      if (std::isfinite(narrowed(batch[k]))) continue;
      out_.first_bad = {first_row + k / columns_, k % columns_, batch[k]};
    }
  }

  /// Means and variances of batches join by Chan, Golub, LeVeque (1979), so that neither an offset
  /// of the data nor their number costs digits.
  void add(std::span<const double> batch) {
    const std::size_t rows = batch.size() / columns_;
    if (rows == 0) return;
    row_means(batch);
    out_.rows += rows;
    if (!all_finite(batch)) return add_with_gaps(batch);
    std::fill(sum_.begin(), sum_.end(), 0.0);
    std::fill(squares_.begin(), squares_.end(), 0.0);
    for (std::size_t n = 0; n < rows; ++n) {
      const double* const row = &batch[n * columns_];
      for (std::size_t c = 0; c < columns_; ++c) {
        sum_[c] += row[c];
        out_.low[c] = std::min(out_.low[c], row[c]);
        out_.high[c] = std::max(out_.high[c], row[c]);
      }
    }
    for (double& sum : sum_) sum /= static_cast<double>(rows);
    for (std::size_t n = 0; n < rows; ++n) {
      const double* const row = &batch[n * columns_];
      for (std::size_t c = 0; c < columns_; ++c) {
        const double deviation = row[c] - sum_[c];
        squares_[c] += deviation * deviation;
      }
    }
    for (std::size_t c = 0; c < columns_; ++c) join(c, rows, sum_[c], squares_[c]);
  }

  DataSummary finish(std::size_t all_rows) {
    for (std::size_t c = 0; c < columns_; ++c) {
      if (out_.finite[c] > 0)
        out_.variance[c] /= static_cast<double>(out_.finite[c]);
      else
        out_.mean[c] = out_.variance[c] = std::numeric_limits<double>::quiet_NaN();
    }
    keep_counts(all_rows);
    out_.row_mean_variance =
        counted_rows_ > 1 ? row_squares_ / (static_cast<double>(counted_rows_) - 1) : 0;
    out_.checksum = fmt::format("{}x{}:{:016x}", all_rows, columns_, hash_);
    return std::move(out_);
  }

 private:
  /// Of columns that rise by whole numbers those that can number the rows: of few rows without a
  /// gap, else with every second number at least.
  void keep_counts(std::size_t rows) {
    if (first_.empty()) return out_.counting.clear();
    constexpr std::size_t many = 16;
    std::erase_if(out_.counting, [&](std::size_t c) {
      const auto all = static_cast<double>(rows);
      const bool exact = first_[c] <= 1 && last_[c] - first_[c] == all - 1;
      return !exact && (rows < many || last_[c] > 2 * all);
    });
  }

  void join(std::size_t c, std::size_t count, double mean, double squares) {
    const auto old = static_cast<double>(out_.finite[c]), added = static_cast<double>(count);
    const double shift = mean - out_.mean[c];
    out_.mean[c] += shift * added / (old + added);
    out_.variance[c] += squares + shift * shift * old * added / (old + added);
    out_.finite[c] += count;
  }

  void add_with_gaps(std::span<const double> batch) {
    for (std::size_t k = 0; k < batch.size(); ++k) {
      if (!std::isfinite(batch[k])) continue;
      const std::size_t c = k % columns_;
      out_.low[c] = std::min(out_.low[c], batch[k]);
      out_.high[c] = std::max(out_.high[c], batch[k]);
      join(c, 1, batch[k], 0);
    }
  }

  void row_means(std::span<const double> batch) {
    for (std::size_t at = 0; at < batch.size(); at += columns_) {
      double sum = 0;
      for (std::size_t c = 0; c < columns_; ++c) sum += batch[at + c];
      const double mean = sum / static_cast<double>(columns_);
      if (!std::isfinite(mean)) continue;
      ++counted_rows_;
      const double shift = mean - row_mean_;
      row_mean_ += shift / static_cast<double>(counted_rows_);
      row_squares_ += shift * (mean - row_mean_);
    }
  }

  std::size_t columns_, counted_rows_ = 0;
  double row_mean_ = 0, row_squares_ = 0;
  std::uint64_t hash_ = 0x243F6A8885A308D3u;  // the digits of pi
  std::vector<double> sum_, squares_;
  std::vector<double> first_, last_;  // row, so far
  DataSummary out_;
};

std::size_t batch_rows(const DataSource& source) {
  return std::max<std::size_t>(1, batch_bytes / (sizeof(double) * source.columns()));
}

/// The rows of a batch that are not left out, moved together to its front.
std::span<const double> kept(std::span<double> batch, std::size_t first, std::size_t columns,
                             const std::vector<std::size_t>& left_out) {
  const std::size_t rows = batch.size() / columns;
  auto skip = std::lower_bound(left_out.begin(), left_out.end(), first);
  std::size_t count = 0;
  for (std::size_t n = 0; n < rows; ++n) {
    if (skip != left_out.end() && *skip == first + n) {
      ++skip;
      continue;
    }
    if (count != n)
      std::copy_n(batch.begin() + static_cast<std::ptrdiff_t>(n * columns), columns,
                  batch.begin() + static_cast<std::ptrdiff_t>(count * columns));
    ++count;
  }
  return batch.first(count * columns);
}

}  // namespace

std::size_t DataSummary::bad() const {
  return rows * columns() - std::accumulate(finite.begin(), finite.end(), std::size_t{0});
}

double DataSummary::lowest() const {
  return *std::min_element(low.begin(), low.end());
}

double DataSummary::highest() const {
  return *std::max_element(high.begin(), high.end());
}

Estimate DataSummary::total_mean() const {
  double sum = 0, count = 0;
  for (std::size_t c = 0; c < columns(); ++c) {
    if (finite[c] == 0) continue;
    sum += mean[c] * static_cast<double>(finite[c]), count += static_cast<double>(finite[c]);
  }
  return {sum / count, std::sqrt(row_mean_variance / static_cast<double>(rows))};
}

double DataSummary::deviation() const {
  const double centre = total_mean().value;
  double sum = 0, count = 0;
  for (std::size_t c = 0; c < columns(); ++c) {
    if (finite[c] == 0) continue;
    const double shift = mean[c] - centre, n = static_cast<double>(finite[c]);
    sum += n * (variance[c] + shift * shift), count += n;
  }
  return std::sqrt(sum / count);
}

std::vector<std::size_t> DataSummary::constant() const {
  std::vector<std::size_t> found;
  for (std::size_t c = 0; c < columns(); ++c)
    if (low[c] == high[c]) found.push_back(c);
  return found;
}

DataSummary summarise(const DataSource& source, const std::vector<std::size_t>& left_out) {
  Accumulator sums(source.columns());
  for_each_wide_batch(source, batch_rows(source), [&](std::span<double> values, std::size_t first) {
    sums.hash(values);
    sums.find_bad(values, first);
    sums.count(values);
    sums.add(kept(values, first, source.columns(), left_out));
  });
  return sums.finish(source.rows());
}

std::vector<std::uint64_t> histogram(const DataSource& source, double low, double high, int bins) {
  std::vector<std::uint64_t> counts(static_cast<std::size_t>(bins), 0);
  const double scale = high > low ? bins / (high - low) : 0;
  for_each_wide_batch(source, batch_rows(source), [&](std::span<const double> values, std::size_t) {
    for (const double x : values) {
      if (!std::isfinite(x) || x < low || x > high) continue;
      const auto bin = static_cast<std::size_t>((x - low) * scale);
      ++counts[std::min(bin, counts.size() - 1)];
    }
  });
  return counts;
}

}  // namespace quartic
