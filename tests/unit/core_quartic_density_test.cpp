// The quartic density against reference values, identities and its own distribution.
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <vector>

#include "quartic/core/error.hpp"
#include "quartic/core/quartic_density.hpp"
#include "quartic/core/simd.hpp"
#include "unit_draws.hpp"

namespace quartic {
namespace {

struct Case {
  double a, b, j;
};

// Single and double wells, strong fields, the Gaussian and the Ising limit.
std::vector<Case> cases() {
  std::vector<Case> all;
  for (const double a : {-2e4, -300.0, -20.0, -2.0, -0.3, 0.0, 0.01, 0.7, 1.52425, 40.0, 3e3})
    for (const double b : {0.0, 1e-6, 1e-3, 0.175, 0.3, 5.0, 300.0, 1e4})
      for (const double j : {0.0, 1e-9, 1e-3, -0.4, 2.0, -17.0, 150.0, 1e3})
        if ((b > 0 || a > 0) && (a >= 0 || a * a / (4 * b) < 1e9)) all.push_back({a, b, j});
  return all;
}

double relative(double value, double expected) {
  return std::abs(value - expected) / std::max(std::abs(expected), 1e-300);
}

TEST(QuarticDensity, MatchesReferenceValues) {
  const auto json = nlohmann::json::parse(std::ifstream(QUARTIC_TEST_DATA "/reference/exact.json"));
  const auto number = [](const nlohmann::json& text) { return std::stod(text.get<std::string>()); };
  for (const auto& entry : json["quartic_density"]["cases"]) {
    const auto m = quartic_moments(entry["a"], entry["b"], entry["j"]);
    EXPECT_LT(relative(m.log_normaliser, number(entry["lnZ1"])), 1e-13) << entry;
    EXPECT_LT(std::abs(m.mean - number(entry["mean"])), 1e-13 * (1 + std::abs(m.mean))) << entry;
    EXPECT_LT(relative(m.second, number(entry["second_moment"])), 1e-13) << entry;
    EXPECT_LT(relative(m.fourth, number(entry["fourth_moment"])), 1e-13) << entry;
  }
}

// Integration by parts gives <4 b x^4 + 2 a x^2 - j x> = 1: an independent check of all moments at
// once.
TEST(QuarticDensity, ObeysTheVirialIdentity) {
  for (const auto& [a, b, j] : cases()) {
    const auto m = quartic_moments(a, b, j);
    const double size = 4 * b * m.fourth + 2 * std::abs(a) * m.second + std::abs(j * m.mean) + 1;
    EXPECT_NEAR((4 * b * m.fourth + 2 * a * m.second - j * m.mean - 1) / size, 0, 2e-13)
        << a << ' ' << b << ' ' << j;
    EXPECT_TRUE(std::isfinite(m.log_normaliser));
    EXPECT_GE(m.second * (1 + 1e-12), m.mean * m.mean);
  }
}

// d ln Z1 / dj = <x>, by central differences.
TEST(QuarticDensity, MeanIsTheDerivativeOfLogNormaliser) {
  for (const Case c : {Case{1.5, 0.2, 0.7}, Case{-2.0, 0.3, 0.1}, Case{0.0, 1.0, -3.0}}) {
    const double h = 1e-4;
    const double slope =
        (log_quartic_normaliser(c.a, c.b, c.j + h) - log_quartic_normaliser(c.a, c.b, c.j - h)) /
        (2 * h);
    EXPECT_NEAR(slope, quartic_moments(c.a, c.b, c.j).mean, 1e-6);
  }
}

TEST(QuarticDensity, GaussianCaseIsClosedForm) {
  const auto m = quartic_moments(0.8, 0.0, 1.7);
  EXPECT_NEAR(m.log_normaliser, 0.5 * std::log(M_PI / 0.8) + 1.7 * 1.7 / 3.2, 1e-13);
  EXPECT_NEAR(m.mean, 1.7 / 1.6, 1e-13);
}

TEST(QuarticDensity, EverySimdTargetMatchesTheReference) {
  std::vector<double> a, b, j;
  for (const auto& c : cases()) {
    a.push_back(c.a);
    b.push_back(c.b);
    j.push_back(c.j);
  }
  std::vector<double> log_normaliser(a.size()), mean(a.size()), second(a.size()), fourth(a.size());
  for (const auto& target : simd_targets()) {
    restrict_simd_target(target);
    quartic_moments(a, b, j, log_normaliser, mean, second, fourth);
    for (std::size_t i = 0; i < a.size(); ++i) {
      const auto m = quartic_moments(a[i], b[i], j[i]);
      const auto place = ::testing::Message()
                         << target << ' ' << a[i] << ' ' << b[i] << ' ' << j[i];
      EXPECT_LT(std::abs(log_normaliser[i] - m.log_normaliser),
                1e-12 * (1 + std::abs(m.log_normaliser)))
          << place;
      EXPECT_LE(std::abs(mean[i] - m.mean), 1e-12 * std::abs(m.mean)) << place;
      EXPECT_LT(relative(second[i], m.second), 1e-12) << place;
      EXPECT_LT(relative(fourth[i], m.fourth), 1e-12) << place;
    }
  }
  restrict_simd_target("");
}

/// The wells of a tiny a < 0 are at sqrt(-a / 2b), whose square underflows.
TEST(QuarticDensity, WellsTooNearToBeToldAreOne) {
  const std::vector<double> a{-1e-320, -1e-300, -1e-160, -1e-40, -1e-320}, b{0.5, 3, 0.5, 2, 1e-8},
      j{0, 0, 0, 0, 0.1};
  std::vector<double> log_normaliser(a.size()), mean(a.size()), second(a.size()), fourth(a.size());
  quartic_moments(a, b, j, log_normaliser, mean, second, fourth);
  for (std::size_t i = 0; i < a.size(); ++i) {
    const auto none = quartic_moments(0, b[i], j[i]), scalar = quartic_moments(a[i], b[i], j[i]);
    EXPECT_LT(relative(scalar.second, none.second), 1e-12) << a[i];
    EXPECT_LT(relative(second[i], none.second), 1e-12) << a[i];
    EXPECT_NEAR(log_normaliser[i], none.log_normaliser, 1e-11) << a[i];
  }
}

TEST(QuarticDensity, DrawsHaveTheRightMoments) {
  RandomStream random(7, Stream::check, 0);
  for (const auto& [a, b, j] : cases()) {
    const auto m = quartic_moments(a, b, j);
    constexpr int draws = 2000;
    double sum = 0, sum2 = 0;
    for (int i = 0; i < draws; ++i) {
      const double x = draw_quartic(a, b, j, random);
      sum += x;
      sum2 += x * x;
    }
    const double error1 = std::sqrt(std::max(m.second - m.mean * m.mean, 0.0) / draws);
    const double error2 = std::sqrt(std::max(m.fourth - m.second * m.second, 0.0) / draws);
    EXPECT_LT(std::abs(sum / draws - m.mean), 4.5 * error1 + 1e-9 * std::abs(m.mean))
        << a << ' ' << b << ' ' << j;
    EXPECT_LT(std::abs(sum2 / draws - m.second), 4.5 * error2 + 1e-9 * m.second)
        << a << ' ' << b << ' ' << j;
  }
}

TEST(QuarticDensity, RefusesWhatIsNotNormalisable) {
  EXPECT_THROW(quartic_moments(1, -0.1, 0), BadInput);
  EXPECT_THROW(quartic_moments(0, 0, 0), BadInput);
  EXPECT_THROW(quartic_moments(1, NAN, 0), BadInput);
  std::vector<double> a{1, -1}, b{1, 0}, j{0, 0}, out(2);
  try {
    quartic_moments(a, b, j, out, out, out, out);
    FAIL();
  } catch (const BadInput& error) {
    EXPECT_NE(std::string(error.what()).find("entry 1"), std::string::npos);
  }
}

}  // namespace
}  // namespace quartic
