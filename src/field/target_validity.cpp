// Whether a target action can be normalised.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "quartic/core/error.hpp"
#include "quartic/field/projection.hpp"
#include "quartic/field/target.hpp"
#include "quartic/graph/lattice.hpp"

namespace quartic {
namespace {

double weight(const TermSpec& spec, std::size_t k) {
  return spec.coupling.real() * (spec.weights.empty() ? 1.0 : spec.weights[k]);
}

/// The couplings of phi^6 at each site.
std::vector<double> sextic_couplings(std::span<const TermSpec> target, int sites) {
  std::vector<double> sum(sites);
  for (const auto& spec : target)
    for (std::size_t i = 0; spec.name == "phi6" && i < sum.size(); ++i) sum[i] += weight(spec, i);
  return sum;
}

/// All but phi6 and plaquettes, their couplings real.
std::vector<TermSpec> quartic_part(std::span<const TermSpec> target) {
  std::vector<TermSpec> part;
  for (const auto& spec : target) {
    if (spec.name == "phi6" || spec.name == "plaquette") continue;
    part.push_back(spec);
    part.back().coupling = spec.coupling.real();
  }
  return part;
}

/// Leaves each site the least quartic coupling that plaquettes can: |g| / 4 less for each.
void subtract_plaquettes(std::span<const TermSpec> target, Action& action) {
  for (const auto& spec : target) {
    if (spec.name != "plaquette") continue;
    const auto squares = plaquettes(*action.graph->lattice());
    for (std::size_t k = 0; k < squares.size(); ++k)
      for (const int site : squares[k]) action.b[site] -= std::abs(weight(spec, k)) / 4;
  }
}

}  // namespace

void require_normalisable(std::span<const TermSpec> target,
                          const std::shared_ptr<const Graph>& graph) {
  for (const auto& spec : target) make_term(spec, *graph);  // refuses what the graph cannot have
  const auto sextic = sextic_couplings(target, graph->sites());
  const auto least = std::min_element(sextic.begin(), sextic.end());
  if (least != sextic.end() && *least < 0)
    throw BadInput(fmt::format("the target cannot be normalised: phi6 has coupling {:g} at site {}",
                               *least, least - sextic.begin()),
                   "its real part must not be negative");
  if (least != sextic.end() && *least > 0) return;
  Action action = target_as_action(quartic_part(target), graph).value();
  subtract_plaquettes(target, action);
  if (const auto reason = why_not_normalisable(action))
    throw BadInput(fmt::format("the target cannot be normalised: {}", *reason),
                   "phi4 needs a positive coupling, or phi2 one that outweighs the products");
}

}  // namespace quartic
