// A target written as an action, where its terms allow it.
#pragma once

#include <memory>
#include <optional>
#include <span>

#include "quartic/field/action.hpp"
#include "quartic/field/target.hpp"

namespace quartic {

/// A = sum_k g_k A^(k) as an action: pair products give w = -g, phi r, phi2 a, phi4 b, all real.
/// Its graph is the union of `graph` and the pairs that the products need: the given edges first
/// and in their order, then one edge for every pair that is no edge yet; `graph` itself where every
/// pair is one. A pair's coupling is shared equally by its parallel edges. Nothing where a term
/// cannot be written so (phi6, plaquette, a complex coupling). O((V + E) log E). Throws BadInput as
/// make_term does.
std::optional<Action> target_as_action(std::span<const TermSpec> target,
                                       const std::shared_ptr<const Graph>& graph);

/// The same action on a graph whose first edges are the action's own: zeros on the others. Throws
/// BadInput where the graph does not begin with those edges or has other sites.
Action extend(const Action& action, std::shared_ptr<const Graph> graph);

}  // namespace quartic
