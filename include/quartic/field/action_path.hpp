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

/// The mean field of an action: among the uncoupled actions sum_i (r_i' phi + a_i phi^2 + b_i
/// phi^4), one with least Bogoliubov bound <S - S'>_S' + F(S') >= F(S), so that
/// r_i' = r_i - sum_j w_ij <phi_j>_S'. Found by descent site by site from one polarised site, which
/// finds ferromagnetic and staggered order alike; w = 0 where there is no order. Where the field is
/// ordered it is far nearer to the action than w = 0 is. O(rounds (V quadratures + E)).
Action mean_field(const Action& action);

/// F = -ln Z of an uncoupled action, exact (quadrature). Throws BadInput where some w is not 0 or a
/// site alone is not normalisable. O(V).
double uncoupled_free_energy(const Action& action);

}  // namespace quartic
