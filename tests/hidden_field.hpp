// Fields with a few hidden units, and what is exact of them.
#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include "exact_field.hpp"
#include "learn_fixtures.hpp"
#include "quartic/field/hidden_sites.hpp"

namespace quartic::testing {

/// Couplings of order one on a small lattice, those of hidden units times `strength`.
inline Action hidden_action(const char* lattice, int extent, int hidden, HiddenValues values,
                            bool gates, std::uint64_t seed, double strength = 1) {
  const auto graph =
      std::make_shared<Graph>(lattice_graph(lattice, extent, false), hidden, values, gates);
  Action action = inhomogeneous_action(graph, seed);
  const int visible = graph->visible_sites();
  RandomStream random(seed, Stream::check, 502);
  for (int e = graph->visible_edges(); e < graph->edge_count(); ++e)
    action.w[e] = strength * (e < graph->first_gate() ? 1.5 : 0.5) * random.normal();
  for (int i = visible; i < graph->sites(); ++i) {
    action.r[i] = random.normal();
    action.a[i] = action.b[i] = 0;
  }
  return action;
}

/// The action of phi alone at the k-th of all states of the hidden units, and -ln of their weight.
struct GivenHidden {
  Action action;
  double s = 0;
};
inline GivenHidden given_hidden(const Action& action, int k) {
  const Graph& graph = *action.graph;
  GivenHidden out{visible_part(action)};
  const int visible = graph.visible_sites(), hidden = graph.hidden_sites();
  for (int j = 0; j < hidden; ++j) {
    const double h = (k >> j & 1) != 0 ? 1 : graph.hidden_low();
    out.s += action.r[visible + j] * h;
    for (int i = 0; i < visible; ++i) {
      const int e = graph.visible_edges() + i * hidden + j;
      out.action.r[i] -= action.w[e] * h;
      if (graph.gated()) out.action.a[i] -= action.w[graph.first_gate() + i * hidden + j] * h;
    }
  }
  return out;
}

/// ln Z, the hidden units summed over and the others by quadrature.
inline double exact_hidden_log_z(const Action& action, int nodes = 40, double half_width = 5) {
  std::vector<double> terms;
  for (int k = 0; k < 1 << action.graph->hidden_sites(); ++k) {
    const auto given = given_hidden(action, k);
    terms.push_back(exact_log_z(given.action, nodes, half_width) - given.s);
  }
  const double most = *std::max_element(terms.begin(), terms.end());
  double sum = 0;
  for (const double term : terms) sum += std::exp(term - most);
  return most + std::log(sum);
}

/// -ln sum_h exp(-S(phi, h)), state by state.
inline double brute_marginal_action(const Action& action, std::span<const double> phi) {
  std::vector<double> all(phi.begin(), phi.end());
  const Graph& graph = *action.graph;
  all.resize(graph.sites());
  double sum = 0;
  for (int k = 0; k < 1 << graph.hidden_sites(); ++k) {
    for (int j = 0; j < graph.hidden_sites(); ++j)
      all[graph.visible_sites() + j] = (k >> j & 1) != 0 ? 1 : graph.hidden_low();
    sum += std::exp(-action.evaluate(all));
  }
  return -std::log(sum);
}

}  // namespace quartic::testing
