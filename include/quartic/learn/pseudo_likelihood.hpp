// Maximum pseudo-likelihood: couplings from data through every site's conditional, without
// sampling.
#pragma once

#include <memory>
#include <optional>

#include "quartic/core/data_source.hpp"
#include "quartic/learn/data_moments.hpp"
#include "quartic/learn/local_fit.hpp"

namespace quartic {

/// The first site whose conditional alone is not normalisable (b > 0, or b = 0 and a > 0 is).
std::optional<int> site_without_conditional(const Action& action);

/// ln PL(theta) = E[ sum_i ln p(phi_i | neighbours) ] (Besag, J. R. Stat. Soc. D 24, 179, 1975),
/// p(phi_i | neighbours) = exp(-b phi^4 - a phi^2 + j_i phi) / Z1(a, b, j_i), j_i = sum_j w_ij
/// phi_j - r_i: concave in theta, consistent, and for weakly coupled fields nearly as efficient as
/// the likelihood. Newton's method with the sparse Hessian, by streamed passes. The data must
/// outlive it. Noise is not taken here: wrap the data in a JitteredSource.
class PseudoLikelihood {
 public:
  /// Throws BadInput where columns are not sites.
  PseudoLikelihood(const DataSource& data, std::shared_ptr<const Graph> graph,
                   const DataPass& pass = {});

  /// From `start` (all kinds; the result of score matching is a good one). A few passes of
  /// O(rows (60 V exponentials + sum_i degree_i^2)). Throws BadInput where an a_i, b_i of the
  /// start is not normalisable by itself (b < 0, or b = 0 and a <= 0) or where the data do not vary
  /// along a parameter; Diverged where Newton's method does not converge:
  /// until its decrement says that the couplings are within `tolerance` of their statistical error.
  LocalFit fit(const Parameters& parameters, const Action& start, const Restraint& restraint = {},
               double tolerance = 0.01) const;

  /// ln PL per row of an action on these data (higher is better). One pass.
  Estimate value(const Action& action) const;

 private:
  const DataSource& data_;
  std::shared_ptr<const Graph> graph_;
  DataPass pass_;
};

}  // namespace quartic
