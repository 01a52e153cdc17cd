// When learning goes patch by patch, and how far a patch reaches.
#pragma once

#include <optional>

#include "learn/patches.hpp"
#include "quartic/learn/variational.hpp"

namespace quartic {

/// The radius that the local solver begins with: one edge beyond what the target's products reach.
int first_radius(const VariationalOptions& options, const Target& target,
                 const Parameters& parameters);

/// Samples an epoch with which `automatic` takes it; nothing where it cannot be, or is not worth
/// it.
std::optional<double> samples_for_local(const VariationalOptions& options, const Target& target,
                                        const Parameters& parameters);

/// Throws BadInput where the local solver cannot be, saying why.
void require_local(const VariationalOptions& options, const Target& target,
                   const Parameters& parameters, double samples);

/// Of a patch for which so many samples are enough.
double most_couplings(double samples);

}  // namespace quartic
