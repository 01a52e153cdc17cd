#include "learn/patches.hpp"

#include <algorithm>
#include <map>

#include "quartic/graph/ball.hpp"
#include "quartic/graph/lattice.hpp"

namespace quartic {
namespace {

/// Boxes of `side` sites in every direction; single sites where the graph has no coordinates.
std::vector<Patch> cores(const Graph& graph, int side) {
  std::vector<Patch> out;
  std::map<std::vector<int>, int> box;
  for (int i = 0; i < graph.sites(); ++i) {
    std::vector<int> key{i};
    if (graph.lattice() != nullptr && side > 1) {
      key = graph.lattice()->coordinates(i);
      for (int& x : key) x /= side;
    }
    const auto [at, fresh] = box.try_emplace(std::move(key), static_cast<int>(out.size()));
    if (fresh) out.emplace_back();
    out[at->second].core.push_back(i);
  }
  return out;
}

std::vector<int> couplings_within(const Parameters& parameters, const std::vector<int>& sites,
                                  const GraphBall& ball) {
  const Graph& graph = parameters.graph();
  std::vector<int> out;
  const auto add = [&](CouplingKind kind, int index) {
    const int k = parameters.number(kind, index);
    if (k >= 0) out.push_back(k);
  };
  for (const int site : sites) {
    for (const Neighbour& n : graph.neighbours(site))
      if (ball.holds(n.site) && graph.edges()[n.edge].first == site) add(CouplingKind::w, n.edge);
    for (const auto kind : {CouplingKind::r, CouplingKind::a, CouplingKind::b}) add(kind, site);
  }
  std::sort(out.begin(), out.end());
  return out;
}

Patches patches_of(const Parameters& parameters, int radius, int side, double most) {
  const Graph& graph = parameters.graph();
  Patches out{radius, cores(graph, side), 0};
  GraphBall ball(graph);
  for (Patch& patch : out.all) {
    const auto& sites = ball.around(patch.core, radius);
    patch.couplings = couplings_within(parameters, sites, ball);
    out.most_couplings = std::max(out.most_couplings, static_cast<int>(patch.couplings.size()));
    if (out.most_couplings > most) break;
  }
  return out;
}

/// Of the Gram matrices, a sample.
double cost(const Patches& patches) {
  double sum = 0;
  for (const Patch& patch : patches.all)
    sum +=
        static_cast<double>(patch.couplings.size()) * static_cast<double>(patch.couplings.size());
  return sum;
}

}  // namespace

Patches make_patches(const Parameters& parameters, int radius, double most) {
  auto single = patches_of(parameters, radius, 1, most);
  if (parameters.graph().lattice() == nullptr || single.most_couplings > most) return single;
  auto boxes = patches_of(parameters, radius, 2, any_number);
  return cost(boxes) <= 1.1 * cost(single) ? boxes : single;
}

}  // namespace quartic
