// Errors that hold: coverage of one- and two-sigma intervals over many seeds of AR(1) processes
// with known mean and autocorrelation time, by binomial p-values.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <vector>

#include "quartic/core/random.hpp"
#include "quartic/stats/autocorrelation.hpp"
#include "quartic/stats/jackknife.hpp"

namespace quartic {
namespace {

constexpr int seeds = 500;

/// Stationary AR(1) chains of unit variance with integrated autocorrelation time tau,
/// [chain][draw].
std::vector<double> ar1(int chains, int draws, double tau, std::uint64_t seed, double scale = 1) {
  const double a = (2 * tau - 1) / (2 * tau + 1), kick = std::sqrt(1 - a * a);
  std::vector<double> x;
  x.reserve(static_cast<std::size_t>(chains) * draws);
  for (int c = 0; c < chains; ++c) {
    RandomStream random(seed, Stream::check, static_cast<std::uint64_t>(c));
    double value = random.normal();
    for (int t = 0; t < draws; ++t, value = a * value + kick * random.normal())
      x.push_back(scale * value);
  }
  return x;
}

/// How many z-scores of an honest error lie within k sigma: within 3.3 binomial deviations
/// (p = 0.001, two-sided), and their variance within 3.3 deviations of 1.
void expect_coverage(const std::vector<double>& z, const char* what) {
  const auto count = static_cast<double>(z.size());
  for (const double k : {1.0, 2.0}) {
    double inside = 0;
    for (const double v : z) inside += std::abs(v) <= k ? 1 : 0;
    const double p = std::erf(k / std::sqrt(2.0));
    EXPECT_NEAR(inside / count, p, 3.3 * std::sqrt(p * (1 - p) / count))
        << what << ", " << k << " sigma";
  }
  double square = 0;
  for (const double v : z) square += v * v / count;
  EXPECT_NEAR(square, 1, 3.3 * std::sqrt(2 / count)) << what << ", variance of z";
  ::testing::Test::RecordProperty(what, std::to_string(square));
}

struct Process {
  int chains, draws;
  double tau;
  bool tau_known;  // long enough that tau itself can be tested
};

class Coverage : public ::testing::TestWithParam<Process> {};

TEST_P(Coverage, MeanAndTauOfAnAR1Process) {
  const auto [chains, draws, tau, tau_known] = GetParam();
  std::vector<double> z, z_tau, z_binned;
  double mean_tau = 0;
  for (int seed = 0; seed < seeds; ++seed) {
    const auto x = ar1(chains, draws, tau, 1000 + seed);
    const auto e = estimate_series(x, chains);
    z.push_back(e.mean / e.error);
    z_tau.push_back((e.tau - tau) / e.tau_error);
    mean_tau += e.tau / seeds;
    EXPECT_GT(e.ess, 0);
    constexpr int length = 8;
    if (draws % length != 0) continue;
    std::vector<double> bins(x.size() / length);
    for (std::size_t t = 0; t < x.size(); ++t) bins[t / length] += x[t] / length;
    double square = 0;
    for (const double v : x) square += v * v / static_cast<double>(x.size());
    const auto b = estimate_binned_series(bins, chains, length, square - e.mean * e.mean);
    z_binned.push_back(b.mean / b.error);
  }
  expect_coverage(z, "mean");
  expect_coverage(z_binned, "mean of bins");
  if (!tau_known) return;
  EXPECT_NEAR(mean_tau, tau, 0.05 * tau);
  double inside = 0;
  for (const double v : z_tau) inside += std::abs(v) <= 2 ? 1.0 / seeds : 0;
  EXPECT_GT(inside, 0.90);
}

INSTANTIATE_TEST_SUITE_P(AR1, Coverage,
                         ::testing::Values(Process{4, 2000, 0.5, true}, Process{4, 4000, 5, true},
                                           Process{4, 8000, 50, true}, Process{1, 8000, 5, true},
                                           Process{2, 4000, 5, true}, Process{64, 256, 5, true},
                                           Process{512, 16, 0.5, true}, Process{512, 16, 5, false},
                                           Process{512, 16, 50, false}));

/// A slow mode of a tenth of the variance beside fast noise: a window on single draws closes long
/// before it sees the mode.
TEST(CoverageOfSlowModes, ASlowModeBeneathFastNoise) {
  for (const auto& [chains, draws, tau, known] :
       {Process{64, 500, 30, true}, Process{4, 4000, 30, true}}) {
    std::vector<double> z;
    double mean_tau = 0;
    for (int seed = 0; seed < seeds; ++seed) {
      auto x = ar1(chains, draws, tau, 3000 + seed, std::sqrt(0.1));
      const auto fast = ar1(chains, draws, 0.5, 4000 + seed, std::sqrt(0.9));
      for (std::size_t t = 0; t < x.size(); ++t) x[t] += fast[t];
      const auto e = estimate_series(x, chains);
      z.push_back(e.mean / e.error);
      mean_tau += e.tau / seeds;
    }
    expect_coverage(z, "slow mode");
    EXPECT_NEAR(mean_tau, 0.45 + 0.1 * tau, 0.15 * (0.45 + 0.1 * tau)) << chains;
  }
}

}  // namespace
}  // namespace quartic
