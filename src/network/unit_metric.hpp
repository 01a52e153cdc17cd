// The Fisher information of a single unit.
#pragma once

#include <array>

#include "quartic/network/layer.hpp"

namespace quartic {

/// Cov of (x, x^2, x^4) of unit i without any field, a symmetric 3 x 3 matrix; zero for couplings
/// that the kind does not have.
std::array<double, 9> unit_covariance(const Layer& layer, int i);

}  // namespace quartic
