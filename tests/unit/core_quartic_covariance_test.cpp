// Covariances of the quartic density: against a fine quadrature, and as derivatives of the means.
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <vector>

#include "quartic/core/error.hpp"
#include "quartic/core/quartic_covariance.hpp"
#include "quartic/core/quartic_density.hpp"
#include "quartic/core/simd.hpp"

namespace quartic {
namespace {

struct UnitRows {
  std::vector<double> data;
  std::size_t length;
  explicit UnitRows(std::size_t n) : data(10 * n), length(n) {}
  std::span<double> row(std::size_t k) { return std::span(data).subspan(k * length, length); }
  QuarticCovarianceRows out() {
    return {row(0), {row(1), row(2), row(3)}, {row(4), row(5), row(6), row(7), row(8), row(9)}};
  }
};

/// Cov(t, t) by a fine trapezoidal sum around the means of quartic_moments.
std::array<double, 6> covariance_by_sum(double a, double b, double j) {
  const auto m = quartic_moments(a, b, j);
  const double reach = std::sqrt(m.second) + 12 * std::sqrt(m.second - m.mean * m.mean + 1e-300);
  constexpr int points = 400000;
  std::array<double, 6> sum{};
  const double step = 2 * reach / points;
  for (int k = 0; k <= points; ++k) {
    const double x = -reach + k * step, x2 = x * x;
    const double p = std::exp(j * x - x2 * (a + b * x2) - m.log_normaliser) * step;
    const double d0 = x - m.mean, d1 = x2 - m.second, d2 = x2 * x2 - m.fourth;
    const double product[] = {d0 * d0, d0 * d1, d1 * d1, d0 * d2, d1 * d2, d2 * d2};
    for (int c = 0; c < 6; ++c) sum[c] += p * product[c];
  }
  return sum;
}

struct UnitShape {
  double a, b;
};
constexpr UnitShape shapes[] = {{1.5, 0.175}, {-2, 0.5},  {-8, 1},    {0, 1},
                                {1, 1e-6},    {200, 0.1}, {-200, 40}, {0.3, 0}};
constexpr double fields[] = {-60, -3, -0.2, 0, 1e-3, 0.5, 2, 20, 100};

TEST(QuarticCovariance, MeetsTheReferenceOnEveryTarget) {
  for (const auto& target : simd_targets()) {
    restrict_simd_target(target);
    for (const auto& [a, b] : shapes) {
      const std::vector<double> j(std::begin(fields), std::end(fields));
      UnitRows rows(j.size());
      quartic_covariances(a, b, j, rows.out());
      for (std::size_t i = 0; i < j.size(); ++i) {
        const auto m = quartic_moments(a, b, j[i]);
        EXPECT_NEAR(rows.row(0)[i], m.log_normaliser, 1e-9) << a << " " << b << " " << j[i];
        EXPECT_NEAR(rows.row(1)[i], m.mean, 1e-9 * std::sqrt(m.second)) << a << " " << b;
        EXPECT_NEAR(rows.row(2)[i], m.second, 1e-9 * m.second) << a << " " << b << " " << j[i];
        EXPECT_NEAR(rows.row(3)[i], m.fourth, 1e-9 * m.fourth) << a << " " << b << " " << j[i];
      }
    }
  }
  restrict_simd_target("");
}

TEST(QuarticCovariance, MeetsTheReferenceAtRandom) {
  RandomStream random(1, Stream::check, 600);
  const auto decades = [&](double low, double high) {
    return std::pow(10, low + (high - low) * random.uniform());
  };
  UnitRows rows(1);
  for (int n = 0; n < 3000; ++n) {
    const double b = decades(-6, 4), a = (random.uniform() < 0.5 ? -1 : 1) * decades(-3, 2.5);
    if (a < 0 && a * a / (4 * b) > 500) continue;  // a barrier that nothing crosses
    const std::vector<double> j{(random.uniform() < 0.5 ? -1 : 1) * decades(-4, 2.5)};
    const auto m = quartic_moments(a, b, j[0]);
    quartic_covariances(a, b, j, rows.out());
    EXPECT_NEAR(rows.row(0)[0], m.log_normaliser, 1e-9 * (1 + std::abs(m.log_normaliser)))
        << a << " " << b << " " << j[0];
    EXPECT_NEAR(rows.row(1)[0], m.mean, 1e-9 * std::sqrt(m.second)) << a << " " << b << " " << j[0];
    EXPECT_NEAR(rows.row(3)[0], m.fourth, 1e-9 * m.fourth) << a << " " << b << " " << j[0];
    EXPECT_NEAR(rows.row(4)[0], m.second - m.mean * m.mean, 1e-9 * m.second);
  }
}

TEST(QuarticCovariance, IsTheCovariance) {
  for (const auto& [a, b] : shapes) {
    for (const double field : {0.0, 0.5, -3.0}) {
      const std::vector<double> j{field};
      UnitRows rows(1);
      quartic_covariances(a, b, j, rows.out());
      const auto exact = covariance_by_sum(a, b, field);
      const auto m = quartic_moments(a, b, field);
      const double m8 = exact[5] + m.fourth * m.fourth;
      const double scale[] = {std::sqrt(m.second), std::sqrt(m.fourth), std::sqrt(m8)};
      const int first[] = {0, 0, 1, 0, 1, 2}, second[] = {0, 1, 1, 2, 2, 2};
      for (int c = 0; c < 6; ++c)
        EXPECT_NEAR(rows.row(4 + c)[0], exact[c], 1e-7 * scale[first[c]] * scale[second[c]])
            << a << " " << b << " " << field << " " << c;
    }
  }
}

TEST(QuarticCovariance, RefusesWhatIsNotNormalisable) {
  UnitRows rows(1);
  const std::vector<double> j{0.5};
  EXPECT_THROW(quartic_covariances(1, -1, j, rows.out()), BadInput);
  EXPECT_THROW(quartic_covariances(-1, 0, j, rows.out()), BadInput);
  EXPECT_THROW(quartic_covariances(1, 1, std::vector<double>{NAN}, rows.out()), BadInput);
}

}  // namespace
}  // namespace quartic
