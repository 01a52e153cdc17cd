// Which moves there are where sites are hidden.
#pragma once

#include <fmt/format.h>

#include "quartic/core/error.hpp"
#include "quartic/mcmc/sampler.hpp"

namespace quartic {

/// Throws BadInput for the moves that move real values alone.
inline void require_hidden_moves(const SamplerOptions& options) {
  if (options.local_move() != LocalMove::independence)
    throw BadInput(fmt::format("sampler: {} moves no hidden units", name(options.local_move())),
                   "leave metropolis_hits and hmc_steps at 0");
}

}  // namespace quartic
