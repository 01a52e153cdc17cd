// The virial identity: an exact check of a sample that no wrong sampler passes by chance.
#pragma once

#include <span>

#include "quartic/core/estimate.hpp"
#include "quartic/field/action.hpp"

namespace quartic {

/// (1/V) sum_i <phi_i dS/dphi_i>, which is 1 for every normalisable action: the Schwinger-Dyson
/// equation int d/dphi_i (phi_i e^-S) = 0, averaged over sites; as a sum over terms
/// (-2 sum w phi phi + sum r phi + 2 sum a phi^2 + 4 sum b phi^4) / V. The error is that of the
/// means of independent chains. phi[chain][draw][site]. O(samples (V + E)). Throws BadInput for
/// fewer than two chains or a ragged sample.
Estimate virial(const Action& action, std::span<const float> phi, int chains);

}  // namespace quartic
