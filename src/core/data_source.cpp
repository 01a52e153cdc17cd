#include "quartic/core/data_source.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <numeric>
#include <type_traits>

#include "quartic/core/error.hpp"
#include "quartic/core/memory.hpp"
#include "quartic/core/random.hpp"
#include "quartic/core/stop.hpp"

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

void DataSource::read_wide(std::span<const std::size_t> rows, std::span<double> out) const {
  std::vector<float> narrow(rows.size() * columns());
  read(rows, narrow);
  std::copy(narrow.begin(), narrow.end(), out.begin());
}

namespace {

template <class T>
std::span<T> read_into(std::vector<T>& values, const DataSource& source, std::size_t first,
                       std::size_t count) {
  heed_stop();
  const std::size_t wanted = std::min(count, source.rows() - std::min(first, source.rows()));
  require_memory(sizeof(T) * static_cast<double>(wanted) * static_cast<double>(source.columns()),
                 fmt::format("{} rows of {} values at once", wanted, source.columns()),
                 "fewer rows: data.rows, or training with chains, which reads them by batches");
  std::vector<std::size_t> rows(wanted);
  std::iota(rows.begin(), rows.end(), first);
  values.resize(rows.size() * source.columns());
  if constexpr (std::is_same_v<T, float>)
    source.read(rows, values);
  else
    source.read_wide(rows, values);
  return values;
}

template <class T>
void visit_batches(const DataSource& source, std::size_t rows,
                   const std::function<void(std::span<T>, std::size_t)>& visit) {
  std::vector<T> values;
  for (std::size_t first = 0; first < source.rows(); first += rows)
    visit(read_into(values, source, first, rows), first);
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

std::vector<double> read_wide_rows(const DataSource& source, std::size_t first, std::size_t count) {
  std::vector<double> values;
  read_into(values, source, first, count);
  return values;
}

void for_each_batch(const DataSource& source, std::size_t rows,
                    const std::function<void(std::span<float>, std::size_t)>& visit) {
  visit_batches(source, rows, visit);
}

void for_each_wide_batch(const DataSource& source, std::size_t rows,
                         const std::function<void(std::span<double>, std::size_t)>& visit) {
  visit_batches(source, rows, visit);
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
