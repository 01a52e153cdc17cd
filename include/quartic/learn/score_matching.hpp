// Score matching: couplings from data by one linear solve, without sampling and without Z.
#pragma once

#include <memory>

#include "quartic/core/data_source.hpp"
#include "quartic/core/hidden.hpp"
#include "quartic/learn/data_moments.hpp"
#include "quartic/learn/local_fit.hpp"

namespace quartic {

class LocalCouplings;

/// Hyvarinen's objective J(theta) = E[ |grad S|^2 / 2 - lap S ] (J. Mach. Learn. Res. 6, 695,
/// 2005), whose minimum is a consistent estimate of theta. S is linear in theta: J = theta'H theta
/// / 2 - c'theta with H = sum_i E[d_i d_i'], d_i = d_phi_i f = (-phi_j, 1, 2 phi_i, 4 phi_i^3), and
/// c = (0, 0, 2, 12 E phi_i^2), so that one sparse solve gives the couplings, and one pass over the
/// data all that is needed of them.
class ScoreMatching {
 public:
  /// The pass. O(rows sum_i degree_i^2). Memory: the batch, and for each of up to 256 groups of
  /// rows sum_i (degree_i + 3)^2 numbers (fewer groups where that would exceed 256 MB). Throws
  /// BadInput as DataMoments does, and for a graph too dense for 16 groups in 2 GB.
  ScoreMatching(const DataSource& data, std::shared_ptr<const Graph> graph,
                const DataPass& pass = {});

  /// The least J over the parameters with b above its bound; frozen kinds stay as in `start`, other
  /// kinds of `start` do not matter. Throws BadInput where the data do not vary along a parameter
  /// and there is no weight decay, Diverged where the problem stays singular under any ridge.
  LocalFit fit(const Parameters& parameters, const Action& start,
               const Restraint& restraint = {}) const;

  /// J of an action on these data (lower is better), for held-out data too: make another
  /// ScoreMatching of them.
  Estimate objective(const Action& action) const;

 private:
  struct Data;
  Hidden<Data> data_;
};

}  // namespace quartic
