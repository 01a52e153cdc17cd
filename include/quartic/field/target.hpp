// Target actions A = sum_k g_k A^(k): terms, their couplings, and the registry of terms by name.
#pragma once

#include <complex>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "quartic/field/field_block.hpp"
#include "quartic/field/field_function.hpp"
#include "quartic/graph/graph.hpp"

namespace quartic {

/// One term A^(k) of a target action, evaluated for all lanes of a block at once.
class Term {
 public:
  virtual ~Term() = default;
  /// out[lane] = A^(k)(phi of that lane); float64 accumulation in fixed order.
  virtual void evaluate(FieldBlock<const float> phi, std::span<double> out) const = 0;
  virtual void evaluate(FieldBlock<const double> phi, std::span<double> out) const = 0;
  /// The user's function that the term is; null for others.
  virtual const FieldFunction* function() const { return nullptr; }
  /// Whether the term is known site by site.
  virtual bool has(SitePart /*part*/) const { return false; }
  /// out[site][lane] += coupling * the term's part, where it has it. A product shares its density
  /// equally among its sites.
  virtual void add(SitePart /*part*/, double /*coupling*/, FieldBlock<const float> /*phi*/,
                   FieldBlock<double> /*out*/) const {}
  virtual void add(SitePart /*part*/, double /*coupling*/, FieldBlock<const double> /*phi*/,
                   FieldBlock<double> /*out*/) const {}
  /// The most edges between two sites of one product; beyond `most`: most + 1.
  virtual int reach(const Graph& /*graph*/, int /*most*/) const { return 0; }
};

/// What a user says of a term: its registered name, its coupling, and what that name needs besides.
struct TermSpec {
  std::string name;                     ///< one of term_names()
  std::complex<double> coupling = 1.0;  ///< g_k; real for learning
  std::vector<int> displacement;        ///< for "pairs" on a lattice
  std::string edge_file;                ///< for "pairs" on an edge list (text, as read_edge_list)
  std::vector<double> weights;   ///< a weight a site (powers) or a pair (products); empty: 1 each
  TargetFunction function = {};  ///< of "function"; no file can hold it
};

/// The registered names: nn, nnn, edges, pairs, phi, phi2, phi4, phi6, plaquette, function.
///   nn         sum over nearest pairs phi_i phi_j (a lattice's axes; all edges of other graphs)
///   nnn        sum over diagonal pairs
///   edges      sum over the graph's edges
///   pairs      sum over pairs at a displacement, or over an edge list's pairs
///   phi phi2 phi4 phi6    sum over sites of that power
///   plaquette  sum over elementary squares of the product of the four corners
///   function   the user's own
std::span<const std::string_view> term_names();

/// Builds a term. Throws BadInput for an unknown name (nearest suggested), a term the graph has no
/// neighbours for, or weights of the wrong length.
std::unique_ptr<Term> make_term(const TermSpec& spec, const Graph& graph);

/// The pairs that a term of products (nn, nnn, edges, pairs) sums over; nothing for other terms.
/// Throws BadInput as make_term does.
std::vector<Edge> term_pairs(const TermSpec& spec, const Graph& graph);

/// Throws BadInput where exp(-Re A) cannot be normalised on the graph, naming the term or the site,
/// and as make_term does; nothing is known of a function. phi6 decides where it is there; else
/// phi4, with plaquettes bounded by |abcd| <= (a^4 + b^4 + c^4 + d^4) / 4; where phi4 vanishes too,
/// the quadratic form has to be positive definite.
void require_normalisable(std::span<const TermSpec> target,
                          const std::shared_ptr<const Graph>& graph);

/// A = sum_k g_k A^(k).
class Target {
 public:
  Target() = default;
  Target(std::span<const TermSpec> specs, const Graph& graph);
  void add(std::complex<double> coupling, std::shared_ptr<const Term> term);

  int size() const { return static_cast<int>(terms_.size()); }
  std::complex<double> coupling(int k) const { return couplings_[k]; }
  const Term& term(int k) const { return *terms_[k]; }
  bool real() const;
  /// Its terms that are functions of the user's, and the others.
  Target functions() const { return chosen(true); }
  Target known() const { return chosen(false); }

  /// out[lane] = A, real part of the couplings. O(terms).
  template <class T>
  void evaluate(FieldBlock<const T> phi, std::span<double> out) const;

  /// Whether all terms have it.
  bool has(SitePart part) const;
  /// out[site][lane] += that part of A, real part of the couplings. O(terms).
  template <class T>
  void add(SitePart part, FieldBlock<const T> phi, FieldBlock<double> out) const;
  /// The longest reach of its terms.
  int reach(const Graph& graph, int most) const;

 private:
  Target chosen(bool functions) const;

  std::vector<std::complex<double>> couplings_;
  std::vector<std::shared_ptr<const Term>> terms_;
};

}  // namespace quartic
