// Actions, terms and observables of stored configurations.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "quartic/field/action.hpp"
#include "quartic/field/target.hpp"

namespace quartic {

/// A view of configurations stored one after another, [sample][site] (of chains and draws:
/// [chain][draw][site]).
struct StoredFields {
  std::span<const float> phi;
  int sites = 0;
  std::size_t samples() const { return phi.size() / static_cast<std::size_t>(sites); }
};

/// S of every configuration, float64 throughout. O(samples (V + E)), in parallel; like all below.
std::vector<double> evaluate_action(const Action& action, StoredFields fields, int threads = 0);

/// A^(k) of every configuration, [k][sample].
std::vector<std::vector<double>> evaluate_terms(const Target& terms, StoredFields fields,
                                                int threads = 0);

/// A user's function of every configuration. By one thread, in blocks of up to a megabyte.
std::vector<double> evaluate_function(const FieldFunction& function, StoredFields fields);

/// Observables of every configuration, [observable][sample], as stats/measurement.hpp names them:
/// m = sum phi / V, abs_m, m2, m4, or the sum of any term that takes no further input, / V (phi2,
/// phi4, nn, nnn, plaquette, ...). Throws BadInput for an unknown name (nearest suggested) or a
/// term that the graph does not have.
std::vector<std::vector<double>> evaluate_observables(const std::vector<std::string>& names,
                                                      const Graph& graph, StoredFields fields,
                                                      int threads = 0);

}  // namespace quartic
