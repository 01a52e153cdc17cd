#include "quartic/data/scaling.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "quartic/core/error.hpp"
#include "quartic/core/linear_algebra.hpp"

namespace quartic {
namespace {

double of(const std::vector<double>& values, std::size_t column) {
  return values.size() == 1 ? values[0] : values[column];
}

/// (value - offset) / scale, however absurd the value: what a rotation adds up is no inf - inf.
double standard(const DataScaling& s, double value, std::size_t column) {
  constexpr double reach = 1e150;
  return std::clamp((value - of(s.offset, column)) / of(s.scale, column), -reach, reach);
}

/// T of Yeo & Johnson and its inverse, odd once the exponent is mirrored, and ln T'.
double powered(double z, double power) {
  if (z < 0) return -powered(-z, 2 - power);
  return power == 0 ? std::log1p(z) : std::expm1(power * std::log1p(z)) / power;
}
double unpowered(double y, double power) {
  if (y < 0) return -unpowered(-y, 2 - power);
  return power == 0 ? std::expm1(y) : std::expm1(std::log1p(power * y) / power);
}
double log_slope(double z, double power) {
  return (power - 1) * std::copysign(std::log1p(std::abs(z)), z);
}

/// The map of one column: T between two ends, and beyond them with T' there.
struct ColumnMap {
  double power, low, high, spread;
  bool straight;  ///< beyond the ends; else as a fourth root

