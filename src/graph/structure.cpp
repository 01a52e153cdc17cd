#include "quartic/graph/structure.hpp"

#include <algorithm>
#include <boost/graph/adjacency_matrix.hpp>
#include <boost/graph/bron_kerbosch_all_cliques.hpp>
#include <cstdint>
#include <numeric>

namespace quartic {
namespace {

/// Two colours by breadth-first search from the smallest site of each component; false if some
/// cycle is odd.
bool two_colours(const Graph& graph, std::vector<int>& colour) {
  std::vector<int> queue;
  queue.reserve(colour.size());
  for (int root = 0; root < graph.sites(); ++root) {
    if (colour[root] >= 0) continue;
    colour[root] = 0;
    queue.assign(1, root);
    for (std::size_t head = 0; head < queue.size(); ++head) {
      const int site = queue[head];
      for (const auto [other, edge] : graph.neighbours(site)) {
        if (colour[other] == colour[site]) return false;
        if (colour[other] >= 0) continue;
        colour[other] = 1 - colour[site];
        queue.push_back(other);
      }
    }
  }
  return true;
}

/// Sites such that each has the smallest degree among those left when it was removed, removed last
/// first (Matula & Beck, J. ACM 30, 417 (1983)). Buckets of sites by remaining degree: O(V + E).
std::vector<int> smallest_last(const Graph& graph) {
  const int sites = graph.sites();
  std::vector<int> degree(sites);
  int largest = 0;
  for (int i = 0; i < sites; ++i) largest = std::max(largest, degree[i] = graph.degree(i));
  std::vector<std::vector<int>> bucket(largest + 1);
  for (int i = sites; i-- > 0;) bucket[degree[i]].push_back(i);
  std::vector<char> removed(sites, 0);
  std::vector<int> order;
  order.reserve(sites);
  for (int d = 0; static_cast<int>(order.size()) < sites;) {
    if (bucket[d].empty()) {
      ++d;
      continue;
    }
    const int site = bucket[d].back();
    bucket[d].pop_back();
    if (removed[site] || degree[site] != d) continue;  // an entry of an earlier degree
    removed[site] = 1;
    order.push_back(site);
    for (const auto [other, edge] : graph.neighbours(site)) {
      if (removed[other]) continue;
      bucket[--degree[other]].push_back(other);
      d = std::min(d, degree[other]);
    }
  }
  std::reverse(order.begin(), order.end());
  return order;
}

using Neighbourhood = boost::adjacency_matrix<boost::undirectedS>;

/// Collects the cliques of one site's neighbourhood that, with the site, have it as smallest
/// member.
struct Collect {
  int site;
  const std::vector<int>& members;
  std::vector<std::vector<int>>& cliques;

  template <class Clique>
  void clique(const Clique& found, const Neighbourhood&) {
    std::vector<int> sites{site};
    for (const auto vertex : found) {
      if (members[vertex] < site) return;
      sites.push_back(members[vertex]);
    }
    std::sort(sites.begin(), sites.end());
    cliques.push_back(std::move(sites));
  }
};

/// Takes the members' positions back.
struct Forget {
  const std::vector<int>& members;
  std::vector<int>& position;
  ~Forget() {
    for (const int member : members) position[member] = -1;
  }
};

/// Whether a member is a neighbour of all `count` others that have a position. O(degree).
bool is_joined_to_all(const Graph& graph, int member, const std::vector<int>& position, int count) {
  std::vector<int> found;
  for (const auto [other, edge] : graph.neighbours(member))
    if (position[other] >= 0) found.push_back(other);
  std::sort(found.begin(), found.end());
  found.erase(std::unique(found.begin(), found.end()), found.end());
  return std::ssize(found) == count - 1;
}

std::vector<int> everyone(int count) {
  std::vector<int> all(count);
  std::iota(all.begin(), all.end(), 0);
  return all;
}

}  // namespace

Colouring colour(const Graph& graph) {
  Colouring result{std::vector<int>(graph.sites(), -1), 0};
  if (!two_colours(graph, result.colour)) {
    std::fill(result.colour.begin(), result.colour.end(), -1);
    std::vector<int> taken_by;  // taken_by[c] = the last site that has a neighbour of colour c
    for (const int site : smallest_last(graph)) {
      taken_by.resize(std::max<std::size_t>(taken_by.size(), graph.degree(site) + 1), -1);
      for (const auto [other, edge] : graph.neighbours(site))
        if (const int c = result.colour[other]; c >= 0) {
          taken_by.resize(std::max<std::size_t>(taken_by.size(), c + 1), -1);
          taken_by[c] = site;
        }
      int c = 0;
      while (taken_by[c] == site) ++c;
      result.colour[site] = c;
    }
  }
  for (const int c : result.colour) result.colours = std::max(result.colours, c + 1);
  return result;
}

std::vector<std::vector<int>> maximal_cliques(const Graph& graph) {
  std::vector<std::vector<int>> cliques;
  std::vector<int> position(graph.sites(), -1);  // of a site among the members
  for (int site = 0; site < graph.sites(); ++site) {
    std::vector<int> members;
    for (const auto [other, edge] : graph.neighbours(site)) members.push_back(other);
    std::sort(members.begin(), members.end());
    members.erase(std::unique(members.begin(), members.end()), members.end());
    if (members.empty()) {
      cliques.push_back({site});
      continue;
    }
    if (members.back() < site) continue;  // every clique here belongs to a smaller site
    const int count = static_cast<int>(members.size());
    for (int k = 0; k < count; ++k) position[members[k]] = k;
    const Forget forget{members, position};
    if (is_joined_to_all(graph, members.front(), position, count) && members.front() < site)
      continue;  // and is in every clique here
    // A maximal clique that holds the site is the site and a maximal clique among its neighbours.
    Neighbourhood neighbourhood(members.size());
    std::vector<int> seen(count, -1);
    std::int64_t edges = 0;
    for (int k = 0; k < count; ++k)
      for (const auto [other, edge] : graph.neighbours(members[k])) {
        const int l = position[other];
        if (l <= k || seen[l] == k) continue;
        seen[l] = k;
        boost::add_edge(k, l, neighbourhood);
        ++edges;
      }
    Collect collect{site, members, cliques};
    if (edges == std::int64_t{count} * (count - 1) / 2)  // one clique, for which a search is O(n^3)
      collect.clique(everyone(count), neighbourhood);
    else
      boost::bron_kerbosch_all_cliques(neighbourhood, collect, 1);
  }
  std::sort(cliques.begin(), cliques.end());
  return cliques;
}

}  // namespace quartic
