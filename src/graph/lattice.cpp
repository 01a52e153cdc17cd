#include "quartic/graph/lattice.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <string_view>

#include "quartic/core/error.hpp"
#include "quartic/core/memory.hpp"
#include "quartic/core/suggest.hpp"

namespace quartic {
namespace {

using namespace std::string_view_literals;

constexpr std::string_view known_lattices[] = {"chain",      "square",     "cubic",
                                               "hypercubic", "triangular", "king",
                                               "honeycomb",  "complete",   "bipartite"};

bool regular(const Lattice& lattice) {
  return lattice.name != "complete" && lattice.name != "bipartite";
}

int wanted_dimension(std::string_view name) {  // 0: any
  if (name == "chain" || name == "complete") return 1;
  if (name == "cubic") return 3;
  return name == "hypercubic" ? 0 : 2;
}

void require_valid(const Lattice& lattice) {
  const auto& [name, extent, periodic] = lattice;
  if (std::find(std::begin(known_lattices), std::end(known_lattices), name) ==
      std::end(known_lattices)) {
    throw BadInput(fmt::format("unknown lattice '{}'", name), suggestion(name, known_lattices));
  }
  const int dimension = static_cast<int>(extent.size()), wanted = wanted_dimension(name);
  if (dimension == 0 || (wanted > 0 && dimension != wanted)) {
    throw BadInput(fmt::format("a {} lattice needs {} extent{}, got {}", name, std::max(wanted, 1),
                               wanted == 1 ? "" : "s", dimension),
                   "extent = [4, 4] is a lattice of two directions, four sites each");
  }
  if (!regular(lattice) && !periodic.empty()) {
    throw BadInput(fmt::format("a {} graph has no boundary to be open or periodic", name),
                   "leave boundary out");
  }
  if (regular(lattice) && periodic.size() != extent.size()) {
    throw BadInput(
        fmt::format("a {} lattice of {} directions needs as many boundary entries, got {}", name,
                    dimension, periodic.size()),
        "boundary names every direction, or one word for all: \"periodic\"");
  }
  double sites = name == "bipartite" ? 0 : 1;
  for (int k = 0; k < dimension; ++k) {
    const bool wraps = !periodic.empty() && periodic[k];
    if (extent[k] < (wraps ? 2 : 1)) {
      throw BadInput(
          fmt::format("extent {} of the {} lattice is {}", k, name, extent[k]),
          wraps ? "a periodic direction needs at least 2 sites" : "an extent is at least 1");
    }
    sites = name == "bipartite" ? sites + extent[k] : sites * extent[k];
  }
  if (name == "honeycomb" &&
      ((periodic[0] && extent[0] % 2 != 0) || (periodic[1] && extent[1] % 2 != 0))) {
    throw BadInput("a periodic honeycomb lattice needs even extents",
                   "its rows alternate between two kinds of sites");
  }
  const double edges = name == "complete"    ? sites * (sites - 1) / 2
                       : name == "bipartite" ? static_cast<double>(extent[0]) * extent[1]
                                             : sites * dimension * dimension;
  const auto what = fmt::format("the sites and edges of a {} lattice of {:g} sites", name, sites);
  if (std::max(sites, edges) > 1e9) throw BadInput(what + " are too many", "lower graph.extent");
  require_memory(graph_bytes(sites, edges), what, "lower graph.extent");
}

std::vector<int> unit(int dimension, int direction) {
  std::vector<int> v(dimension, 0);
  v[direction] = 1;
  return v;
}

void append(std::vector<Edge>& to, const std::vector<Edge>& from) {
  to.insert(to.end(), from.begin(), from.end());
}

std::vector<Edge> axis_pairs(const Lattice& lattice) {
  std::vector<Edge> pairs;
  const int dimension = static_cast<int>(lattice.extent.size());
  for (int k = 0; k < dimension; ++k) append(pairs, pairs_at(lattice, unit(dimension, k)));
  return pairs;
}

/// The brick wall: all horizontal pairs, and every other vertical one.
std::vector<Edge> brick_wall(const Lattice& lattice) {
  auto edges = pairs_at(lattice, std::vector{0, 1});
  for (const auto& pair : pairs_at(lattice, std::vector{1, 0})) {
    const auto at = lattice.coordinates(pair.first);
    if ((at[0] + at[1]) % 2 == 0) edges.push_back(pair);
  }
  return edges;
}

std::vector<Edge> dense_edges(const Lattice& lattice) {
  std::vector<Edge> edges;
  const bool complete = lattice.name == "complete";
  const int rows = lattice.extent[0], sites = lattice.sites();
  for (int i = 0; i < rows; ++i)
    for (int j = complete ? i + 1 : rows; j < sites; ++j) edges.push_back({i, j});
  return edges;
}

[[noreturn]] void refuse(const Lattice& lattice, const std::string& what) {
  throw BadInput(
      fmt::format("a {} graph has no {}", lattice.name, what),
      "name the pairs with term 'pairs' and an edge file, or choose a lattice that has them");
}

}  // namespace

std::span<const std::string_view> lattice_names() {
  return known_lattices;
}

int Lattice::sites() const {
  int count = name == "bipartite" ? 0 : 1;
  for (const int n : extent) count = name == "bipartite" ? count + n : count * n;
  return count;
}

std::vector<int> Lattice::coordinates(int site) const {
  std::vector<int> at(extent.size());
  for (int k = static_cast<int>(extent.size()) - 1; k >= 0; --k) {
    at[k] = site % extent[k];
    site /= extent[k];
  }
  return at;
}

std::optional<int> Lattice::displaced(int site, std::span<const int> displacement) const {
  const auto at = coordinates(site);
  int index = 0;
  for (std::size_t k = 0; k < extent.size(); ++k) {
    int x = at[k] + displacement[k];
    if (periodic[k]) {
      x = ((x % extent[k]) + extent[k]) % extent[k];
    } else if (x < 0 || x >= extent[k]) {
      return std::nullopt;
    }
    index = index * extent[k] + x;
  }
  return index;
}

std::vector<Edge> pairs_at(const Lattice& lattice, std::span<const int> displacement) {
  if (!regular(lattice)) refuse(lattice, "displacements");
  if (displacement.size() != lattice.extent.size()) {
    throw BadInput(fmt::format("displacement [{}] does not fit a {}-dimensional lattice",
                               fmt::join(displacement, ", "), lattice.extent.size()),
                   "give one step for every direction");
  }
  std::vector<Edge> pairs;
  for (int i = 0; i < lattice.sites(); ++i) {
    const auto j = lattice.displaced(i, displacement);
    if (!j) continue;
    if (*j == i) {
      throw BadInput(fmt::format("displacement [{}] joins site {} to itself on {}",
                                 fmt::join(displacement, ", "), i, fmt::join(lattice.extent, "x")),
                     "choose a shorter displacement or a larger extent");
    }
    pairs.push_back({i, *j});
  }
  return pairs;
}

std::vector<Edge> nearest_pairs(const Lattice& lattice) {
  if (lattice.name == "honeycomb") return brick_wall(lattice);
  if (!regular(lattice)) return dense_edges(lattice);
  auto pairs = axis_pairs(lattice);
  if (lattice.name == "triangular") append(pairs, pairs_at(lattice, std::vector{1, 1}));
  return pairs;
}

std::vector<Edge> diagonal_pairs(const Lattice& lattice) {
  const int dimension = static_cast<int>(lattice.extent.size());
  const bool square =
      regular(lattice) && lattice.name != "triangular" && lattice.name != "honeycomb";
  if (!square || dimension < 2) refuse(lattice, "diagonal neighbours");
  std::vector<Edge> pairs;
  for (int k = 0; k < dimension; ++k) {
    for (int l = k + 1; l < dimension; ++l) {
      for (const int sign : {1, -1}) {
        auto displacement = unit(dimension, k);
        displacement[l] = sign;
        append(pairs, pairs_at(lattice, displacement));
      }
    }
  }
  return pairs;
}

std::vector<std::array<int, 4>> plaquettes(const Lattice& lattice) {
  const int dimension = static_cast<int>(lattice.extent.size());
  if (!regular(lattice) || lattice.name == "honeycomb" || dimension < 2)
    refuse(lattice, "plaquettes");
  std::vector<std::array<int, 4>> squares;
  for (int k = 0; k < dimension; ++k) {
    for (int l = k + 1; l < dimension; ++l) {
      const auto x = unit(dimension, k), y = unit(dimension, l);
      for (int i = 0; i < lattice.sites(); ++i) {
        const auto right = lattice.displaced(i, x), up = lattice.displaced(i, y);
        if (right && up) squares.push_back({i, *right, *up, *lattice.displaced(*right, y)});
      }
    }
  }
  return squares;
}

Graph make_lattice(const Lattice& lattice) {
  require_valid(lattice);
  auto edges = nearest_pairs(lattice);
  if (lattice.name == "king") append(edges, diagonal_pairs(lattice));
  return {lattice, std::move(edges)};
}

}  // namespace quartic
