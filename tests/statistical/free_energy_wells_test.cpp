// Free energies of fields with several wells that more than the sign tells apart, by quadrature.
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "exact_field.hpp"
#include "quartic/core/error.hpp"
#include "quartic/stats/free_energy.hpp"
#include "statistical/coverage.hpp"

namespace quartic {
namespace {

/// Rings of three sites in a row, w = 1 within, `bridge` between neighbouring rings.
Action rings(int count, double bridge, double a, double r = 0) {
  std::vector<Edge> edges;
  std::vector<double> w;
  for (int k = 0; k < count; ++k) {
    for (const auto& [i, j] : {Edge{0, 1}, Edge{1, 2}, Edge{0, 2}})
      edges.push_back({3 * k + i, 3 * k + j}), w.push_back(1);
    if (k > 0) edges.push_back({3 * k - 1, 3 * k}), w.push_back(bridge);
  }
  Action action = Action::uniform(std::make_shared<Graph>(3 * count, edges), 0, r, a, 1);
  action.w = w;
  return action;
}

// Each ring has two wells; a path from one mean field fills two of the 2^count only.
TEST(FreeEnergyOfSeveralWells, CountsAll) {
  std::vector<double> z;
  for (const auto& action : {rings(2, 0.01, -6), rings(2, 0.05, -4), rings(2, -0.02, -5),
                             rings(3, 0.02, -4), rings(2, 0.01, -5, 0.05)}) {
    const double exact = -testing::exact_log_z(action, 100, 3.2);
    for (int seed = 0; seed < 3; ++seed) {
      FreeEnergyOptions options;
      options.sampler.chains = 256, options.error = 0.03;
      const auto plan = plan_from_uncoupled<float>(action, options.sampler, seed);
      const auto work = free_energy_by_work<float>(plan, options, seed);
      const auto integration = free_energy_by_integration<float>(plan, options, seed);
      EXPECT_TRUE(work.ok) << work.reason;
      EXPECT_TRUE(integration.ok) << integration.reason;
      for (const Estimate& x : {work.work.difference, integration.difference}) {
        z.push_back((x.value - exact) / x.error);
        EXPECT_LT(std::abs(z.back()), 4.5) << x.value << " for " << exact;
      }
    }
  }
  double square = 0;
  for (const double x : z) square += x * x;
  testing::expect_unit_variance(square / z.size(), z.size(), "F");
}

// A width that float32 does not resolve stops the run; it never ended.
TEST(FreeEnergyOfSeveralWells, FieldsThatFloat32CannotHoldEndTheRun) {
  const auto graph = std::make_shared<Graph>(2, std::vector<Edge>{{0, 1}});
  for (const auto& action :
       {Action::uniform(graph, 1e6, 0, 1, 0.5), Action::uniform(graph, 0.1, 0, -1, 1e-30)})
    try {
      FreeEnergyOptions options;
      options.sampler.chains = 64;
      const auto plan = plan_from_uncoupled<float>(action, options.sampler, 1);
      const auto work = free_energy_by_work<float>(plan, options, 1);
      EXPECT_TRUE(std::isfinite(work.work.difference.value));
    } catch (const Error& e) {
      EXPECT_NE(std::string(e.what()), "");
    }
}

}  // namespace
}  // namespace quartic
