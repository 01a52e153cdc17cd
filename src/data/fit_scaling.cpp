// Scalings that follow from rows: spreads, exponents, principal axes.
#include <fmt/format.h>

#include <algorithm>
#include <boost/math/tools/minima.hpp>
#include <cmath>

#include "core/blas.hpp"
#include "core/symmetric_eigen.hpp"
#include "quartic/core/error.hpp"
#include "quartic/core/linear_algebra.hpp"
#include "quartic/core/stop.hpp"
#include "quartic/data/scaling.hpp"

namespace quartic {
namespace {

struct Spread {
  double mean, deviation;
};

/// Of the values at column, column + stride, ...
Spread spread_of(std::span<const double> rows, std::size_t column, std::size_t stride) {
  const double share = 1 / static_cast<double>(rows.size() / stride);
  Spread out{0, 0};
  for (std::size_t k = column; k < rows.size(); k += stride) out.mean += share * rows[k];
  double largest = 0, square = 0;  // relative to it: squares of 1e-300 are 0
  for (std::size_t k = column; k < rows.size(); k += stride)
    largest = std::max(largest, std::abs(rows[k] - out.mean));
  for (std::size_t k = column; k < rows.size() && largest > 0; k += stride)
    square += share * std::pow((rows[k] - out.mean) / largest, 2);
  out.deviation = largest * std::sqrt(square);
  return out;
}

/// The exponent of largest likelihood of a Gaussian, of the values z of one column.
double best_power(std::vector<double> z) {
  constexpr std::size_t enough = 5000;
  if (z.size() > enough) {
    for (std::size_t k = 0; k < enough; ++k) z[k] = z[k * z.size() / enough];
    z.resize(enough);
  }
  double logs = 0;
  for (const double x : z)
    logs += std::copysign(std::log1p(std::abs(x)), x) / static_cast<double>(z.size());
  const auto minus_likelihood = [&](double power) {
    DataScaling one;
    one.method = ScalingMethod::power, one.power = {power};
    std::vector<double> y = z;
    one.to_model(std::span(y), 1);
    return std::log(spread_of(y, 0, 1).deviation) - (power - 1) * logs;
  };
  return boost::math::tools::brent_find_minima(minus_likelihood, 0.0, 2.0, 20).first;
}

/// Principal axes of the shrunk correlation of standardised rows.
void whiten(DataScaling& scaling, std::span<const double> rows, std::size_t columns, bool back,
            FewRows few) {
  const auto n = static_cast<Eigen::Index>(columns),
             count = static_cast<Eigen::Index>(rows.size() / columns);
  if (count <= n && few == FewRows::refused)
    throw BadInput(
        fmt::format("{} rows are too few to whiten {} columns: they lie in a plane", count, n),
        "more rows or fewer columns, or scaling by columns or powers");
  using Rows = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  const Eigen::Map<const Rows> x(rows.data(), count, n);
  const SerialBlas serial;
  Eigen::MatrixXd covariance = Eigen::MatrixXd::Zero(n, n);
  const int width = static_cast<int>(n);
  for (Eigen::Index row = 0; row < count; row += 1024) {
    heed_stop();
    const int some = static_cast<int>(std::min<Eigen::Index>(1024, count - row));
    blas().dsyrk(row_major, lower_triangle, transposed, width, some, 1 / static_cast<double>(count),
                 rows.data() + row * n, width, 1, covariance.data(), width);
  }
  // Of columns, as Eigen has them, what was written is the upper triangle.
  covariance = Eigen::MatrixXd(covariance.selfadjointView<Eigen::Upper>());
  const double level = covariance.trace() / static_cast<double>(n);
  const double away = (covariance - level * Eigen::MatrixXd::Identity(n, n)).squaredNorm();
  // sum over rows of |x x^T - C|^2 = |x|^4 - 2 x^T C x + |C|^2
  const double noise =
      (x.rowwise().squaredNorm().array().square().sum() / count - covariance.squaredNorm()) /
      static_cast<double>(count);
  const double shrinkage = away > 0 ? std::clamp(noise / away, 0.0, 1.0) : 1;
  covariance = (1 - shrinkage) * covariance + shrinkage * level * Eigen::MatrixXd::Identity(n, n);
  const SymmetricEigen solver = symmetric_eigen(covariance);
  constexpr double resolved = 1e-13;  // of the variance: float64, squared, has no more
  const double least = solver.values.minCoeff() / solver.values.maxCoeff();
  // Of fewer rows than columns the first axes have no variance but by shrinkage.
  const Eigen::Index first = std::max<Eigen::Index>(n - count + 1, 0);
  const double of_rows = (x * solver.vectors.col(first)).squaredNorm() /
                         (static_cast<double>(count) * solver.values.maxCoeff());
  if (!(std::min(least, of_rows) > resolved)) {
    Eigen::Index column = 0;
    solver.vectors.col(first).cwiseAbs().maxCoeff(&column);
    throw BadInput(fmt::format("column {} is a linear combination of others, to 3e-7 of the widest "
                               "spread: together they "
                               "have no density that could be whitened",
                               column),
                   "leave it out, or add noise");
  }
  const Eigen::VectorXd widths = solver.values.cwiseSqrt();
  const Eigen::MatrixXd& axes = solver.vectors;
  Rows forward = axes * widths.cwiseInverse().asDiagonal(),
       backward = widths.asDiagonal() * axes.transpose();
  if (back) forward = Rows(forward * axes.transpose()), backward = Rows(axes * backward);
  scaling.rotation.assign(forward.data(), forward.data() + forward.size());
  scaling.rotation_back.assign(backward.data(), backward.data() + backward.size());
}

}  // namespace

DataScaling fit_scaling(ScalingMethod method, std::span<const double> rows, std::size_t columns,
                        FewRows few, BeyondRows beyond) {
  if (columns == 0 || rows.size() % columns != 0 || rows.size() < 2 * columns)
    throw BadInput(
        fmt::format("{} values do not make two rows of {} columns", rows.size(), columns),
        "a scaling needs two rows at least");
  const bool power = method == ScalingMethod::power || method == ScalingMethod::power_whiten;
  const bool turned = method == ScalingMethod::whiten || method == ScalingMethod::zca ||
                      method == ScalingMethod::power_whiten;
  if (!power && !turned && method != ScalingMethod::standardise)
    throw BadInput(fmt::format("the scaling '{}' does not follow from rows", name(method)),
                   "standardise, power, whiten, zca or power-whiten do");
  DataScaling out;
  out.method = method;
  out.offset.assign(columns, 0.0), out.scale.assign(columns, 1.0);
  for (std::size_t c = 0; c < columns; ++c) {
    const Spread spread = spread_of(rows, c, columns);
    if (!std::isfinite(spread.deviation))
      throw BadInput(fmt::format("column {} holds values that are not finite", c),
                     "remove or fill the values that are missing");
    if (!(spread.deviation > 1e-13 * std::abs(spread.mean)) || !(spread.deviation > 0))
      throw BadInput(fmt::format("column {} does not vary among {} rows, it is {:g} there", c,
                                 rows.size() / columns, spread.mean),
                     "leave it out, or add noise");
    out.offset[c] = spread.mean, out.scale[c] = spread.deviation;
  }
  std::vector<double> z(rows.begin(), rows.end());
  for (std::size_t k = 0; k < z.size(); ++k)
    z[k] = (z[k] - out.offset[k % columns]) / out.scale[k % columns];
  if (power || beyond == BeyondRows::fourth_root) {
    for (std::size_t c = 0; c < columns; ++c) {
      heed_stop();
      std::vector<double> column;
      for (std::size_t k = c; k < z.size(); k += columns) column.push_back(z[k]);
      const auto [low, high] = std::minmax_element(column.begin(), column.end());
      out.low.push_back(std::min(*low, 0.0)), out.high.push_back(std::max(*high, 0.0));
      out.power.push_back(power ? best_power(std::move(column)) : 1.0);
    }
    z.assign(rows.begin(), rows.end());
    out.to_model(std::span(z), columns);
    for (std::size_t c = 0; c < columns; ++c) {
      const Spread spread = spread_of(z, c, columns);
      out.centre.push_back(spread.mean), out.spread.push_back(spread.deviation);
    }
    for (std::size_t k = 0; k < z.size(); ++k)
      z[k] = (z[k] - out.centre[k % columns]) / out.spread[k % columns];
  }
  if (turned) whiten(out, z, columns, method == ScalingMethod::zca, few);
  return out;
}

}  // namespace quartic
