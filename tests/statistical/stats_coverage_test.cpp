// Errors that hold: coverage of one- and two-sigma intervals over many seeds of AR(1) processes
// with known mean and autocorrelation time, by binomial p-values.
#include <gtest/gtest.h>

#include <cmath>
#include <string>
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

/// x_t = p x_(t-1) + q x_(t-2) + noise, started far enough back to be at rest; tau exact.
struct Alternating {
  double p, q;
  double tau() const {
    const double variance = (1 - q) / ((1 + q) * ((1 - q) * (1 - q) - p * p));
    return 0.5 / ((1 - p - q) * (1 - p - q)) / variance;
  }
  std::vector<double> series(int chains, int draws, std::uint64_t seed) const {
    std::vector<double> x;
    for (int c = 0; c < chains; ++c) {
      RandomStream random(seed, Stream::check, static_cast<std::uint64_t>(c));
      double last = 0, before = 0;
      for (int t = -100; t < draws; ++t) {
        const double now = p * last + q * before + random.normal();
        before = last, last = now;
        if (t >= 0) x.push_back(now);
      }
    }
    return x;
  }
};

/// A few short chains whose first autocorrelation is negative and whose second makes up for it: a
/// window closed at the first takes tau for a third of what it is and errors for too small.
TEST(CoverageOfFewDraws, AlternatingAndIndependentDraws) {
  constexpr int many = 2000, chains = 16, draws = 60;
  for (const Alternating process :
       {Alternating{-0.132, 0.12}, Alternating{-0.2, 0.18}, Alternating{-0.02, 0},
        Alternating{0, 0}, Alternating{-0.4, 0}}) {
    double square = 0, far = 0, tau = 0;
    for (int seed = 0; seed < many; ++seed) {
      const auto e = estimate_series(process.series(chains, draws, 9000 + seed), chains);
      const double z = e.mean / e.error;
      square += z * z / many, far += std::abs(z) > 4 ? 1 : 0, tau += e.tau / many;
    }
    const auto place = ::testing::Message() << process.p << ' ' << process.q;
    EXPECT_GT(square, 0.85) << place;
    EXPECT_LT(square, 1.15) << place;
    EXPECT_LE(far, 3) << place;  // 0.13 expected
    EXPECT_NEAR(tau, process.tau(), 0.12 * process.tau()) << place;
    RecordProperty(std::to_string(process.p), std::to_string(square) + " far " +
                                                  std::to_string(far) + " tau " +
                                                  std::to_string(tau / process.tau()));
  }
}

/// The Binder cumulant 1 - <x^4> / (3 <x^2>^2) of a Gaussian is 0, and the regression of y = x / 2
/// + noise on x has slope 1/2. Without its skewness the error of the cumulant is too small: at 800
/// effective draws the z-scores had variance 1.2.
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

/// Few draws make the cumulant skew: without its skewness in the error, the mean square is 1.2.
TEST(CoverageOfJackknife, BinderCumulantOfEightHundredEffectiveDraws) {
  constexpr int many = 2500, chains = 16, draws = 150;
  const ChainSet set{chains, draws};
  double square = 0;
  for (int seed = 0; seed < many; ++seed) {
    const auto x = ar1(chains, draws, 1.5, 7000 + seed);
    const auto groups = jackknife_groups({&set, 1}, 30);
    std::vector<std::vector<double>> sums(groups.size(), std::vector<double>(2));
    for (int g = 0; g < groups.size(); ++g)
      for (std::size_t t = groups.first[g]; t < groups.first[g + 1]; ++t)
        sums[g][0] += x[t] * x[t], sums[g][1] += x[t] * x[t] * x[t] * x[t];
    const auto binder = jackknife(groups, sums, 1, [](auto mean, auto out) {
      out[0] = 1 - mean[1] / (3 * mean[0] * mean[0]);
    })[0];
    square += std::pow(binder.value / binder.error, 2) / many;
  }
  RecordProperty("mean square", std::to_string(square));
  EXPECT_LT(square, 1.13);
  EXPECT_GT(square, 0.87);
}

}  // namespace
}  // namespace quartic
