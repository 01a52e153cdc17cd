// Columns behind a rotation of which something is known: chains against quadrature.
#include "quartic/network/rotated_sampler.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "quartic/core/error.hpp"
#include "unit/network_fixtures.hpp"

namespace quartic {
namespace {

constexpr double unseen = std::numeric_limits<double>::quiet_NaN();
const std::vector<double> skewed{1.3, -0.4, 0.9, 0.8};  // [column][unit], not orthogonal

/// Machines of two units with wells, and gates where hidden units have two values.
std::vector<Network> machines() {
  std::vector<Network> out;
  for (const Unit visible : {Unit::quartic, Unit::gaussian})
    for (const Unit hidden : {Unit::binary, Unit::spin, Unit::quartic, Unit::gaussian}) {
      Network network = sample_network(visible, hidden);
      if (network.hidden.discrete()) {
        network.u.assign(network.w.size(), 0);
        for (std::size_t k = 0; k < network.u.size(); ++k) network.u[k] = k % 2 ? -0.15 : 0.1;
      }
      out.push_back(network);
    }
  return out;
}

double density_at(const Network& network, double first, double second) {
  return std::exp(-network.free_energy(std::vector<double>{
      skewed[0] * first + skewed[2] * second, skewed[1] * first + skewed[3] * second}));
}

struct Moments {
  double norm = 0, first = 0, second = 0;
  void add(double p, double x) { norm += p, first += p * x, second += p * x * x; }
};

/// <x> and <x^2> of a column over the rows, with the errors of independent rows.
void expect_moments(const std::vector<double>& rows, int column, const Moments& exact) {
  double sums[4] = {};
  for (std::size_t k = column; k < rows.size(); k += 2)
    for (int power = 1; power <= 4; ++power) sums[power - 1] += std::pow(rows[k], power);
  const double count = static_cast<double>(rows.size()) / 2;
  for (int power = 1; power <= 2; ++power) {
    const double mean = sums[power - 1] / count, square = sums[2 * power - 1] / count;
    const double known = (power == 1 ? exact.first : exact.second) / exact.norm;
    EXPECT_LT(std::abs(mean - known), 4.4 * std::sqrt((square - mean * mean) / count))
        << "column " << column << ", power " << power << ": " << mean << ", exact " << known;
  }
}

TEST(RotatedSampling, UnknownColumnsFollowTheKnown) {
  constexpr int rows = 12000;
  constexpr double known = -0.8;
  for (const Network& network : machines()) {
    SCOPED_TRACE(pair_name(network.visible.unit, network.hidden.unit));
    std::vector<double> observed;
    for (int k = 0; k < rows; ++k) observed.insert(observed.end(), {known, unseen});
    Moments exact;
    for (double x = -12; x < 12; x += 2e-3) exact.add(density_at(network, known, x), x);
    RotatedSampler sampler(network, skewed, observed, std::vector<double>{0}, 3, Stream::check, 2);
    sampler.sweep(40);
    const auto v = sampler.columns();
    for (std::size_t k = 0; k < v.size(); k += 2) ASSERT_EQ(v[k], known);
    expect_moments(v, 1, exact);
  }
}

TEST(RotatedSampling, NoisyColumnsHaveTheExactPosterior) {
  constexpr int rows = 12000;
  constexpr double y = 0.9, noise = 0.6;
  for (const Network& network : machines()) {
    SCOPED_TRACE(pair_name(network.visible.unit, network.hidden.unit));
    std::vector<double> observed;
    for (int k = 0; k < rows; ++k) observed.insert(observed.end(), {y, unseen});
    Moments first, second;
    for (double u = -5; u < 7; u += 0.06)
      for (double v = -12; v < 12; v += 0.06) {
        const double p = density_at(network, u, v) * std::exp(-std::pow((u - y) / noise, 2) / 2);
        first.add(p, u), second.add(p, v);
      }
    RotatedSampler sampler(network, skewed, observed, std::vector<double>{noise, 0}, 4,
                           Stream::check, 2);
    sampler.sweep(60);
    const auto v = sampler.columns();
    expect_moments(v, 0, first), expect_moments(v, 1, second);
  }
}

/// Rows with gaps of their own, in any order, do not know of each other, nor of threads.
TEST(RotatedSampling, RowsKeepTheirPlacesAndThreadsDoNotMatter) {
  constexpr int columns = 5, rows = 300;
  const Network network = sample_network(Unit::quartic, Unit::binary, columns, 3, 0.2);
  std::vector<double> rotation(columns * columns), observed(rows * columns);
  for (std::size_t k = 0; k < rotation.size(); ++k)
    rotation[k] = (k % (columns + 1) == 0) + 0.3 * std::sin(static_cast<double>(k));
  for (std::size_t k = 0; k < observed.size(); ++k)
    observed[k] = k * k % 7 < 3 ? unseen : std::cos(static_cast<double>(k));
  const std::vector<double> none{0};
  RotatedSampler one(network, rotation, observed, none, 7, Stream::check, 1),
      three(network, rotation, observed, none, 7, Stream::check, 3);
  one.sweep(4), three.sweep(4);
  const auto v = one.columns();
  EXPECT_EQ(v, three.columns());
  for (std::size_t k = 0; k < v.size(); ++k) {
    if (!std::isnan(observed[k])) {
      ASSERT_EQ(v[k], observed[k]);
    }
    ASSERT_TRUE(std::isfinite(v[k]));
  }
}

TEST(RotatedSampling, RefusesWhatCannotBe) {
  const std::vector<double> row{1, 2}, none{0};
  const auto of = [&](Unit unit, std::vector<double> rotation, std::vector<double> rows) {
    RotatedSampler(sample_network(unit, Unit::binary), rotation, rows, none, 1);
  };
  EXPECT_THROW(of(Unit::spin, skewed, row), BadInput);
  EXPECT_THROW(of(Unit::quartic, {1, 0, 1}, row), BadInput);
  EXPECT_THROW(of(Unit::quartic, skewed, {1, 2, 3}), BadInput);
  EXPECT_THROW(of(Unit::quartic, skewed, {1, std::numeric_limits<double>::infinity()}), BadInput);
}

}  // namespace
}  // namespace quartic
