#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "field/term_kind.hpp"
#include "quartic/core/error.hpp"
#include "quartic/core/suggest.hpp"

namespace quartic {

using Make = std::unique_ptr<Term>(const TermSpec&, const Graph&);
using Pairs = std::vector<Edge>(const TermSpec&, const Graph&);
using Bound = void(const TermSpec&, const Graph&, const TermBound&);

Pairs nearest_pairs_of, diagonal_pairs_of, edges_of, listed_pairs;  // term_pairs.cpp
Make make_products;
Make make_phi, make_phi2, make_phi4, make_phi6;  // term_powers.cpp
Bound bound_phi6;
Make make_plaquette;  // term_plaquette.cpp
Bound bound_plaquette;
Make make_function;  // target.cpp

namespace {

constexpr auto graph = TermNeeds::graph, lattice = TermNeeds::lattice;
using enum CouplingKind;

constexpr TermKind kinds[] = {
    {"nn", graph, make_products, nearest_pairs_of, w},
    {"nnn", lattice, make_products, diagonal_pairs_of, w},
    {"edges", graph, make_products, edges_of, w},
    {"pairs", graph, make_products, listed_pairs, w},
    {"phi", graph, make_phi, nullptr, r},
    {"phi2", graph, make_phi2, nullptr, a},
    {"phi4", graph, make_phi4, nullptr, b},
    {"phi6", graph, make_phi6, nullptr, {}, bound_phi6},
    {"plaquette", lattice, make_plaquette, nullptr, {}, bound_plaquette},
    {"function", graph, make_function},
};

constexpr auto names = [] {
  std::array<std::string_view, std::size(kinds)> all;
  for (std::size_t k = 0; k < all.size(); ++k) all[k] = kinds[k].name;
  return all;
}();

}  // namespace

std::span<const std::string_view> term_names() {
  return names;
}

const TermKind& term_kind(const TermSpec& spec, const Graph& on) {
  const auto* kind = std::find_if(std::begin(kinds), std::end(kinds),
                                  [&](const TermKind& known) { return known.name == spec.name; });
  if (kind == std::end(kinds)) {
    throw BadInput(fmt::format("unknown target term '{}'", spec.name),
                   suggestion(spec.name, names));
  }
  if (kind->needs == lattice) require_lattice(spec, on);
  return *kind;
}

void require_lattice(const TermSpec& spec, const Graph& on) {
  if (on.lattice() != nullptr) return;
  throw BadInput(
      fmt::format("target term '{}' needs a lattice, but the graph is an edge list", spec.name),
      "use 'edges', or 'pairs' with an edge file");
}

void require_weights(const TermSpec& spec, std::size_t count, std::string_view what) {
  if (!spec.weights.empty() && spec.weights.size() != count) {
    throw BadInput(fmt::format("target term '{}' has {} weights for {} {}", spec.name,
                               spec.weights.size(), count, what),
                   "give one weight each, or leave weights out for 1");
  }
}

}  // namespace quartic
