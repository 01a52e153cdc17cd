// Whether a target action can be normalised.
#include <fmt/format.h>

#include <algorithm>

#include "field/term_kind.hpp"
#include "quartic/core/error.hpp"
#include "quartic/field/projection.hpp"

namespace quartic {
namespace {

/// The terms that are an action's, their couplings real.
std::vector<TermSpec> action_part(std::span<const TermSpec> target, const Graph& graph) {
  std::vector<TermSpec> part;
  for (const auto& spec : target) {
    if (!term_kind(spec, graph).coupling) continue;
    part.push_back(spec);
    part.back().coupling = spec.coupling.real();
  }
  return part;
}

}  // namespace

void require_normalisable(std::span<const TermSpec> target,
                          const std::shared_ptr<const Graph>& graph) {
  for (const auto& spec : target) make_term(spec, *graph);  // refuses what the graph cannot have
  const auto is_function = [](const TermSpec& spec) {
    return static_cast<bool>(spec.function.value);
  };
  if (std::any_of(target.begin(), target.end(), is_function)) return;
  Action action = target_as_action(action_part(target, *graph), graph).value();
  std::vector<double> sextic(graph->sites());
  for (const auto& spec : target)
    if (const auto bound = term_kind(spec, *graph).bound; bound != nullptr)
      bound(spec, *graph, {sextic, action.b});
  const auto least = std::min_element(sextic.begin(), sextic.end());
  if (*least < 0)
    throw BadInput(fmt::format("the target cannot be normalised: phi6 has coupling {:g} at site {}",
                               *least, least - sextic.begin()),
                   "its real part must not be negative");
  if (*least > 0) return;
  if (const auto reason = why_not_normalisable(action))
    throw BadInput(fmt::format("the target cannot be normalised: {}", *reason),
                   "phi4 needs a positive coupling, or phi2 one that outweighs the products");
}

}  // namespace quartic
