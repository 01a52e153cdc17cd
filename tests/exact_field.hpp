// ln Z of small fields by quadrature, for tests.
#pragma once

#include <cmath>
#include <vector>

#include "quartic/field/action.hpp"

namespace quartic::testing {

/// By the trapezoidal rule, which for such integrands converges faster than any power, summing one
/// site after the other: the table holds the sites that later ones still touch. Cost: nodes^(size
/// of that frontier + 1), so for up to about 3 x 3 sites.
inline double exact_log_z(const Action& action, int nodes = 40, double half_width = 4) {
  const Graph& graph = *action.graph;
  const double step = 2 * half_width / (nodes - 1);
  const auto node = [&](int k) { return -half_width + k * step; };
  const int sites = graph.sites();
  // last[i]: the last site that touches i.
  std::vector<int> last(sites);
  for (int i = 0; i < sites; ++i) last[i] = i;
  for (const auto& [i, j] : graph.edges())
    last[i] = std::max(last[i], j), last[j] = std::max(last[j], i);
  std::vector<int> frontier;       // sites of the table, the first slowest
  std::vector<double> table{1.0};  // nodes^frontier.size()
  double scale = 0;
  for (int s = 0; s < sites; ++s) {
    // Adds site s as the fastest index.
    std::vector<double> coupling(frontier.size());
    for (int e = 0; e < graph.edge_count(); ++e) {
      const auto [i, j] = graph.edges()[e];
      for (std::size_t f = 0; f < frontier.size(); ++f)
        if ((i == s && j == frontier[f]) || (j == s && i == frontier[f]))
          coupling[f] += action.w[e];
    }
    std::vector<double> local(nodes);
    for (int k = 0; k < nodes; ++k) {
      const double x = node(k);
      local[k] = step * std::exp(-x * (action.r[s] + x * (action.a[s] + action.b[s] * x * x)));
    }
    // exp(coupling x y) by frontier site and both nodes.
    std::vector<double> pair(frontier.size() * nodes * nodes);
    for (std::size_t f = 0; f < frontier.size(); ++f)
      for (int i = 0; i < nodes; ++i)
        for (int k = 0; k < nodes; ++k)
          pair[(f * nodes + i) * nodes + k] = std::exp(coupling[f] * node(i) * node(k));
    std::vector<double> larger(table.size() * nodes);
    for (std::size_t t = 0; t < table.size(); ++t) {
      double* out = larger.data() + t * nodes;
      for (int k = 0; k < nodes; ++k) out[k] = table[t] * local[k];
      std::size_t index = t;
      for (std::size_t f = frontier.size(); f-- > 0; index /= nodes) {
        if (coupling[f] == 0) continue;
        const double* factor = pair.data() + (f * nodes + index % nodes) * nodes;
        for (int k = 0; k < nodes; ++k) out[k] *= factor[k];
      }
    }
    frontier.push_back(s);
    table = std::move(larger);
    // Sums out what no later site touches.
    for (std::size_t f = frontier.size(); f-- > 0;) {
      if (last[frontier[f]] > s) continue;
      std::size_t inner = 1;
      for (std::size_t g = f + 1; g < frontier.size(); ++g) inner *= nodes;
      std::vector<double> smaller(table.size() / nodes);
      for (std::size_t t = 0; t < table.size(); ++t)
        smaller[t / (inner * nodes) * inner + t % inner] += table[t];
      table = std::move(smaller);
      frontier.erase(frontier.begin() + static_cast<std::ptrdiff_t>(f));
    }
    double most = 0;
    for (const double x : table) most = std::max(most, x);
    for (double& x : table) x /= most;
    scale += std::log(most);
  }
  return scale + std::log(table[0]);
}

}  // namespace quartic::testing
