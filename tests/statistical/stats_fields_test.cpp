// Measurements of sampled fields against exact values: small interacting lattices, and free fields
// of any size, where every observable is known.
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <numbers>
#include <string>
#include <vector>

#include "quartic/graph/lattice.hpp"
#include "quartic/stats/measurement.hpp"
#include "statistical/coverage.hpp"

namespace quartic {
namespace {

using testing::expect_coverage;
using testing::rare_deviation;

Measurement measure(const Action& action, int chains, int warm_up, int draws, std::uint64_t seed,
                    int max_bins = 4096, int spectrum_interval = 0) {
  SamplerOptions options;
  options.chains = chains, options.reflections = 1, options.threads = 1;
  Sampler<float> sampler(action, options, seed);
  sampler.sweep(warm_up);
  Measurement measurement(action, chains, max_bins);
  measurement.set_spectrum_interval(spectrum_interval);
  for (int k = 0; k < draws; ++k) sampler.sweep(), measurement.add(sampler);
  return measurement;
}

/// Coverage over seeds of every exact value, and no bias. Of a skewed quantity z-scores have a mean
/// even without, because value and error vary together: the bias is that of the values.
void expect_honest(const Action& action, const std::map<std::string, double>& exact, int chains,
                   int draws, int max_bins, const std::string& what) {
  const int seeds = testing::thorough() ? 900 : 450;
  std::map<std::string, std::vector<double>> z, off;
  for (int seed = 0; seed < seeds; ++seed) {
    const auto measurement =
        measure(action, chains, 20, draws, 7000 + static_cast<std::uint64_t>(seed), max_bins);
    for (const auto& result : measurement.results()) {
      const auto wanted = exact.find(result.name);
      if (wanted == exact.end()) continue;
      off[result.name].push_back(result.estimate.mean - wanted->second);
      z[result.name].push_back(off[result.name].back() / result.estimate.error);
    }
  }
  ASSERT_EQ(z.size(), exact.size());
  for (const auto& [name, scores] : z) {
    expect_coverage(scores, what + " " + name);
    double mean = 0, square = 0;
    for (const double v : off[name]) mean += v / seeds, square += v * v / seeds;
    const double error = std::sqrt((square - mean * mean) / seeds);
    EXPECT_LT(std::abs(mean), rare_deviation * error) << what << " " << name << ", bias";
  }
}

TEST(FieldCoverage, SmallSquareLattices) {
  const auto reference =
      nlohmann::json::parse(std::ifstream(QUARTIC_TEST_DATA "/reference/exact.json"));
  int cases = 0;
  for (const auto& entry : reference["square"]) {
    if (entry["g_nnn"] != 0) continue;
    const auto extent = entry["extent"].get<std::vector<int>>();
    const auto graph = std::make_shared<Graph>(make_lattice({"square", extent, {true, true}}));
    const auto action = Action::uniform(graph, entry["w"], 0, entry["a"], entry["b"]);
    std::map<std::string, double> exact;
    for (const char* name : {"phi2", "phi4", "nn", "nnn", "m2", "action_density"})
      if (entry.contains(name)) exact[name] = entry[name];
    for (const char* name : {"nn", "nnn"}) exact[name] *= 2;  // a pair there, two pairs a site here
    exact["susceptibility"] = graph->sites() * exact["m2"];
    expect_honest(action, exact, extent[0] == 2 ? 16 : 64, extent[0] == 2 ? 256 : 48,
                  extent[0] == 2 ? 16 : 4096, std::to_string(extent[0]));
    ++cases;
  }
  EXPECT_GE(cases, 2);
}

/// exp(-S) with b = 0 is Gaussian with <|phi(k)|^2> / V = 1 / (2a - 2w sum cos k).
double propagator(const Lattice& lattice, double w, double a, int k) {
  const auto n = lattice.coordinates(k);
  double sum = 0;
  for (std::size_t d = 0; d < n.size(); ++d)
    sum += std::cos(2 * std::numbers::pi * n[d] / lattice.extent[d]);
  return 1 / (2 * a - 2 * w * sum);
}

TEST(FieldCoverage, DerivedQuantitiesOfAFreeField) {
  const Lattice lattice{"square", {4, 4}, {true, true}};
  const double w = 0.5, a = 1.15, mass = 2 * a - 4 * w;
  const auto action = Action::uniform(std::make_shared<Graph>(make_lattice(lattice)), w, 0, a, 0);
  const std::map<std::string, double> exact{
      {"susceptibility", 1 / mass},
      {"binder_cumulant", 0},
      {"specific_heat", 0.5},
      {"correlation_length", std::sqrt(w / mass)},
      {"susceptibility_connected", (1 - 2 / std::numbers::pi) / mass}};
  expect_honest(action, exact, 256, 64, 4096, "many chains");
  expect_honest(action, exact, 16, 512, 64, "few chains, binned");
}

TEST(FieldCoverage, TwoPointFunctionOfFreeFields) {
  for (const auto& lattice :
       {Lattice{"chain", {9}, {true}}, Lattice{"square", {6, 5}, {true, true}},
        Lattice{"cubic", {3, 4, 3}, {true, true, true}}}) {
    const int dimension = static_cast<int>(lattice.extent.size()), sites = lattice.sites();
    const double w = 0.4, a = 0.4 * dimension + 0.2;
    const auto action = Action::uniform(std::make_shared<Graph>(make_lattice(lattice)), w, 0, a, 0);
    const auto two = measure(action, 512, 100, 200, 17, 4096, 2).two_point();
    ASSERT_TRUE(two);
    double chi2 = 0, freedom = 0, chi2_x = 0;
    for (int k = 0; k < sites; ++k) {
      auto n = lattice.coordinates(k);
      for (int d = 0; d < dimension; ++d) n[d] = (lattice.extent[d] - n[d]) % lattice.extent[d];
      int minus = 0;
      for (int d = 0; d < dimension; ++d) minus = minus * lattice.extent[d] + n[d];
      double exact_x = 0;
      for (int q = 0; q < sites; ++q) {
        double angle = 0;
        const auto p = lattice.coordinates(q), x = lattice.coordinates(k);
        for (int d = 0; d < dimension; ++d)
          angle += 2 * std::numbers::pi * p[d] * x[d] / lattice.extent[d];
        exact_x += std::cos(angle) * propagator(lattice, w, a, q) / sites;
      }
      const double z = (two->structure_factor[k] - propagator(lattice, w, a, k)) /
                       two->structure_factor_error[k];
      const double z_x = (two->correlation[k] - exact_x) / two->correlation_error[k];
      EXPECT_LT(std::abs(z), 4.5) << k;
      EXPECT_LT(std::abs(z_x), 4.5) << k;
      EXPECT_NEAR(two->structure_factor[k], two->structure_factor[minus], 1e-4);
      if (minus < k) continue;  // the same number
      chi2 += z * z, chi2_x += z_x * z_x, ++freedom;
    }
    // Momenta are independent, p = 0.001 on either side; distances are not.
    const double spread = 2 / (9 * freedom);
    EXPECT_LT(std::abs(std::cbrt(chi2 / freedom) - (1 - spread)), 3.3 * std::sqrt(spread));
    EXPECT_LT(chi2_x, 4 * freedom);
  }
}

}  // namespace
}  // namespace quartic
