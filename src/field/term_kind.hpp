// The kinds of target terms: what is known of each, one row a kind in term_kinds.cpp.
#pragma once

#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "quartic/field/action.hpp"
#include "quartic/field/target.hpp"

namespace quartic {

enum class TermNeeds { graph, lattice };

/// A lower bound of Re A = sum_i sextic_i phi_i^6 + (an action's terms), to which a term adds.
struct TermBound {
  std::vector<double>& sextic;
  std::vector<double>& quartic;  ///< coefficients of phi_i^4
};

struct TermKind {
  std::string_view name;
  TermNeeds needs;
  std::unique_ptr<Term> (*make)(const TermSpec&, const Graph&);
  /// What a sum of products of two sites runs over; null for other terms.
  std::vector<Edge> (*pairs)(const TermSpec&, const Graph&) = nullptr;
  /// The coupling of an action that the term is; products of pairs are w.
  std::optional<CouplingKind> coupling = {};
  /// Adds a bound of the term, where it is none of an action's.
  void (*bound)(const TermSpec&, const Graph&, const TermBound&) = nullptr;
};

/// The row of a name, after a look at what it needs. Throws BadInput for an unknown name, or a
/// graph that is no lattice where one is needed.
const TermKind& term_kind(const TermSpec& spec, const Graph& graph);

/// Throws BadInput where the graph is no lattice.
void require_lattice(const TermSpec& spec, const Graph& graph);

/// Of one site, pair or plaquette: Re g times its weight.
inline double coupling_of(const TermSpec& spec, std::size_t k) {
  return spec.coupling.real() * (spec.weights.empty() ? 1.0 : spec.weights[k]);
}

/// Throws BadInput where a term has weights, but not `count`.
void require_weights(const TermSpec& spec, std::size_t count, std::string_view what);

/// Writes both precisions of Term::evaluate in terms of one template `sum<T>`, and of Term::add in
/// terms of `add_part<T>`.
template <class Derived>
class TermOf : public Term {
 public:
  void evaluate(FieldBlock<const float> phi, std::span<double> out) const override {
    self().sum(phi, out);
  }
  void evaluate(FieldBlock<const double> phi, std::span<double> out) const override {
    self().sum(phi, out);
  }
  bool has(SitePart) const override { return true; }
  void add(SitePart part, double coupling, FieldBlock<const float> phi,
           FieldBlock<double> out) const override {
    self().add_part(part, coupling, phi, out);
  }
  void add(SitePart part, double coupling, FieldBlock<const double> phi,
           FieldBlock<double> out) const override {
    self().add_part(part, coupling, phi, out);
  }

 private:
  const Derived& self() const { return static_cast<const Derived&>(*this); }
};

}  // namespace quartic
