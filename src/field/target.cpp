#include "quartic/field/target.hpp"

#include <algorithm>
#include <utility>

#include "field/term_kind.hpp"

namespace quartic {
std::vector<Edge> term_pairs(const TermSpec& spec, const Graph& graph) {
  const auto& kind = term_kind(spec, graph);
  return kind.pairs != nullptr ? kind.pairs(spec, graph) : std::vector<Edge>{};
}

std::unique_ptr<Term> make_term(const TermSpec& spec, const Graph& graph) {
  return term_kind(spec, graph).make(spec, graph);
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
