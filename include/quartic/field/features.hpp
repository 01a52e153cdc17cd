// S and f_k = dS/dtheta_k on a block of chains.
#pragma once

#include <cstddef>
#include <span>

#include "quartic/field/action.hpp"
#include "quartic/field/field_block.hpp"
#include "quartic/field/field_function.hpp"
#include "quartic/field/parameters.hpp"

namespace quartic {

/// out[lane] = S(phi of that lane), float64 throughout. O((V + E) lanes).
template <class T>
void evaluate_action(const Action& action, FieldBlock<const T> phi, std::span<double> out);

/// features[k * stride + lane] = f_k(phi of that lane): -phi_i phi_j, phi_i, phi_i^2, phi_i^4,
/// summed over the kind where it is tied. float64 throughout. O((V + E) lanes).
template <class T>
void evaluate_features(const Parameters& parameters, FieldBlock<const T> phi, double* features,
                       std::ptrdiff_t stride);

/// out[site][lane] += factor * that part of S: densities of edges are shared by their two sites.
/// No hidden sites. O((V + E) lanes).
template <class T>
void add_action(SitePart part, const Action& action, double factor, FieldBlock<const T> phi,
                FieldBlock<double> out);

}  // namespace quartic
