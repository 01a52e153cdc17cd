#include "quartic/core/data_source.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <numeric>

#include "quartic/core/error.hpp"
#include "quartic/core/random.hpp"

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

std::vector<std::size_t> spread_over(std::size_t rows, std::size_t most) {
  const std::size_t count = std::min(rows, most);
  std::vector<std::size_t> out(count);
  for (std::size_t n = 0; n < count; ++n) out[n] = n * rows / count;
  return out;
}

std::vector<float> spread_rows(const DataSource& source, std::size_t most) {
  const auto wanted = spread_over(source.rows(), most);
  std::vector<float> values(wanted.size() * source.columns());
  source.read(wanted, values);
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

JitteredSource::JitteredSource(const DataSource& source, double noise, std::size_t copies,
                               std::uint64_t seed)
    : source_(source), noise_(noise), copies_(copies), seed_(seed) {
  if (!(noise >= 0) || copies == 0)
    throw BadInput(fmt::format("jitter: {} copies of every row with noise {:g}", copies, noise),
                   "the noise must not be negative, and the copies at least one");
}

void JitteredSource::read(std::span<const std::size_t> rows, std::span<float> out) const {
  const std::size_t width = columns();
  std::vector<std::size_t> wanted;
  for (const std::size_t row : rows) wanted.push_back(row / copies_);
  read_repeated(source_, wanted, out);
  for (std::size_t n = 0; n < rows.size(); ++n) {
    RandomStream random(seed_, Stream::jitter, rows[n]);
    for (std::size_t i = 0; i < width; ++i)
      out[n * width + i] = static_cast<float>(out[n * width + i] + noise_ * random.normal());
  }
}

}  // namespace quartic
