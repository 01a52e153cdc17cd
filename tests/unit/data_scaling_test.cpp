// Scalings that follow from rows: there and back, volumes by finite differences, what they make of
// the rows.
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "quartic/core/error.hpp"
#include "quartic/core/random.hpp"
#include "quartic/data/scaling.hpp"

namespace quartic {
namespace {

/// Correlated, skewed, of very different units.
std::vector<double> sample_rows(int count) {
  std::vector<double> out;
  RandomStream random(9, Stream::fields, 0);
  for (int n = 0; n < count; ++n) {
    const double x = random.normal(), y = 0.9 * x + 0.3 * random.normal();
    out.push_back(1000 + 5 * x);
    out.push_back(1e-3 * std::exp(y));
    out.push_back(-20 * std::exp(random.normal()) + 3 * x);
  }
  return out;
}

constexpr ScalingMethod fitted[] = {ScalingMethod::standardise, ScalingMethod::power,
                                    ScalingMethod::whiten, ScalingMethod::zca,
                                    ScalingMethod::power_whiten};

TEST(FittedScaling, UnitsOfAnySize) {
  const auto rows = sample_rows(300);
  const DataScaling plain = fit_scaling(ScalingMethod::power_whiten, rows, 3);
  for (const double unit : {1e-300, 1e290}) {
    auto scaled_rows = rows;
    for (double& x : scaled_rows) x *= unit;
    const DataScaling scaling = fit_scaling(ScalingMethod::power_whiten, scaled_rows, 3);
    for (int c = 0; c < 3; ++c) {
      EXPECT_NEAR(scaling.scale[c] / unit, plain.scale[c], 1e-12 * plain.scale[c]);
      EXPECT_NEAR(scaling.power[c], plain.power[c], 1e-4);
    }
  }
  auto far = rows;
  for (std::size_t k = 0; k < far.size(); k += 3) far[k] += 1e12;  // spread 5
  EXPECT_NEAR(fit_scaling(ScalingMethod::standardise, far, 3).scale[0], plain.scale[0], 1e-3);
}

TEST(FittedScaling, ComposedIsOneAfterTheOther) {
  const auto rows = sample_rows(200);
  for (const ScalingMethod method : fitted) {
    SCOPED_TRACE(name(method));
    const DataScaling first = fit_scaling(ScalingMethod::standardise, rows, 3);
    auto step = rows;
    first.to_model(std::span(step), 3);
    const DataScaling second = fit_scaling(method, step, 3);
    const DataScaling both = composed(first, second, 3);
    auto at_once = rows;
    second.to_model(std::span(step), 3), both.to_model(std::span(at_once), 3);
    for (std::size_t k = 0; k < rows.size(); ++k) EXPECT_NEAR(at_once[k], step[k], 1e-9);
    EXPECT_NEAR(both.log_jacobian(3), first.log_jacobian(3) + second.log_jacobian(3), 1e-9);
  }
  const DataScaling turned = fit_scaling(ScalingMethod::whiten, rows, 3);
  EXPECT_THROW(composed(turned, turned, 3), BadInput);
}

TEST(FittedScaling, RowsComeBack) {
  const auto rows = sample_rows(300);
  for (const ScalingMethod method : fitted) {
    SCOPED_TRACE(name(method));
    const DataScaling scaling = fit_scaling(method, rows, 3);
    scaling.check(3);
    auto there = rows;
    scaling.to_model(std::span(there), 3);
    scaling.from_model(std::span(there), 3);
    for (std::size_t k = 0; k < rows.size(); ++k)
      EXPECT_NEAR(there[k], rows[k], 1e-9 * (1e-3 + std::abs(rows[k])));
  }
}

TEST(FittedScaling, EveryNumberIsSomewhere) {
  // T takes all of R to all of R: also what no row came near.
  const auto rows = sample_rows(300);
  for (const ScalingMethod method : fitted) {
    const DataScaling scaling = fit_scaling(method, rows, 3);
    std::vector<double> far{-60, 80, 40}, back = far;
    scaling.from_model(std::span(back), 3);
    for (const double x : back) EXPECT_TRUE(std::isfinite(x)) << name(method);
    if (!scaling.rotation.empty()) continue;  // a logarithm's tail overflows its way back
    scaling.to_model(std::span(back), 3);
    for (std::size_t k = 0; k < 3; ++k) EXPECT_NEAR(back[k], far[k], 1e-6 * std::abs(far[k]));
  }
}

void volume_is_the_derivative(const DataScaling& scaling, const std::vector<double>& at) {
  double matrix[3][3];
  for (int c = 0; c < 3; ++c) {
    const double step = 1e-6 * (c == 1 ? 1e-3 : 1);
    auto up = at, down = at;
    up[c] += step, down[c] -= step;
    scaling.to_model(std::span(up), 3), scaling.to_model(std::span(down), 3);
    for (int k = 0; k < 3; ++k) matrix[c][k] = (up[k] - down[k]) / (2 * step);
  }
  const auto minor = [&](int i, int j, int k, int l) {
    return matrix[1 + i][j] * matrix[1 + k][l] - matrix[1 + i][l] * matrix[1 + k][j];
  };
  const double determinant = matrix[0][0] * minor(0, 1, 1, 2) - matrix[0][1] * minor(0, 0, 1, 2) +
                             matrix[0][2] * minor(0, 0, 1, 1);
  EXPECT_NEAR(std::log(std::abs(determinant)), scaling.log_jacobian(3) + scaling.log_power(at),
              1e-5);
}

TEST(FittedScaling, VolumesAreTheDerivatives) {
  const auto rows = sample_rows(200);
  for (const ScalingMethod method : fitted) {
    SCOPED_TRACE(name(method));
    const DataScaling scaling = fit_scaling(method, rows, 3);
    volume_is_the_derivative(scaling, {rows.begin() + 30, rows.begin() + 33});
    volume_is_the_derivative(scaling, {1100, -5e-3, 90});  // beyond the rows, on both sides
    volume_is_the_derivative(scaling, {900, 50e-3, -900});
  }
}

TEST(FittedScaling, BeyondTheRowsItIsAFourthRoot) {
  const auto rows = sample_rows(200);
  const DataScaling scaling = fit_scaling(ScalingMethod::power, rows, 3);
  for (std::size_t c = 0; c < 3; ++c) {
    std::vector<double> column;
    for (std::size_t k = c; k < rows.size(); k += 3) column.push_back(rows[k]);
    const auto [least, most] = std::minmax_element(column.begin(), column.end());
    for (const bool up : {false, true}) {
      const double end = up ? *most : *least, unit = (up ? 1 : -1) * scaling.scale[c];
      const auto at = [&](double beyond) {
        std::vector<double> row{1000, 1e-3, 0};
        row[c] = end + beyond * unit;
        scaling.to_model(std::span(row), 3);
        return row[c];
      };
      const double slope = (at(1e-6) - at(0)) / 1e-6;
      EXPECT_NEAR(slope, (at(0) - at(-1e-6)) / 1e-6, 1e-4 * std::abs(slope));
      for (const double beyond : {0.5, 10.0, 1e6})
        EXPECT_NEAR(
            at(beyond),
            at(0) + std::copysign(std::pow(1 + 4 * std::abs(slope) * beyond, .25) - 1, slope),
            1e-3);
    }
  }
}

TEST(FittedScaling, RowsFromAfarComeBack) {
  const auto rows = sample_rows(200);
  for (const ScalingMethod method : {ScalingMethod::power, ScalingMethod::power_whiten}) {
    const DataScaling scaling = fit_scaling(method, rows, 3);
    for (const double sign : {-1.0, 1.0}) {
      const std::vector<double> far{1000 + sign * 200, sign, sign * 1e4};
      auto back = far;
      scaling.to_model(std::span(back), 3), scaling.from_model(std::span(back), 3);
      for (std::size_t k = 0; k < 3; ++k) EXPECT_NEAR(back[k], far[k], 1e-9 * std::abs(far[k]));
    }
  }
}

TEST(FittedScaling, RunsOfVersion02GoStraightWhereTWidens) {
  const auto rows = sample_rows(200);
  DataScaling scaling = fit_scaling(ScalingMethod::power, rows, 3);
  ASSERT_GT(scaling.power[2], 1.5);  // a tail to the left: the right side widens
  scaling.edge = scaling.high, scaling.low.clear(), scaling.high.clear();
  scaling.edge[1] = 0;
  scaling.check(3);
  const auto at = [&](double third) {
    std::vector<double> row{1000, 1e-3, third};
    scaling.to_model(std::span(row), 3);
    return row[2];
  };
  const double end = scaling.offset[2] + scaling.scale[2] * scaling.edge[2];
  EXPECT_NEAR(at(end + 21) - at(end + 11), at(end + 11) - at(end + 1), 1e-9);
  const std::vector<double> far{1200, -1, 1e4};
  auto back = far;
  scaling.to_model(std::span(back), 3), scaling.from_model(std::span(back), 3);
  for (std::size_t k = 0; k < 3; ++k) EXPECT_NEAR(back[k], far[k], 1e-9 * std::abs(far[k]));
  volume_is_the_derivative(scaling, {1100, -5e-3, end + 90});
}

TEST(FittedScaling, WhitenedRowsAreUncorrelated) {
  std::vector<double> rows;  // Gaussian: of heavy tails the covariance is shrunk more
  RandomStream random(2, Stream::fields, 0);
  for (int n = 0; n < 5000; ++n) {
    const double x = random.normal(), y = 0.9 * x + 0.5 * random.normal();
    rows.insert(rows.end(), {40 + 7 * x, y, 1e-3 * (random.normal() - y)});
  }
  for (const ScalingMethod method : {ScalingMethod::whiten, ScalingMethod::zca}) {
    auto white = rows;
    fit_scaling(method, rows, 3).to_model(std::span(white), 3);
    for (int i = 0; i < 3; ++i)
      for (int k = 0; k <= i; ++k) {
        double sum = 0;
        for (std::size_t n = 0; n < white.size(); n += 3) sum += white[n + i] * white[n + k];
        EXPECT_NEAR(sum / 5000, i == k ? 1 : 0, 0.05) << name(method);  // shrunk a little
      }
  }
}

TEST(FittedScaling, PowersMakeLogarithmsOfLogNormals) {
  // z = (x - mean) / deviation of exp(y) has its edge at -mean / deviation, so that it is no exact
  // logarithm; the skewness all but goes.
  const auto rows = sample_rows(4000);
  auto mapped = rows;
  const DataScaling scaling = fit_scaling(ScalingMethod::power, rows, 3);
  scaling.to_model(std::span(mapped), 3);
  const auto skewness = [](const std::vector<double>& values, std::size_t column) {
    double mean = 0, square = 0, cube = 0;
    const double n = static_cast<double>(values.size()) / 3;
    for (std::size_t k = column; k < values.size(); k += 3) mean += values[k] / n;
    for (std::size_t k = column; k < values.size(); k += 3) {
      square += std::pow(values[k] - mean, 2) / n;
      cube += std::pow(values[k] - mean, 3) / n;
    }
    return cube / std::pow(square, 1.5);
  };
  EXPECT_GT(skewness(rows, 1), 2);
  EXPECT_LT(std::abs(skewness(mapped, 1)), skewness(rows, 1) / 3);
  EXPECT_LT(scaling.power[1], 0.5);  // a tail to the right is drawn in,
  EXPECT_GT(scaling.power[2], 1.5);  // and one to the left
  EXPECT_NEAR(scaling.power[0], 1, 0.2);
}

TEST(FittedScaling, WhatCannotBeIsNamed) {
  std::vector<double> rows{1, 2, 1, 3, 1, 4};
  try {
    fit_scaling(ScalingMethod::whiten, rows, 2);
    FAIL();
  } catch (const BadInput& error) {
    EXPECT_NE(std::string(error.what()).find("column 0 does not vary among 3 rows"),
              std::string::npos);
  }
  EXPECT_THROW(fit_scaling(ScalingMethod::power, std::vector<double>{1, 2}, 2), BadInput);
  EXPECT_THROW(fit_scaling(ScalingMethod::unit, std::vector<double>{1, 2, 3, 4}, 2), BadInput);
  DataScaling wrong = fit_scaling(ScalingMethod::power, sample_rows(50), 3);
  EXPECT_THROW(wrong.check(4), BadInput);
  wrong.power[0] = 3;
  EXPECT_THROW(wrong.check(3), BadInput);
  wrong.power[0] = 1, wrong.check(3);
  wrong.high[1] = -1;
  EXPECT_THROW(wrong.check(3), BadInput);
  wrong.high[1] = 1, wrong.check(3);
  wrong.low.clear();
  EXPECT_THROW(wrong.check(3), BadInput);
  wrong.high.clear(), wrong.check(3);
  wrong.edge = {1, 1};
  EXPECT_THROW(wrong.check(3), BadInput);
}

}  // namespace
}  // namespace quartic
