#include "quartic/core/data_source.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "quartic/core/error.hpp"

namespace quartic {

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
