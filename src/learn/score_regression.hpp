// Regression of the target's gradient on that of the action: a start for learning, O(V).
#pragma once

#include <vector>

#include "learn/feature_statistics.hpp"
#include "quartic/field/target.hpp"

namespace quartic {

/// The step of theta that minimises sum_i < (d(A - S)/dphi_i)^2 > over the samples: at every site
/// dA/dphi_i is regressed on what dS/dphi_i is made of, the neighbours, 1, phi_i and phi_i^3, with
/// one w for both ends of an edge. Where A lies in the span of f it is exact, with no statistical
/// error left; elsewhere it is where Fisher's divergence, not KL(p||q), is least for these samples.
/// Its noise does not grow with V, since no sum over the lattice enters. By conjugate gradients,
/// O(samples V degree^2). The target has a gradient; no hidden sites.
template <class T>
std::vector<double> score_step(const FieldSamples<T>& samples, const Target& target,
                               const Action& action, const Parameters& parameters);

}  // namespace quartic
