// The inhomogeneous phi^4 action on a graph.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "quartic/core/words.hpp"
#include "quartic/graph/graph.hpp"

namespace quartic {

/// The couplings theta = {w_ij, r_i, a_i, b_i} by kind, in the order used everywhere.
enum class CouplingKind : int { w = 0, r = 1, a = 2, b = 3 };
inline constexpr CouplingKind all_coupling_kinds[] = {CouplingKind::w, CouplingKind::r,
                                                      CouplingKind::a, CouplingKind::b};
template <>
inline constexpr auto words_of<CouplingKind> = word_list("w", "r", "a", "b");
inline constexpr int coupling_kinds = words_of<CouplingKind>.size();

/// S(phi; theta) = - sum_<ij> w_ij phi_i phi_j + sum_i ( r_i phi_i + a_i phi_i^2 + b_i phi_i^4 ),
/// p = exp(-S) / Z with Lebesgue measure (Bachtis, Aarts, Lucini, Phys. Rev. D 103, 074510). Of
/// the graph's hidden sites phi_i is the two-valued h_i, and a_i = b_i = 0 mean nothing.
///
/// Usage:
///
///     const auto graph = std::make_shared<Graph>(make_lattice({"square", {4, 4}, {true, true}}));
///     const Action action = Action::lattice_theory(graph, 1, -0.9515, 0.7);
///     const double value = action.evaluate(std::vector<double>(16, 0.5));
struct Action {
  std::shared_ptr<const Graph> graph;
  std::vector<double> w;  ///< one an edge, in the graph's edge order
  std::vector<double> r;  ///< one a site
  std::vector<double> a;  ///< one a site
  std::vector<double> b;  ///< one a site

  /// All couplings zero.
  explicit Action(std::shared_ptr<const Graph> graph);
  /// The same coupling everywhere.
  static Action uniform(std::shared_ptr<const Graph> graph, double w, double r, double a, double b);
  /// The homogeneous lattice theory kappa/2 (grad phi)^2 + mu^2/2 phi^2 + lambda/4 phi^4:
  /// w = kappa, a = (mu^2 + degree * kappa) / 2, b = lambda/4 (degree = 2d on a periodic lattice).
  static Action lattice_theory(std::shared_ptr<const Graph> graph, double kappa, double mu2,
                               double lambda);

  std::vector<double>& couplings(CouplingKind kind);
  const std::vector<double>& couplings(CouplingKind kind) const;

  /// S of one configuration (one value a site). O(V + E), float64.
  double evaluate(std::span<const double> phi) const;
  /// The field j_i = sum_j w_ij phi_j - r_i that a site's conditional
  /// p(phi_i | rest) ~ exp(-b_i x^4 - a_i x^2 + j_i x) feels; a_i is less by what hidden sites give
  /// through gates. O(degree).
  double local_field(int site, std::span<const double> phi) const;
};

/// Why an action is not normalisable, or nothing. exp(-S) is integrable where every b_i > 0, or no
/// b_i < 0 (of sites that are not hidden, whose h are summed over) and the quadratic form sum a_i
/// phi_i^2 - sum w_ij phi_i phi_j restricted to the sites with b_i = 0 is positive definite (sparse
/// Cholesky). The reason names the site and the coupling.
std::optional<std::string> why_not_normalisable(const Action& action);

/// Throws BadInput with that reason.
void require_normalisable(const Action& action);

}  // namespace quartic
