// Links every room that needs an external library: SIMD kernels, lattices, the check by sparse
// Cholesky.
#include <cmath>
#include <cstdio>
#include <memory>

#include "quartic/core/quartic_density.hpp"
#include "quartic/field/action.hpp"
#include "quartic/graph/lattice.hpp"

int main() {
  const auto graph = std::make_shared<const quartic::Graph>(
      quartic::make_lattice({.name = "square", .extent = {4, 4}, .periodic = {true, true}}));
  const auto action = quartic::Action::uniform(graph, 1.0, 0.0, 1.52425, 0.175);
  const bool bounded = !quartic::why_not_normalisable(action);
  const bool unbounded =
      quartic::why_not_normalisable(quartic::Action::uniform(graph, 1, 0, 1, 0)).has_value();
  const double gaussian =
      quartic::log_quartic_normaliser(1.0, 0.0, 0.0) - 0.5 * std::log(std::acos(-1.0));
  const bool ok = bounded && unbounded && std::abs(gaussian) < 1e-12;
  std::printf("quartic found, linked and %s\n", ok ? "right" : "WRONG");
  return ok ? 0 : 1;
}