  ColumnMap(const DataScaling& s, std::size_t c) : power(s.power[c]), straight(!s.edge.empty()) {
    constexpr double infinity = std::numeric_limits<double>::infinity();
    low = s.low.empty() ? -infinity : s.low[c];
    high = s.high.empty() ? infinity : s.high[c];
    if (straight) (power > 1 ? high : low) = power > 1 ? s.edge[c] : -s.edge[c];
    spread = s.spread.empty() ? 1 : s.spread[c];
  }
  /// Of z beyond `end`, in units of the model.
  double distance(double z, double end) const {
    return std::exp(log_slope(end, power)) * std::abs(z - end) / spread;
  }
  double operator()(double z) const {
    const double end = std::clamp(z, low, high);
    if (end == z) return powered(z, power);
    const double d = distance(z, end), on = straight ? d : std::expm1(std::log1p(4 * d) / 4);
    return powered(end, power) + std::copysign(spread * on, z - end);
  }
  double back(double y) const {
    const double least = powered(low, power), most = powered(high, power);
    if (y >= least && y <= most) return unpowered(y, power);
    const double end = y < least ? low : high;
    const double on = std::abs(y - std::clamp(y, least, most)) / spread;
    const double d = straight ? on : std::expm1(4 * std::log1p(on)) / 4;
    return end + std::copysign(d * spread / std::exp(log_slope(end, power)), y - least);
  }
  double log_derivative(double z) const {
    const double end = std::clamp(z, low, high), slope = log_slope(end, power);
    return straight || end == z ? slope : slope - 0.75 * std::log1p(4 * distance(z, end));
  }
};

/// row <- row matrix, [from][to].
void turn(std::vector<double>& row, const std::vector<double>& matrix) {
  std::vector<double> out(row.size(), 0.0);
  for (std::size_t i = 0; i < row.size(); ++i)
    for (std::size_t k = 0; k < row.size(); ++k) out[k] += row[i] * matrix[i * row.size() + k];
  row = std::move(out);
}

void row_to_model(const DataScaling& s, std::vector<double>& row) {
  for (std::size_t c = 0; c < row.size(); ++c) {
    row[c] = standard(s, row[c], c);
    if (!s.power.empty()) row[c] = ColumnMap(s, c)(row[c]);
    if (!s.centre.empty()) row[c] = (row[c] - s.centre[c]) / s.spread[c];
  }
  if (!s.rotation.empty()) turn(row, s.rotation);
}

void row_from_model(const DataScaling& s, std::vector<double>& row) {
  if (!s.rotation.empty()) turn(row, s.rotation_back);
  for (std::size_t c = 0; c < row.size(); ++c) {
    if (!s.centre.empty()) row[c] = s.centre[c] + s.spread[c] * row[c];
    if (!s.power.empty()) row[c] = ColumnMap(s, c).back(row[c]);
    row[c] = of(s.offset, c) + of(s.scale, c) * row[c];
  }
}

template <class T, class Map>
void map_rows(const DataScaling& scaling, std::span<T> rows, std::size_t columns, Map map) {
  if (scaling.method == ScalingMethod::none) return;
  std::vector<double> row(columns);
  for (std::size_t at = 0; at + columns <= rows.size(); at += columns) {
    row.assign(rows.begin() + static_cast<std::ptrdiff_t>(at),
               rows.begin() + static_cast<std::ptrdiff_t>(at + columns));
    map(scaling, row);
    for (std::size_t c = 0; c < columns; ++c) rows[at + c] = static_cast<T>(row[c]);
  }
}

}  // namespace

void DataScaling::to_model(std::span<float> rows, std::size_t columns) const {
  map_rows(*this, rows, columns, row_to_model);
}
void DataScaling::from_model(std::span<float> rows, std::size_t columns) const {
  map_rows(*this, rows, columns, row_from_model);
}
void DataScaling::to_model(std::span<double> rows, std::size_t columns) const {
  map_rows(*this, rows, columns, row_to_model);
}
void DataScaling::from_model(std::span<double> rows, std::size_t columns) const {
  map_rows(*this, rows, columns, row_from_model);
}

DataScaling composed(const DataScaling& first, DataScaling then, std::size_t columns) {
  if (!first.by_column())
    throw BadInput(fmt::format("'{}' cannot come before another scaling", name(first.method)),
                   "only one map a column can");
  if (then.method == ScalingMethod::none) return first;
  then.offset.resize(columns, then.offset[0]), then.scale.resize(columns, then.scale[0]);
  for (std::size_t c = 0; c < columns; ++c) {
    then.offset[c] = of(first.offset, c) + of(first.scale, c) * then.offset[c];
    then.scale[c] *= of(first.scale, c);
  }
  return then;
}

bool DataScaling::needs_wide() const {
  constexpr double float_epsilon = 6e-8, wanted = 1e-3;
  for (std::size_t c = 0; c < std::max(offset.size(), scale.size()); ++c)
    if (std::abs(of(offset, c)) * float_epsilon > wanted * std::abs(of(scale, c))) return true;
  return false;
}

double DataScaling::log_jacobian(std::size_t columns) const {
  double sum = 0;
  if (!rotation.empty()) {
    const int n = static_cast<int>(columns);
    for (const double value : singular_values(rotation, n, n).values) sum += std::log(value);
  }
  for (std::size_t c = 0; c < columns; ++c) {
    sum -= std::log(std::abs(of(scale, c)));
    if (!spread.empty()) sum -= std::log(spread[c]);
  }
  return sum;
}

double DataScaling::log_power(std::span<const double> row) const {
  double sum = 0;
  for (std::size_t c = 0; c < power.size(); ++c)
    sum += ColumnMap(*this, c).log_derivative(standard(*this, row[c], c));
  return sum;
}

std::string DataScaling::text() const {
  switch (method) {
    case ScalingMethod::automatic:
    case ScalingMethod::none:
      return {};
    case ScalingMethod::standardise:
      return "standardised";
    case ScalingMethod::unit:
      return "scaled to [-1, 1]";
    case ScalingMethod::power:
      return "each column by a power";
    case ScalingMethod::whiten:
      return "whitened along the principal axes";
    case ScalingMethod::zca:
      return "whitened";
    case ScalingMethod::power_whiten:
      return "each column by a power, then whitened";
    case ScalingMethod::constants:
      break;
  }
  if (offset.size() > 1 || scale.size() > 1) return "scaled by given constants";
  return fmt::format("scaled as (x - {:g}) / {:g}", offset[0], scale[0]);
}

void DataScaling::check(std::size_t columns) const {
  const auto finite = [](const std::vector<double>& values) {
    return std::all_of(values.begin(), values.end(), [](double x) { return std::isfinite(x); });
  };
  const auto fits = [&](const std::vector<double>& values) {
    return (values.size() == 1 || values.size() == columns) && finite(values);
  };
  if (!fits(offset) || !fits(scale)) {
    throw BadInput(
        fmt::format("a scaling of {} offsets and {} scales does not fit data of {} columns",
                    offset.size(), scale.size(), columns),
        "the data need the columns that the model was trained on");
  }
  if (std::find(scale.begin(), scale.end(), 0.0) != scale.end())
    throw BadInput("data cannot be scaled by 1/0", "'scale' has to differ from 0");
  const auto of_columns = [&](const std::vector<double>& values, std::size_t size) {
    return values.empty() || (values.size() == size && finite(values));
  };
  const bool spreads = std::all_of(spread.begin(), spread.end(), [](double x) { return x > 0; }) &&
                       spread.size() == centre.size();
  const bool powers =
      std::all_of(power.begin(), power.end(), [](double x) { return x >= 0 && x <= 2; });
  const auto ends = [&](const std::vector<double>& values, double sign) {
    return (values.empty() || values.size() == power.size()) && finite(values) &&
           std::all_of(values.begin(), values.end(), [&](double x) { return sign * x >= 0; });
  };
  if (!of_columns(power, columns) || !ends(low, -1) || !ends(high, 1) || !ends(edge, 1) ||
      low.size() != high.size() || !of_columns(centre, columns) || !spreads || !powers ||
      !of_columns(rotation, columns * columns) || rotation.size() != rotation_back.size() ||
      !finite(rotation_back)) {
    throw BadInput(
        fmt::format("the scaling '{}' does not fit data of {} columns", name(method), columns),
        "the data need the columns that the model was trained on");
  }
}

}  // namespace quartic
