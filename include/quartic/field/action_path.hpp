// A straight path between two actions on one graph, and the uncoupled actions it can begin with.
#pragma once

#include "quartic/field/action.hpp"

namespace quartic {

/// S_beta = (1 - beta) S_0 + beta S_1, beta from 0 to 1: every coupling on a straight line. Each
/// S_beta is normalisable where both ends are.
struct ActionPath {
  Action from;  ///< S_0
  Action to;    ///< S_1, on the same graph

  Action at(double beta) const;
  /// dS_beta/dbeta = S_1 - S_0, the same for every beta.
  Action difference() const;
};

/// The action with all w = 0: every site alone, its normaliser a product of Z1.
Action uncoupled(const Action& action);

/// F = -ln Z of an uncoupled action, exact (quadrature). Throws BadInput where some w is not 0 or a
/// site alone is not normalisable. O(V).
double uncoupled_free_energy(const Action& action);

}  // namespace quartic
