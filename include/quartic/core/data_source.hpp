// Rows of data to learn from, held in memory or streamed from wherever they are.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace quartic {

/// Rows of real numbers, all of one length. Learners read them in batches, so a source larger than
/// memory works. `read` may be called from one thread at a time.
class DataSource {
 public:
  virtual ~DataSource() = default;
  virtual std::size_t rows() const = 0;
  virtual std::size_t columns() const = 0;
  /// Copies the named rows, none twice, into out: out[n * columns() + column]. Neighbouring rows
  /// in ascending order are read together, so contiguous batches are cheap. Throws BadInput where a
  /// row cannot be read.
  virtual void read(std::span<const std::size_t> rows, std::span<float> out) const = 0;
  /// The same with all digits that the source has: columns far from 0, as times are, lose what they
  /// vary by as float32.
  virtual void read_wide(std::span<const std::size_t> rows, std::span<double> out) const;
};

/// The same for rows in ascending order that may repeat; each is read once.
void read_repeated(const DataSource& source, std::span<const std::size_t> rows,
                   std::span<float> out);

/// Rows first, first + 1, ...: `count` of them, or as many as there are, row after row.
std::vector<float> read_rows(const DataSource& source, std::size_t first, std::size_t count);
std::vector<double> read_wide_rows(const DataSource& source, std::size_t first, std::size_t count);

/// So many of so many rows, or all where there are fewer, spread over all; ascending.
std::vector<std::size_t> spread_over(std::size_t rows, std::size_t most);
/// Those, row after row.
std::vector<float> spread_rows(const DataSource& source, std::size_t most);

/// Calls visit(values, first row) for all rows in order, `rows` at a time, the last fewer. The
/// values may be changed; they last until the next call.
void for_each_batch(const DataSource& source, std::size_t rows,
                    const std::function<void(std::span<float> values, std::size_t first)>& visit);
void for_each_wide_batch(
    const DataSource& source, std::size_t rows,
    const std::function<void(std::span<double> values, std::size_t first)>& visit);

/// Rows in memory.
class ArraySource final : public DataSource {
 public:
  /// Values row after row. Throws BadInput unless they fill whole rows.
  ArraySource(std::vector<float> values, std::size_t columns);
  std::size_t rows() const override { return values_.size() / columns_; }
  std::size_t columns() const override { return columns_; }
  void read(std::span<const std::size_t> rows, std::span<float> out) const override;

 private:
  std::vector<float> values_;
  std::size_t columns_;
};

/// copies x rows of the other source: row n is its row n / copies plus noise of the given standard
/// deviation, the same for the same seed whenever it is read. For estimators that know no closed
/// form of the noise (DataPass::noise), and as starting fields. `source` must outlive it.
class JitteredSource final : public DataSource {
 public:
  /// Throws BadInput for a negative noise or no copies.
  JitteredSource(const DataSource& source, double noise, std::size_t copies, std::uint64_t seed);
  std::size_t rows() const override { return source_.rows() * copies_; }
  std::size_t columns() const override { return source_.columns(); }
  void read(std::span<const std::size_t> rows, std::span<float> out) const override;

 private:
  const DataSource& source_;
  double noise_;
  std::size_t copies_;
  std::uint64_t seed_;
};

}  // namespace quartic
