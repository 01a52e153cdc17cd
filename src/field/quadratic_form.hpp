// The quadratic part of an action as a matrix.
#pragma once

#include <algorithm>
#include <span>
#include <vector>

#include "quartic/field/action.hpp"

namespace quartic {

/// Lower triangle, row-major, of the precision of a field with this diagonal and the couplings w.
inline std::vector<double> quadratic_form(const Action& action, std::span<const double> diagonal) {
  const std::size_t n = diagonal.size();
  std::vector<double> out(n * n);
  for (std::size_t i = 0; i < n; ++i) out[i * (n + 1)] = diagonal[i];
  const auto edges = action.graph->edges();
  for (std::size_t e = 0; e < edges.size(); ++e) {
    const auto [low, high] = std::minmax(edges[e].first, edges[e].second);
    out[static_cast<std::size_t>(high) * n + low] -= action.w[e];
  }
  return out;
}

}  // namespace quartic
