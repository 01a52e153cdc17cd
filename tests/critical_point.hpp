// The square lattice where it is hardest: nearly critical.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "quartic/field/action.hpp"
#include "quartic/field/target.hpp"

namespace quartic {

/// kappa = 1, mu^2 = -0.9515, lambda = 0.7 of Bachtis, Aarts & Lucini, Phys. Rev. D 103, 074510
/// (mu_c^2 is about -0.95153 at that lambda): w = kappa, a = (mu^2 + 4 kappa) / 2, b = lambda / 4.
inline constexpr double critical_a = 1.52425, critical_b = 0.175;

inline Action critical_action(std::shared_ptr<const Graph> graph) {
  return Action::uniform(std::move(graph), 1, 0, critical_a, critical_b);
}

/// The same as a target, A = - sum_nn phi phi + a sum phi^2 + b sum phi^4.
inline std::vector<TermSpec> critical_target() {
  return {
      {"nn", -1.0, {}, {}, {}}, {"phi2", critical_a, {}, {}, {}}, {"phi4", critical_b, {}, {}, {}}};
}

}  // namespace quartic
