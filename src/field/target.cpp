#include "quartic/field/target.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <utility>

#include "field/lane_sum.hpp"
#include "quartic/core/aligned.hpp"
#include "quartic/core/error.hpp"
#include "quartic/core/suggest.hpp"
#include "quartic/graph/edge_list.hpp"
#include "quartic/graph/lattice.hpp"

namespace quartic {
namespace {

constexpr std::string_view names[] = {"nn",   "nnn",  "edges", "pairs",    "phi",
                                      "phi2", "phi4", "phi6",  "plaquette"};

/// Writes both precisions of Term::evaluate in terms of one template `sum<T>`.
template <class Derived>
class TermOf : public Term {
 public:
  void evaluate(FieldBlock<const float> phi, std::span<double> out) const override {
    self().sum(phi, out);
  }
  void evaluate(FieldBlock<const double> phi, std::span<double> out) const override {
    self().sum(phi, out);
  }

 private:
  const Derived& self() const { return static_cast<const Derived&>(*this); }
};

void require_weights(const TermSpec& spec, std::size_t count, std::string_view what) {
  if (!spec.weights.empty() && spec.weights.size() != count) {
    throw BadInput(fmt::format("target term '{}' has {} weights for {} {}", spec.name,
                               spec.weights.size(), count, what));
  }
}

class PairTerm : public TermOf<PairTerm> {
 public:
  PairTerm(std::vector<Edge> pairs, const TermSpec& spec)
      : pairs_(std::move(pairs)), weights_(spec.weights) {
    if (pairs_.empty()) {
      throw BadInput(fmt::format("target term '{}': the graph has no such pairs", spec.name),
                     "drop the term or choose a larger lattice");
    }
    require_weights(spec, pairs_.size(), "pairs");
  }
  template <class T>
  void sum(FieldBlock<const T> phi, std::span<double> out) const {
    sum_over(pairs_.size(), phi.lanes, out, [&](std::size_t k, int lane) {
      const double product = static_cast<double>(phi.site(pairs_[k].first)[lane]) *
                             static_cast<double>(phi.site(pairs_[k].second)[lane]);
      return weights_.empty() ? product : weights_[k] * product;
    });
  }

 private:
  std::vector<Edge> pairs_;
  std::vector<double> weights_;
};

template <int kPower>
class PowerTerm : public TermOf<PowerTerm<kPower>> {
 public:
  PowerTerm(const TermSpec& spec, const Graph& graph) : weights_(spec.weights) {
    require_weights(spec, static_cast<std::size_t>(graph.sites()), "sites");
  }
  template <class T>
  void sum(FieldBlock<const T> phi, std::span<double> out) const {
    sum_over(static_cast<std::size_t>(phi.sites), phi.lanes, out, [&](std::size_t k, int lane) {
      const double x = phi.site(static_cast<std::ptrdiff_t>(k))[lane], x2 = x * x;
      const double power = kPower == 1   ? x
                           : kPower == 2 ? x2
                           : kPower == 4 ? x2 * x2
                                         : x2 * x2 * x2;
      return weights_.empty() ? power : weights_[k] * power;
    });
  }

 private:
  std::vector<double> weights_;
};

class PlaquetteTerm : public TermOf<PlaquetteTerm> {
 public:
  PlaquetteTerm(std::vector<std::array<int, 4>> squares, const TermSpec& spec)
      : squares_(std::move(squares)), weights_(spec.weights) {
    require_weights(spec, squares_.size(), "plaquettes");
  }
  template <class T>
  void sum(FieldBlock<const T> phi, std::span<double> out) const {
    sum_over(squares_.size(), phi.lanes, out, [&](std::size_t k, int lane) {
      double product = weights_.empty() ? 1.0 : weights_[k];
      for (const int site : squares_[k]) product *= static_cast<double>(phi.site(site)[lane]);
      return product;
    });
  }

 private:
  std::vector<std::array<int, 4>> squares_;
  std::vector<double> weights_;
};

class FunctionTerm : public Term {
 public:
  explicit FunctionTerm(TermFunction function) : function_(std::move(function)) {}
  void evaluate(FieldBlock<const float> phi, std::span<double> out) const override {
    const AlignedVector<double> wide(phi.data,
                                     phi.data + static_cast<std::ptrdiff_t>(phi.sites) * phi.lanes);
    function_({wide.data(), phi.sites, phi.lanes}, out);
  }
  void evaluate(FieldBlock<const double> phi, std::span<double> out) const override {
    function_(phi, out);
  }

