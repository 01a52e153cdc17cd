// What a learner samples in an epoch.
#pragma once

#include <cstdint>
#include <limits>

#include "learn/feature_statistics.hpp"
#include "learn/newton_step.hpp"
#include "quartic/core/progress.hpp"
#include "quartic/mcmc/gaussian_moves.hpp"

namespace quartic {

struct EpochPlan {
  const Action& action;         ///< that is sampled: of hidden sites the expectations are taken
  int draws, sweeps;            ///< configurations a chain, sweeps between them
  int stored;                   ///< draws to keep for covariances, as far as memory goes
  const GaussianMoves* global;  ///< one between draws, or null
  double global_step;
  std::uint64_t seed;
};

template <class T>
struct EpochSample {
  FieldSamples<T> samples;  ///< the first of its draws, for covariances
  FieldSamples<T> drawn;    ///< some of them once more, hidden sites as they were drawn
  SampledMean sampled;      ///< of all its draws
  int draws = 0, sweeps = 0;
  double tau = 0;  ///< of the slowest f_k, in draws
  double global_acceptance = std::numeric_limits<double>::quiet_NaN();
};

/// O(chains draws (sweeps (V + E) + K)).
template <class T>
EpochSample<T> sample_epoch(Sampler<T>& sampler, const Parameters& parameters,
                            const EpochPlan& plan, const ProgressCallback& progress);

}  // namespace quartic
