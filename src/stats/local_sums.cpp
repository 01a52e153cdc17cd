#include "stats/local_sums.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "quartic/graph/lattice.hpp"
#include "stats/lattice_fourier.hpp"

namespace quartic {
namespace {

bool uniform(std::span<const double> couplings) {
  return std::all_of(couplings.begin(), couplings.end(),
                     [&](double c) { return c == couplings.front(); });
}

/// Beyond this depth of its well (in units of the action) a site's a phi^2 + b phi^4 loses digits
/// that its fluctuations of order 1 need.
constexpr double deep = 30;

double depth(double a, double b) {
  return a < 0 && b > 0 ? a * a / (4 * b) : 0;
}

std::vector<Edge> diagonals_of(const Lattice* lattice) {
  const bool square = lattice != nullptr && lattice->extent.size() >= 2 &&
                      lattice->name != "triangular" && lattice->name != "honeycomb" &&
                      lattice->name != "bipartite";
  return square ? diagonal_pairs(*lattice) : std::vector<Edge>{};
}

std::vector<double> wave(const Lattice& lattice, int direction, double (*function)(double)) {
  std::vector<double> out(lattice.sites());
  const double k = 2 * std::numbers::pi / lattice.extent[direction];
  for (int i = 0; i < lattice.sites(); ++i)
    out[i] = function(k * lattice.coordinates(i)[direction]);
  return out;
}

}  // namespace

PairRows::PairRows(int sites, std::span<const Edge> pairs) : row(sites + 1), partner(pairs.size()) {
  for (const auto& pair : pairs) ++row[pair.first + 1];
  for (int i = 0; i < sites; ++i) row[i + 1] += row[i];
  std::vector<std::int32_t> next(row.begin(), row.end() - 1);
  for (const auto& pair : pairs) partner[next[pair.first]++] = pair.second;
}

LocalSums::LocalSums(const Action& action) : sites(action.graph->sites()) {
  const Graph& graph = *action.graph;
  const Lattice* lattice = graph.lattice();
  const std::vector<Edge> all(graph.edges().begin(), graph.edges().end());
  const auto near = lattice ? nearest_pairs(*lattice) : all;
  const auto far = diagonals_of(lattice);
  nearest = PairRows(sites, near), diagonal = PairRows(sites, far);

  const auto split = static_cast<std::ptrdiff_t>(std::min(near.size(), all.size()));
  const std::span w(action.w);
  const bool only_near = all == near;
  const bool both = all.size() == near.size() + far.size() &&
                    std::equal(near.begin(), near.end(), all.begin()) &&
                    std::equal(far.begin(), far.end(), all.begin() + split);
  homogeneous = (only_near || both) && uniform(w.first(split)) && uniform(w.subspan(split)) &&
                uniform(action.r) && uniform(action.a) && uniform(action.b) &&
                depth(action.a[0], action.b[0]) < deep;
  if (homogeneous) {
    w_nearest = near.empty() ? 0 : w.front();
    w_diagonal = only_near ? 0 : w.back();
    r = action.r[0], a = action.a[0], b = action.b[0];
  } else {
    edges = PairRows(sites, all);
    std::vector<std::int32_t> next(edges.row.begin(), edges.row.end() - 1);
    weight.resize(all.size());
    for (std::size_t e = 0; e < all.size(); ++e) weight[next[all[e].first]++] = w[e];
    site_r = action.r, site_a = action.a, site_b = action.b;
    site_well.resize(sites);
    for (int i = 0; i < sites; ++i) {
      if (depth(site_a[i], site_b[i]) < deep) continue;
      floor -= depth(site_a[i], site_b[i]);
      site_well[i] = -site_a[i] / (2 * site_b[i]), site_a[i] = 0;
    }
  }
  if (!translation_invariant(lattice)) return;
  longest_extent = *std::max_element(lattice->extent.begin(), lattice->extent.end());
  for (std::size_t k = 0; k < lattice->extent.size(); ++k) {
    if (lattice->extent[k] != longest_extent) continue;
    waves.push_back(wave(*lattice, static_cast<int>(k), std::cos));
    waves.push_back(wave(*lattice, static_cast<int>(k), std::sin));
  }
}

}  // namespace quartic
