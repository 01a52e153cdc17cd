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

double edge_of(const DataScaling& s, std::size_t column) {
  return s.edge.empty() ? std::numeric_limits<double>::infinity() : s.edge[column];
}

/// (value - offset) / scale, however absurd the value: what a rotation adds up is no inf - inf.
double standard(const DataScaling& s, double value, std::size_t column) {
  constexpr double reach = 1e150;
  return std::clamp((value - of(s.offset, column)) / of(s.scale, column), -reach, reach);
}

/// T of Yeo & Johnson, and its inverse; odd once the exponent is mirrored.
double powered(double z, double power, double edge) {
  if (z < 0) return -powered(-z, 2 - power, edge);
  if (power > 1 && z > edge)
    return powered(edge, power, edge) + std::pow(1 + edge, power - 1) * (z - edge);
  return power == 0 ? std::log1p(z) : std::expm1(power * std::log1p(z)) / power;
}
double unpowered(double y, double power, double edge) {
  if (y < 0) return -unpowered(-y, 2 - power, edge);
  if (power > 1 && std::isfinite(edge))
    if (const double beyond = y - powered(edge, power, edge); beyond > 0)
      return edge + beyond / std::pow(1 + edge, power - 1);
  return power == 0 ? std::expm1(y) : std::expm1(std::log1p(power * y) / power);
}

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
    if (!s.power.empty()) row[c] = powered(row[c], s.power[c], edge_of(s, c));
    if (!s.centre.empty()) row[c] = (row[c] - s.centre[c]) / s.spread[c];
  }
  if (!s.rotation.empty()) turn(row, s.rotation);
}

void row_from_model(const DataScaling& s, std::vector<double>& row) {
  if (!s.rotation.empty()) turn(row, s.rotation_back);
  for (std::size_t c = 0; c < row.size(); ++c) {
    if (!s.centre.empty()) row[c] = s.centre[c] + s.spread[c] * row[c];
    if (!s.power.empty()) row[c] = unpowered(row[c], s.power[c], edge_of(s, c));
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
  for (std::size_t c = 0; c < power.size(); ++c) {
    const double z = standard(*this, row[c], c);
    const bool widens = (power[c] - 1) * z > 0;
    const double to = widens ? std::min(std::abs(z), edge_of(*this, c)) : std::abs(z);
    sum += (power[c] - 1) * std::copysign(std::log1p(to), z);
  }
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
  const bool edges = std::all_of(edge.begin(), edge.end(), [](double x) { return x >= 0; }) &&
                     (edge.empty() || edge.size() == power.size());
  if (!of_columns(power, columns) || !edges || !of_columns(edge, columns) ||
      !of_columns(centre, columns) || !spreads || !powers ||
      !of_columns(rotation, columns * columns) || rotation.size() != rotation_back.size() ||
      !finite(rotation_back)) {
    throw BadInput(
        fmt::format("the scaling '{}' does not fit data of {} columns", name(method), columns),
        "the data need the columns that the model was trained on");
  }
}

}  // namespace quartic
