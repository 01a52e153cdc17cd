#include "quartic/core/data_source.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <numeric>

#include "quartic/core/error.hpp"

namespace quartic {

void read_repeated(const DataSource& source, std::span<const std::size_t> rows,
                   std::span<float> out) {
  const auto width = static_cast<std::ptrdiff_t>(source.columns());
  std::vector<std::size_t> once;
  std::unique_copy(rows.begin(), rows.end(), std::back_inserter(once));
  source.read(once, out.first(once.size() * source.columns()));
  // Backwards, a row's copies never lie before the row itself.
  std::size_t from = once.size() - 1;
  for (std::size_t n = rows.size(); n-- > 0;) {
    if (rows[n] != once[from]) --from;
    if (n != from)
      std::copy_n(out.begin() + static_cast<std::ptrdiff_t>(from) * width, width,
                  out.begin() + static_cast<std::ptrdiff_t>(n) * width);
  }
}

namespace {

std::span<float> read_into(std::vector<float>& values, const DataSource& source, std::size_t first,
                           std::size_t count) {
  std::vector<std::size_t> rows(std::min(count, source.rows() - std::min(first, source.rows())));
  std::iota(rows.begin(), rows.end(), first);
  values.resize(rows.size() * source.columns());
  source.read(rows, values);
  return values;
}

}  // namespace

std::vector<float> read_rows(const DataSource& source, std::size_t first, std::size_t count) {
  std::vector<float> values;
  read_into(values, source, first, count);
  return values;
}

void for_each_batch(const DataSource& source, std::size_t rows,
                    const std::function<void(std::span<float>, std::size_t)>& visit) {
  std::vector<float> values;
  for (std::size_t first = 0; first < source.rows(); first += rows)
    visit(read_into(values, source, first, rows), first);
}

ArraySource::ArraySource(std::vector<float> values, std::size_t columns)
    : values_(std::move(values)), columns_(columns) {
  if (columns == 0 || values_.empty() || values_.size() % columns != 0) {
    throw BadInput(fmt::format("{} values do not fill whole rows of {}", values_.size(), columns),
                   "give at least one row, and every row the same length");
  }
}

void ArraySource::read(std::span<const std::size_t> rows, std::span<float> out) const {
  for (std::size_t n = 0; n < rows.size(); ++n) {
    std::copy_n(values_.begin() + static_cast<std::ptrdiff_t>(rows[n] * columns_), columns_,
                out.begin() + static_cast<std::ptrdiff_t>(n * columns_));
  }
}

}  // namespace quartic
