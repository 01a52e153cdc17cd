// The mean fields of an action: uncoupled actions near it, one for each well that it may have.
#pragma once

#include <vector>

#include "quartic/field/action.hpp"

namespace quartic {

/// A local minimum of the Bogoliubov bound <S - S'>_S' + F(S') >= F(S) over the uncoupled actions
/// S' = sum_i (r_i' phi_i + a_i phi_i^2 + b_i phi_i^4), which is where
/// r_i' = r_i - sum_j w_ij <phi_j>_S'.
struct MeanField {
  std::vector<double> mean;  ///< <phi_i>_S', one a site
  Action action;             ///< S', on the graph of S, its w all 0
  double bound = 0;          ///< of F(S)
};

/// The different minima that descent site by site finds from several beginnings, the least bound
/// first, at most `most` of them: uncoupled sites; fields aligned along the bonds, of both signs;
/// one polarised site; random signs; and what is found with one of its strongest sites turned over.
/// A field that has several wells has them near different minima, as long as fluctuations within a
/// well are small; a minimum need not be a well (in one or two dimensions fluctuations can destroy
/// the order). Beginnings are the same on every call; fewer on large graphs
/// and where the couplings are the same everywhere.
/// O(beginnings rounds (V quadratures + E)), beginnings shared among threads (0: all cores), which
/// never change the results. Throws BadInput if some site alone is not
/// normalisable.
std::vector<MeanField> mean_fields(const Action& action, int most = 8, int threads = 1);

/// The first of the minima, that with the least bound; the uncoupled action itself where nothing is
/// ordered. Where the field is ordered it is far nearer to the action than w = 0 is.
Action mean_field(const Action& action, const std::vector<MeanField>& minima);
Action mean_field(const Action& action);

/// Whether each of the minima has its mirror image among them, as those of an even action do, and
/// there is at most one pair: wells which the sign alone tells apart.
bool one_up_to_sign(const Action& action, const std::vector<MeanField>& minima);

}  // namespace quartic
