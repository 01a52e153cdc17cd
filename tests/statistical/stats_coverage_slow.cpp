// Errors that hold where a slow mode hides beneath fast noise.
#include <gtest/gtest.h>

#include <cmath>
#include <utility>
#include <vector>

#include "quartic/core/autocorrelation.hpp"
#include "statistical/coverage.hpp"

namespace quartic {
namespace {

using testing::ar1;
using testing::expect_coverage;

/// A slow mode of a tenth of the variance beside fast noise: a window on single draws closes long
/// before it sees the mode.
TEST(CoverageOfSlowModes, ASlowModeBeneathFastNoise) {
  constexpr int seeds = 650;
  constexpr double tau = 30;
  for (const auto& [chains, draws] : {std::pair{64, 500}, std::pair{4, 4000}}) {
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