 private:
  TermFunction function_;
};

const Lattice& lattice_of(const TermSpec& spec, const Graph& graph) {
  if (graph.lattice() != nullptr) return *graph.lattice();
  throw BadInput(
      fmt::format("target term '{}' needs a lattice, but the graph is an edge list", spec.name),
      "use 'edges', or 'pairs' with an edge file");
}

std::vector<Edge> listed_pairs(const TermSpec& spec, const Graph& graph) {
  if (spec.edge_file.empty() == spec.displacement.empty()) {
    throw BadInput("target term 'pairs' needs either a displacement or an edge file");
  }
  if (spec.edge_file.empty()) return pairs_at(lattice_of(spec, graph), spec.displacement);
  const Graph listed = read_edge_list(spec.edge_file);
  if (listed.sites() > graph.sites()) {
    throw BadInput(fmt::format("{} names site {}, but the graph has {} sites", spec.edge_file,
                               listed.sites() - 1, graph.sites()));
  }
  return {listed.edges().begin(), listed.edges().end()};
}

std::vector<Edge> edges_of(const Graph& graph) {
  return {graph.edges().begin(), graph.edges().end()};
}

std::unique_ptr<Term> build(const TermSpec& spec, const Graph& graph) {
  const auto& name = spec.name;
  if (name == "nn" || name == "nnn" || name == "edges" || name == "pairs")
    return std::make_unique<PairTerm>(term_pairs(spec, graph), spec);
  if (name == "phi") return std::make_unique<PowerTerm<1>>(spec, graph);
  if (name == "phi2") return std::make_unique<PowerTerm<2>>(spec, graph);
  if (name == "phi4") return std::make_unique<PowerTerm<4>>(spec, graph);
  if (name == "phi6") return std::make_unique<PowerTerm<6>>(spec, graph);
  if (name == "plaquette")
    return std::make_unique<PlaquetteTerm>(plaquettes(lattice_of(spec, graph)), spec);
  const auto near = nearest_name(name, names);
  throw BadInput(fmt::format("unknown target term '{}'", name),
                 near.empty() ? fmt::format("use one of {}", fmt::join(names, ", "))
                              : fmt::format("did you mean '{}'?", near));
}

}  // namespace

std::span<const std::string_view> term_names() {
  return names;
}

std::vector<Edge> term_pairs(const TermSpec& spec, const Graph& graph) {
  const auto& name = spec.name;
  if (name == "edges" || (name == "nn" && graph.lattice() == nullptr)) return edges_of(graph);
  if (name == "nn") return nearest_pairs(*graph.lattice());
  if (name == "nnn") return diagonal_pairs(lattice_of(spec, graph));
  return name == "pairs" ? listed_pairs(spec, graph) : std::vector<Edge>{};
}

std::unique_ptr<Term> make_term(const TermSpec& spec, const Graph& graph) {
  return build(spec, graph);
}

std::unique_ptr<Term> make_function_term(TermFunction function) {
  return std::make_unique<FunctionTerm>(std::move(function));
}

Target::Target(std::span<const TermSpec> specs, const Graph& graph) {
  for (const auto& spec : specs) add(spec.coupling, make_term(spec, graph));
}

void Target::add(std::complex<double> coupling, std::shared_ptr<const Term> term) {
  couplings_.push_back(coupling);
  terms_.push_back(std::move(term));
}

bool Target::real() const {
  return std::all_of(couplings_.begin(), couplings_.end(),
                     [](const auto& g) { return g.imag() == 0; });
}

template <class T>
void Target::evaluate(FieldBlock<const T> phi, std::span<double> out) const {
  std::fill(out.begin(), out.end(), 0.0);
  std::vector<double> term(out.size());
  for (int k = 0; k < size(); ++k) {
    terms_[k]->evaluate(phi, term);
    const double coupling = couplings_[k].real();
    for (std::size_t lane = 0; lane < out.size(); ++lane) out[lane] += coupling * term[lane];
  }
}

template void Target::evaluate(FieldBlock<const float>, std::span<double>) const;
template void Target::evaluate(FieldBlock<const double>, std::span<double>) const;

}  // namespace quartic
