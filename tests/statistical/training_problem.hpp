// Data drawn from a network, as training gets it.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "quartic/core/data_source.hpp"
#include "quartic/network/network.hpp"
#include "quartic/network/sampler.hpp"
#include "quartic/network/start.hpp"

namespace quartic {

/// Rows in equilibrium under a network.
inline std::vector<float> rows_of(const Network& network, int rows, std::uint64_t seed) {
  NetworkSampler<float> sampler(network, rows, seed, Stream::sample);
  sampler.sweep(60);
  const auto visible = sampler.visible();
  return {visible.begin(), visible.end()};
}

struct TrainingProblem {
  std::shared_ptr<ArraySource> data;
  ColumnMoments moments;
  std::vector<float> rows;
};
inline TrainingProblem make_problem(const Network& network, int rows, std::uint64_t seed = 3) {
  TrainingProblem p;
  p.rows = rows_of(network, rows, seed);
  p.data = std::make_shared<ArraySource>(p.rows, static_cast<std::size_t>(network.visible.size()));
  p.moments = column_moments(*p.data);
  return p;
}

}  // namespace quartic
