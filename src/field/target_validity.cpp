// Whether a target action can be normalised.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "quartic/core/error.hpp"
#include "quartic/field/action.hpp"
#include "quartic/field/target.hpp"
#include "quartic/graph/lattice.hpp"

namespace quartic {
namespace {

/// Adds g times the weights (1 each where there are none) to coupling[index(k)], k < count.
template <class Index>
void add(std::vector<double>& coupling, const TermSpec& spec, std::size_t count, double g,
         Index&& index) {
  for (std::size_t k = 0; k < count; ++k)
    coupling[index(k)] += g * (spec.weights.empty() ? 1.0 : spec.weights[k]);
}

/// The couplings of phi^n at each site, summed over all terms of that name.
std::vector<double> powers(std::span<const TermSpec> target, std::string_view name, int sites) {
  std::vector<double> sum(sites);
  for (const auto& spec : target)
    if (spec.name == name)
      add(sum, spec, sum.size(), spec.coupling.real(), [](std::size_t k) { return k; });
  return sum;
}

/// The least quartic coupling that plaquettes leave a site: each takes at most |g| / 4 of it.
void subtract_plaquettes(std::span<const TermSpec> target, const Graph& graph,
                         std::vector<double>& b) {
  for (const auto& spec : target) {
    if (spec.name != "plaquette" || graph.lattice() == nullptr) continue;
    const auto squares = plaquettes(*graph.lattice());
    for (std::size_t k = 0; k < squares.size(); ++k)
      for (const int site : squares[k])
        b[site] -=
            std::abs(spec.coupling.real() * (spec.weights.empty() ? 1 : spec.weights[k])) / 4;
  }
}

}  // namespace

void require_normalisable(std::span<const TermSpec> target, const Graph& graph) {
  const auto sextic = powers(target, "phi6", graph.sites());
  const auto least = std::min_element(sextic.begin(), sextic.end());
  if (least != sextic.end() && *least < 0)
    throw BadInput(fmt::format("the target cannot be normalised: phi6 has coupling {:g} at site {}",
                               *least, least - sextic.begin()),
                   "its real part must not be negative");
  if (least != sextic.end() && *least > 0) return;

  std::vector<Edge> edges;
  std::vector<double> w;
  for (const auto& spec : target) {
    const auto pairs = term_pairs(spec, graph);
    edges.insert(edges.end(), pairs.begin(), pairs.end());
    std::vector<double> part(pairs.size());
    add(part, spec, part.size(), -spec.coupling.real(), [](std::size_t k) { return k; });
    w.insert(w.end(), part.begin(), part.end());
  }
  Action action(std::make_shared<Graph>(graph.sites(), std::move(edges)));
  action.w = std::move(w);
  action.r = powers(target, "phi", graph.sites());
  action.a = powers(target, "phi2", graph.sites());
  action.b = powers(target, "phi4", graph.sites());
  subtract_plaquettes(target, graph, action.b);
  if (const auto reason = why_not_normalisable(action))
    throw BadInput(fmt::format("the target cannot be normalised: {}", *reason),
                   "phi4 needs a positive coupling, or phi2 one that outweighs the products");
}

}  // namespace quartic
