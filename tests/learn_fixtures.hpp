// Fields with random couplings, and data drawn from them by quartic's own sampler.
#pragma once

#include <cmath>
#include <cstdint>
#include <memory>
#include <vector>

#include "quartic/core/data_source.hpp"
#include "quartic/core/random.hpp"
#include "quartic/graph/lattice.hpp"
#include "quartic/mcmc/sampler.hpp"

namespace quartic::testing {

/// Inhomogeneous couplings in the disordered phase of any graph of up to eight neighbours a site.
inline Action inhomogeneous_action(std::shared_ptr<const Graph> graph, std::uint64_t seed) {
  Action action(std::move(graph));
  RandomStream random(seed, Stream::check, 500);
  for (double& w : action.w) w = -0.1 + 0.4 * random.uniform();
  for (double& r : action.r) r = -0.3 + 0.6 * random.uniform();
  for (double& a : action.a) a = 0.8 + 0.8 * random.uniform();
  for (double& b : action.b) b = 0.1 + 0.3 * random.uniform();
  return action;
}

/// At least `rows` configurations, `sweeps` apart.
inline ArraySource draw_data(const Action& action, std::size_t rows, std::uint64_t seed,
                             int sweeps = 10, int chains = 1024) {
  SamplerOptions options;
  options.chains = chains;
  Sampler<float> sampler(action, options, seed, Stream::check);
  sampler.warm_up(200);
  std::vector<float> values;
  const auto sites = static_cast<std::size_t>(sampler.sites());
  values.reserve((rows + chains) * sites);
  while (values.size() < rows * sites) {
    sampler.sweep(sweeps);
    for (int c = 0; c < sampler.chains(); ++c) {
      values.resize(values.size() + sites);
      sampler.configuration(c, std::span(values).last(sites));
    }
  }
  return {std::move(values), sites};
}

/// Independent Gaussian values of one mean and standard deviation.
inline ArraySource gaussian_data(std::size_t rows, int sites, double mean, double deviation,
                                 std::uint64_t seed) {
  RandomStream random(seed, Stream::check, 501);
  std::vector<float> values(rows * sites);
  for (float& x : values) x = static_cast<float>(mean + deviation * random.normal());
  return {std::move(values), static_cast<std::size_t>(sites)};
}

inline std::shared_ptr<const Graph> lattice_graph(const char* name, int extent,
                                                  bool periodic = true) {
  return std::make_shared<Graph>(make_lattice({name, {extent, extent}, {periodic, periodic}}));
}

}  // namespace quartic::testing
