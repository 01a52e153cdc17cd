#include "quartic/learn/likelihood_options.hpp"

#include <fmt/format.h>

#include "learn/likelihood_start.hpp"
#include "quartic/core/error.hpp"
#include "quartic/learn/likelihood.hpp"

namespace quartic {

void require_valid(const LikelihoodOptions& o, const Parameters& parameters) {
  if (parameters.size() == 0)
    throw BadInput("every coupling is frozen: nothing to learn", "set a freedom to free or tied");
  if (o.epochs < 1 || o.draws < 1 || o.sweeps < 1 || o.warm_up < 0 || o.patience < 1 ||
      o.max_draws < o.draws || o.max_sweeps < 1 || o.held_out_patience < 0) {
    throw BadInput(
        "fit: epochs, draws, sweeps and patience must be positive, max_draws at least draws",
        "see fit.epochs, fit.draws, fit.sweeps, fit.patience, fit.max_draws");
  }
  if (!(o.noise_share > 0) || !(o.rate.value_or(1) > 0) || !(o.rate_decay >= 0))
    throw BadInput("fit: rate and noise_share must be positive, rate_decay not negative",
                   "see fit.rate, fit.noise_share, fit.rate_decay");
  if (o.optimiser != LikelihoodOptimiser::newton) return;
  if (o.batch > 0) {
    throw BadInput("fit: newton takes the data whole, by their moments",
                   "leave out fit.batch, or fit.optimiser = \"adam\" or \"gradient\"");
  }
  if (parameters.size() > o.dense_limit) {
    throw BadInput(
        fmt::format("fit: newton would need a matrix of {0} x {0}, fit.dense_limit is {1}",
                    parameters.size(), o.dense_limit),
        "fit.optimiser = \"adam\", or tie couplings");
  }
}

double default_rate(LikelihoodOptimiser optimiser) {
  return optimiser == LikelihoodOptimiser::newton ? 1.0
         : optimiser == LikelihoodOptimiser::adam ? 0.05
                                                  : 0.04;
}

LikelihoodOptimiser chosen_optimiser(const LikelihoodOptions& options,
                                     const Parameters& parameters) {
  if (options.optimiser != LikelihoodOptimiser::automatic) return options.optimiser;
  const bool newton = parameters.size() <= options.dense_limit && options.batch == 0;
  return newton ? LikelihoodOptimiser::newton : LikelihoodOptimiser::adam;
}

}  // namespace quartic
