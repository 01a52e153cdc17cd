#include "quartic/field/action_path.hpp"

#include <algorithm>
#include <cmath>

#include "quartic/core/error.hpp"
#include "quartic/core/quartic_density.hpp"
#include "quartic/field/hidden_sites.hpp"

namespace quartic {
namespace {

/// of_x x + of_y y, coupling by coupling.
Action combine(const Action& x, const Action& y, double of_x, double of_y) {
  if (x.graph->edge_count() != y.graph->edge_count() || x.graph->sites() != y.graph->sites())
    throw BadInput("a path joins two actions on one graph, but these have different ones",
                   "extend() puts an action on a larger graph");
  Action out(y.graph);
  for (const auto kind : all_coupling_kinds) {
    const auto &from = x.couplings(kind), &to = y.couplings(kind);
    auto& between = out.couplings(kind);
    for (std::size_t k = 0; k < between.size(); ++k) between[k] = of_x * from[k] + of_y * to[k];
  }
  return out;
}

}  // namespace

Action ActionPath::at(double beta) const {
  return combine(from, to, 1 - beta, beta);
}

Action ActionPath::difference() const {
  return combine(from, to, -1, 1);
}

Action uncoupled(const Action& action) {
  Action out = action;
  std::fill(out.w.begin(), out.w.end(), 0.0);
  return out;
}

double uncoupled_free_energy(const Action& action) {
  if (std::any_of(action.w.begin(), action.w.end(), [](double w) { return w != 0; }))
    throw BadInput("the free energy of coupled sites is no product of single-site integrals",
                   "set every w to 0 (uncoupled), or measure it by free_energy");
  const int sites = action.graph->visible_sites();
  std::vector<double> j(sites), log_normaliser(sites);
  for (int i = 0; i < sites; ++i) j[i] = -action.r[i];
  quartic_moments(std::span(action.a).first(sites), std::span(action.b).first(sites), j,
                  log_normaliser, {}, {}, {});
  double sum = 0;
  for (const double z : log_normaliser) sum -= z;
  for (int i = sites; i < action.graph->sites(); ++i)
    sum -= site_moments(action, i, -action.r[i]).log_normaliser;
  return sum;
}

}  // namespace quartic
