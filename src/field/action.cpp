#include "quartic/field/action.hpp"

#include <fmt/format.h>

#include <Eigen/SparseCholesky>
#include <algorithm>
#include <cmath>
#include <utility>

#include "quartic/core/error.hpp"

namespace quartic {
namespace {

std::string place(const Action& action, CouplingKind kind, std::size_t index) {
  if (kind != CouplingKind::w) return fmt::format("{} of site {}", name(kind), index);
  const auto [i, j] = action.graph->edges()[index];
  return fmt::format("w of edge {}-{}", i, j);
}

std::optional<std::string> why_not_finite(const Action& action) {
  for (const auto kind : all_coupling_kinds) {
    const auto& values = action.couplings(kind);
    for (std::size_t k = 0; k < values.size(); ++k) {
      if (!std::isfinite(values[k]))
        return fmt::format("{} is {}", place(action, kind, k), values[k]);
      if (kind == CouplingKind::b && values[k] < 0) {
        return fmt::format("b of site {} is {:g} < 0: exp(-S) grows without bound", k, values[k]);
      }
    }
  }
  return std::nullopt;
}

/// a, less by the most that hidden sites can take from it through gates.
double least_a(const Action& action, int site) {
  const Graph& graph = *action.graph;
  double a = action.a[site];
  for (const auto& n : graph.neighbours(site))
    if (n.edge >= graph.first_gate())
      a -= std::max(action.w[n.edge], graph.hidden_low() * action.w[n.edge]);
  return a;
}

/// Positive definiteness of sum a phi^2 - sum w phi phi on the sites with b = 0. The first pivot of
/// L D L^T that is not positive names the site.
std::optional<std::string> why_not_definite(const Action& action,
                                            const std::vector<int>& gaussian) {
  std::vector<int> index(action.graph->sites(), -1);
  for (std::size_t k = 0; k < gaussian.size(); ++k) index[gaussian[k]] = static_cast<int>(k);
  std::vector<Eigen::Triplet<double>> entries;
  for (const int i : gaussian) entries.emplace_back(index[i], index[i], 2 * least_a(action, i));
  for (int e = 0; e < action.graph->edge_count(); ++e) {
    const auto [i, j] = action.graph->edges()[e];
    if (index[i] < 0 || index[j] < 0) continue;
    entries.emplace_back(index[i], index[j], -action.w[e]);
    entries.emplace_back(index[j], index[i], -action.w[e]);
  }
  const int n = static_cast<int>(gaussian.size());
  Eigen::SparseMatrix<double> form(n, n);
  form.setFromTriplets(entries.begin(), entries.end());
  const Eigen::SimplicialLDLT<Eigen::SparseMatrix<double>> cholesky(form);
  const auto pivots = cholesky.vectorD();  // valid up to and including the first that vanishes
  int bad = -1;
  for (int k = 0; k < n && bad < 0; ++k) {
    const int index_k = cholesky.permutationPinv().indices()[k];
    if (!(pivots[k] > 1e-12 * std::abs(2 * action.a[gaussian[index_k]]))) bad = index_k;
  }
  if (bad < 0) return std::nullopt;
  return fmt::format(
      "b = 0 at site {} (a = {:g}) and the quadratic form of the sites with b = 0 is not positive "
      "definite",
      gaussian[bad], action.a[gaussian[bad]]);
}

}  // namespace

Action::Action(std::shared_ptr<const Graph> on)
    : graph(std::move(on)),
      w(graph->edge_count(), 0.0),
      r(graph->sites(), 0.0),
      a(graph->sites(), 0.0),
      b(graph->sites(), 0.0) {}

Action Action::uniform(std::shared_ptr<const Graph> graph, double w, double r, double a, double b) {
  Action action(std::move(graph));
  std::fill(action.w.begin(), action.w.end(), w);
  std::fill(action.r.begin(), action.r.end(), r);
  std::fill(action.a.begin(), action.a.end(), a);
  std::fill(action.b.begin(), action.b.end(), b);
  return action;
}

Action Action::lattice_theory(std::shared_ptr<const Graph> graph, double kappa, double mu2,
                              double lambda) {
  Action action = uniform(std::move(graph), kappa, 0, 0, lambda / 4);
  for (int i = 0; i < action.graph->sites(); ++i)
    action.a[i] = (mu2 + action.graph->degree(i) * kappa) / 2;
  return action;
}

std::vector<double>& Action::couplings(CouplingKind kind) {
  std::vector<double>* const all[] = {&w, &r, &a, &b};
  return *all[static_cast<int>(kind)];
}
const std::vector<double>& Action::couplings(CouplingKind kind) const {
  const std::vector<double>* const all[] = {&w, &r, &a, &b};
  return *all[static_cast<int>(kind)];
}

double Action::evaluate(std::span<const double> phi) const {
  double sum = 0;
  for (int e = 0; e < graph->edge_count(); ++e) {
    const auto [i, j] = graph->edges()[e];
    sum -= w[e] * (e < graph->first_gate() ? phi[i] : phi[i] * phi[i]) * phi[j];
  }
  for (int i = 0; i < graph->sites(); ++i) {
    const double x = phi[i], x2 = x * x;
    sum += r[i] * x + x2 * (a[i] + b[i] * x2);
  }
  return sum;
}

double Action::local_field(int site, std::span<const double> phi) const {
  double sum = -r[site];
  for (const auto& n : graph->neighbours(site)) {
    if (n.edge < graph->first_gate())
      sum += w[n.edge] * phi[n.site];
    else if (graph->is_hidden(site))
      sum += w[n.edge] * phi[n.site] * phi[n.site];
  }
  return sum;
}

std::optional<std::string> why_not_normalisable(const Action& action) {
  if (auto reason = why_not_finite(action)) return reason;
  std::vector<int> gaussian;
  for (int i = 0; i < action.graph->visible_sites(); ++i)
    if (action.b[i] == 0) gaussian.push_back(i);
  if (gaussian.empty()) return std::nullopt;
  return why_not_definite(action, gaussian);
}

void require_normalisable(const Action& action) {
  if (const auto reason = why_not_normalisable(action)) {
    throw BadInput("the action is not normalisable: " + *reason,
                   "every b > 0 makes any action normalisable");
  }
}

}  // namespace quartic
