// The straight line of actions from independent units to a network.
#pragma once

#include <span>

#include "quartic/network/network.hpp"

namespace quartic {

/// The couplings at beta: (1 - beta) from + beta to.
Layer layer_between(const Layer& from, const Layer& to, double beta);

/// Throws BadInput where the kinds or numbers of units differ.
void require_same_units(const Network& x, const Network& y);
/// Throws BadInput where either end is not normalisable, the units differ, or the base is coupled.
void require_line(const Network& network, const Network& base);

/// ln Z of independent units, exact.
double uncoupled_log_z(const Network& base);

/// d f / d beta less the hidden units' part: the difference of the visible units' own energies,
/// network minus base, added to out[lane]; x[unit * stride + lane].
template <class T>
void add_visible_difference(const Layer& from, const Layer& to, const T* x, std::ptrdiff_t stride,
                            int lanes, double* out);

}  // namespace quartic
