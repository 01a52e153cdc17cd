// What the loops of long-running verbs share.
#pragma once

#include <chrono>

#include "quartic/config/config.hpp"

namespace quartic::app {

using Clock = std::chrono::steady_clock;

inline constexpr double checkpoint_interval = 30;  ///< seconds

inline double since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

inline SamplerOptions sampler_options(const Config& config) {
  SamplerOptions options = config.sampler.options;
  options.threads = config.run.threads;
  return options;
}

}  // namespace quartic::app
