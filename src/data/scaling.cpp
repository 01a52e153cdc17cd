#include "quartic/data/scaling.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "quartic/core/error.hpp"

namespace quartic {
namespace {

double of(const std::vector<double>& values, std::size_t column) {
  return values.size() == 1 ? values[0] : values[column];
}

/// Calls map(value, offset, scale) for every value of the rows.
template <class Map>
void for_each(const DataScaling& scaling, std::span<float> rows, std::size_t columns, Map map) {
  if (scaling.method == ScalingMethod::none) return;
  for (std::size_t at = 0; at < rows.size(); at += columns)
    for (std::size_t c = 0; c < columns; ++c)
      rows[at + c] =
          static_cast<float>(map(rows[at + c], of(scaling.offset, c), of(scaling.scale, c)));
}

}  // namespace

void DataScaling::to_model(std::span<float> rows, std::size_t columns) const {
  for_each(*this, rows, columns,
           [](double x, double shift, double unit) { return (x - shift) / unit; });
}

void DataScaling::from_model(std::span<float> rows, std::size_t columns) const {
  for_each(*this, rows, columns,
           [](double y, double shift, double unit) { return shift + unit * y; });
}

double DataScaling::log_jacobian(std::size_t columns) const {
  double sum = 0;
  for (std::size_t c = 0; c < columns; ++c) sum -= std::log(std::abs(of(scale, c)));
  return sum;
}

std::string DataScaling::text() const {
  if (method == ScalingMethod::none) return {};
  if (method == ScalingMethod::standardise) return "standardised";
  if (method == ScalingMethod::unit) return "scaled to [-1, 1]";
  if (offset.size() > 1 || scale.size() > 1) return "scaled by given constants";
  return fmt::format("scaled as (x - {:g}) / {:g}", offset[0], scale[0]);
}

void DataScaling::check(std::size_t columns) const {
  const auto fits = [&](const std::vector<double>& values) {
    return (values.size() == 1 || values.size() == columns) &&
           std::all_of(values.begin(), values.end(), [](double x) { return std::isfinite(x); });
  };
  if (!fits(offset) || !fits(scale)) {
    throw BadInput(
        fmt::format("a scaling of {} offsets and {} scales does not fit data of {} columns",
                    offset.size(), scale.size(), columns),
        "the data need the columns that the model was trained on");
  }
  if (std::find(scale.begin(), scale.end(), 0.0) != scale.end())
    throw BadInput("data cannot be scaled by 1/0", "'scale' has to differ from 0");
}

}  // namespace quartic
