// Errors that hold: coverage of one- and two-sigma intervals over many seeds of AR(1) processes
// with known mean and autocorrelation time, by binomial p-values.
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "quartic/core/autocorrelation.hpp"
#include "quartic/stats/jackknife.hpp"
#include "statistical/coverage.hpp"

namespace quartic {
namespace {

using testing::ar1;
using testing::expect_coverage;

constexpr int seeds = 650;

struct Process {
  int chains, draws;
  double tau;
  bool tau_known;               // long enough that tau itself can be tested
  std::uint64_t seed() const {  // other noise for every process
    return 1000000 * static_cast<std::uint64_t>(draws) + 1000 * static_cast<std::uint64_t>(chains) +
           static_cast<std::uint64_t>(1e10 * tau);
  }
};

class Coverage : public ::testing::TestWithParam<Process> {};

TEST_P(Coverage, MeanAndTauOfAnAR1Process) {
  const auto [chains, draws, tau, tau_known] = GetParam();
  const std::uint64_t first_seed = GetParam().seed();
  std::vector<double> z, z_tau, z_binned;
  double mean_tau = 0;
  for (int seed = 0; seed < seeds; ++seed) {
    const auto x = ar1(chains, draws, tau, first_seed + seed);
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

/// The Binder cumulant 1 - <x^4> / (3 <x^2>^2) of a Gaussian is 0, and the regression of y = x / 2
/// + noise on x has slope 1/2. Errors of the cumulant are too small by 1/N: at 800 effective draws
/// its z-scores have variance 1.2, at the 10000 of these processes about 1.03.
TEST(CoverageOfJackknife, FunctionsOfMeansOfAnAR1Process) {
  for (const auto& [chains, draws, tau, known] :
       {Process{4, 8000, 1.5, true}, Process{128, 256, 1.5, true}, Process{1, 16384, 0.5, true}}) {
    std::vector<double> binder, slope;
    for (int seed = 0; seed < seeds; ++seed) {
      const auto x = ar1(chains, draws, tau, 5000 + seed);
      const auto rest = ar1(chains, draws, tau, 6000 + seed);
      const ChainSet set{chains, draws};
      const auto groups = jackknife_groups({&set, 1}, 20 * tau);
      std::vector<std::vector<double>> sums(groups.size(), std::vector<double>(5));
      for (int g = 0; g < groups.size(); ++g) {
        for (std::size_t t = groups.first[g]; t < groups.first[g + 1]; ++t) {
          const double v = x[t], y = v / 2 + rest[t];
          sums[g][0] += v * v, sums[g][1] += v * v * v * v;
          sums[g][2] += v, sums[g][3] += y, sums[g][4] += v * y;
        }
      }
      const auto result = jackknife(groups, sums, 2, [](auto mean, auto out) {
        out[0] = 1 - mean[1] / (3 * mean[0] * mean[0]);
        out[1] = (mean[4] - mean[2] * mean[3]) / (mean[0] - mean[2] * mean[2]);
      });
      binder.push_back(result[0].value / result[0].error);
      slope.push_back((result[1].value - 0.5) / result[1].error);
    }
    expect_coverage(binder, "Binder cumulant");
    expect_coverage(slope, "slope");
  }
}

}  // namespace
}  // namespace quartic
