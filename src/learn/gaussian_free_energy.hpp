// F of an action that is nearly Gaussian.
#pragma once

#include <cstdint>
#include <optional>

#include "quartic/mcmc/sampler.hpp"
#include "quartic/stats/free_energy.hpp"

namespace quartic {

/// F between the action and the Gaussian field nearest to it, of which everything is known, by the
/// acceptance ratio on `draws` configurations a chain of both. Nothing where the action is no
/// nearly Gaussian one: fewer than a fifth of the Gaussian field's draws would be accepted.
template <class T>
std::optional<WorkFreeEnergy> free_energy_from_gaussian(const Sampler<T>& equilibrated,
                                                        const Action& action, int draws,
                                                        std::uint64_t seed);

}  // namespace quartic
