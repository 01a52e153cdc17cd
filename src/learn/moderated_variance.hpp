// Variances of many couplings, each known from a few groups of chains.
#pragma once

#include <span>
#include <vector>

#include "quartic/field/parameters.hpp"

namespace quartic {

/// Variance of every parameter from its noise by group of chains, [group][k], widened by Student's
/// factor. Of couplings of one kind each tells something of the others' variances: on a logarithmic
/// scale they are drawn to the kind's mean by as much of their scatter as is their own noise, of G
/// groups' shares n_g,
///
///     ln v' = B <ln v> + (1 - B) ln v + const,   B = <Sum_g n_g^4 / v^2 - 1 / G> / Var(ln v),
///
/// B at most 1, with the const that keeps <v> (empirical Bayes; Smyth, Stat. Appl. Genet. Mol.
/// Biol. 3, 3, 2004, for genes). Where rare fields decide, a coupling whose chains have met none is
/// off, and its own groups tell too little: by (1 - B)^2 it is widened for that skewness. Kinds of
/// few couplings, or with hidden sites, are left to themselves. O(groups parameters).
std::vector<double> moderated_variance(std::span<const double> noise, const Parameters& parameters);

}  // namespace quartic
