// The square lattice at its nearly critical point (critical_point.hpp), where it is hardest.
#include <gtest/gtest.h>

#include <cmath>

#include "critical_point.hpp"
#include "quartic/core/autocorrelation.hpp"
#include "quartic/graph/lattice.hpp"
#include "quartic/mcmc/sampler.hpp"

namespace quartic {
namespace {

struct Critical {
  SeriesEstimate abs_m, m2, phi2;
};

Critical measure(int extent, int chains, int draws) {
  const auto graph =
      std::make_shared<Graph>(make_lattice({"square", {extent, extent}, {true, true}}));
  SamplerOptions options;
  options.chains = chains;
  Sampler<float> sampler(critical_action(graph), options, 5, Stream::check);
  sampler.warm_up(200);
  std::vector<double> abs_m(static_cast<std::size_t>(chains) * draws), m2(abs_m), phi2(abs_m);
  for (int draw = 0; draw < draws; ++draw) {
    sampler.sweep(1);
    for (int index = 0; index < sampler.blocks(); ++index) {
      const auto block = sampler.block(index);
      for (int lane = 0; lane < block.lanes; ++lane) {
        double sum = 0, squares = 0;
        for (int site = 0; site < block.sites; ++site) {
          const double x = block.site(site)[lane];
          sum += x, squares += x * x;
        }
        const std::size_t at = static_cast<std::size_t>(index * block.lanes + lane) * draws + draw;
        const double m = sum / block.sites;
        abs_m[at] = std::abs(m), m2[at] = m * m, phi2[at] = squares / block.sites;
      }
    }
  }
  return {estimate_series(abs_m, chains), estimate_series(m2, chains),
          estimate_series(phi2, chains)};
}

void expect_agrees(const SeriesEstimate& found, double value, double error) {
  EXPECT_LT(std::abs(found.mean - value), 3 * std::hypot(error, found.error))
      << found.mean << " +- " << found.error;
  EXPECT_LT(found.error, error);
}

// Quoted from independent codes: |m| 0.4995(19), m^2 0.2675(17), phi^2 0.7470(7).
TEST(Critical, AveragesAtSixtyFourMeetIndependentCodes) {
  const auto found = measure(64, 64, 1500);
  expect_agrees(found.abs_m, 0.4995, 0.0019);
  expect_agrees(found.m2, 0.2675, 0.0017);
  expect_agrees(found.phi2, 0.7470, 0.0007);
}

TEST(Critical, TauOfTheDefaultScheduleGrowsSlowerThanLToThePowerZeroPointThree) {
  const auto small = measure(16, 256, 2000).m2, large = measure(256, 128, 1000).m2;
  ASSERT_TRUE(small.window_found && large.window_found);
  const double exponent = std::log(large.tau / small.tau) / std::log(256.0 / 16.0);
  const double error =
      std::hypot(large.tau_error / large.tau, small.tau_error / small.tau) / std::log(16.0);
  RecordProperty("exponent", std::to_string(exponent));
  EXPECT_LT(exponent, 0.3) << "+- " << error << ", tau " << small.tau << ", " << large.tau;
  EXPECT_LT(error, 0.03);
}

}  // namespace
}  // namespace quartic
