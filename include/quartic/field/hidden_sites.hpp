// Hidden sites of an action: drawn, expected, or summed out where the others are known.
#pragma once

#include <span>

#include "quartic/core/quartic_density.hpp"
#include "quartic/field/action.hpp"
#include "quartic/field/field_block.hpp"

namespace quartic {

/// ln Z1 and moments of what a site takes in a field j: a quartic density, or for a hidden site its
/// two values with weights exp(j h).
QuarticMoments site_moments(const Action& action, int site, double j);

/// The action of the sites that are not hidden: of the couplings among them, S(phi, h) without all
/// that h takes part in.
Action visible_part(const Action& action);

/// out[lane] = j of a hidden site, sum w phi + u phi^2 - r over its edges. O(degree lanes).
template <class T>
void hidden_field(const Action& action, int site, FieldBlock<const T> phi, std::span<double> out);

/// Puts E[h_j | phi] in the place of every hidden site, on every lane; h_j are independent given
/// phi. S is linear in h, so that S(phi, E[h | phi]) = E[S | phi], and the same of every f_k =
/// dS/dtheta_k. Adds to out[lane] the entropy of h given phi, with which the hidden sites are
/// summed out: -ln sum_h exp(-S(phi, h)) = E[S | phi] - entropy. O(hidden edges lanes).
template <class T>
void expect_hidden(const Action& action, FieldBlock<T> phi, std::span<double> entropy = {});

/// out[lane] = -ln sum_h exp(-S(phi, h)), S itself where nothing is hidden; hidden sites of phi are
/// not looked at. O((V + E) lanes).
template <class T>
void evaluate_marginal_action(const Action& action, FieldBlock<const T> phi, std::span<double> out);

/// The same of one configuration, whose hidden sites are left out or not looked at. O(V + E).
double evaluate_marginal_action(const Action& action, std::span<const double> phi);

}  // namespace quartic
