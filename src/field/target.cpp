#include "quartic/field/target.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "field/term_kind.hpp"
#include "quartic/core/aligned.hpp"
#include "quartic/core/error.hpp"
#include "quartic/core/random.hpp"
#include "quartic/graph/ball.hpp"

namespace quartic {
namespace {

class FunctionTerm : public Term {
 public:
  explicit FunctionTerm(TargetFunction function) : function_(std::move(function)) {}
  void evaluate(FieldBlock<const float> phi, std::span<double> out) const override {
    call(phi, out);
  }
  void evaluate(FieldBlock<const double> phi, std::span<double> out) const override {
    call(phi, out);
  }
  const FieldFunction* function() const override { return &function_.value; }
  bool has(SitePart part) const override { return static_cast<bool>(function_.part(part)); }
  /// Nobody says: of random fields a few sites' are changed, and the densities tell how far it is
  /// felt. O(V).
  int reach(const Graph& graph, int most) const override;
  void add(SitePart part, double coupling, FieldBlock<const float> phi,
           FieldBlock<double> out) const override {
    const AlignedVector<double> wide(phi.data, phi.data + values(phi));
    add(part, coupling, FieldBlock<const double>{wide.data(), phi.sites, phi.lanes}, out);
  }
  void add(SitePart part, double coupling, FieldBlock<const double> phi,
           FieldBlock<double> out) const override {
    AlignedVector<double> own(values(phi));
    function_.part(part)(phi, {own.data(), phi.sites, phi.lanes});
    for (std::size_t n = 0; n < own.size(); ++n) out.data[n] += coupling * own[n];
  }

 private:
  template <class T>
  static std::ptrdiff_t values(FieldBlock<const T> phi) {
    return static_cast<std::ptrdiff_t>(phi.sites) * phi.lanes;
  }
  template <class T>
  void call(FieldBlock<const T> phi, std::span<double> out) const {
    evaluate_function<T>(
        function_.value, 1, [&](int) { return phi; }, out);
  }

  TargetFunction function_;
};

int FunctionTerm::reach(const Graph& graph, int most) const {
  constexpr int lanes = 8;  // the first is as it was
  constexpr double felt = 1e-6;
  const int sites = graph.sites();
  RandomStream random(1, Stream::check, 0);
  AlignedVector<double> phi(static_cast<std::size_t>(sites) * lanes), density(phi.size());
  for (int i = 0; i < sites; ++i)
    std::fill_n(phi.begin() + static_cast<std::ptrdiff_t>(i) * lanes, lanes, random.normal());
  std::array<int, lanes> changed{};
  for (int lane = 1; lane < lanes; ++lane) {
    changed[lane] = static_cast<int>(random.uniform() * sites);
    phi[static_cast<std::size_t>(changed[lane]) * lanes + lane] += 0.5;
  }
  function_.part(SitePart::density)({phi.data(), sites, lanes}, {density.data(), sites, lanes});
  std::array<double, lanes> largest{};
  const auto change = [&](int site, int lane) {
    const double* of_site = density.data() + static_cast<std::ptrdiff_t>(site) * lanes;
    return std::abs(of_site[lane] - of_site[0]);
  };
  for (int i = 0; i < sites; ++i)
    for (int lane = 1; lane < lanes; ++lane)
      largest[lane] = std::max(largest[lane], change(i, lane));
  int longest = 0;
  GraphBall ball(graph);
  for (int i = 0; i < sites && longest <= most; ++i)
    for (int lane = 1; lane < lanes; ++lane)
      if (change(i, lane) > felt * largest[lane])
        longest = std::max(longest, ball.distance(changed[lane], i, most));
  return longest;
}

}  // namespace

std::vector<Edge> term_pairs(const TermSpec& spec, const Graph& graph) {
  const auto& kind = term_kind(spec, graph);
  return kind.pairs != nullptr ? kind.pairs(spec, graph) : std::vector<Edge>{};
}

std::unique_ptr<Term> make_term(const TermSpec& spec, const Graph& graph) {
  return term_kind(spec, graph).make(spec, graph);
}

std::unique_ptr<Term> make_function(const TermSpec& spec, const Graph& /*graph*/) {
  if (spec.function.value) return std::make_unique<FunctionTerm>(spec.function);
  throw BadInput("target term 'function' is a function of the program that began the run",
                 "go on in that program: in Python, quartic.resume(run, target=f)");
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

Target Target::chosen(bool functions) const {
  Target out;
  for (int k = 0; k < size(); ++k)
    if ((terms_[k]->function() != nullptr) == functions) out.add(couplings_[k], terms_[k]);
  return out;
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

bool Target::has(SitePart part) const {
  return std::all_of(terms_.begin(), terms_.end(),
                     [part](const auto& term) { return term->has(part); });
}

template <class T>
void Target::add(SitePart part, FieldBlock<const T> phi, FieldBlock<double> out) const {
  for (int k = 0; k < size(); ++k) terms_[k]->add(part, couplings_[k].real(), phi, out);
}

int Target::reach(const Graph& graph, int most) const {
  int longest = 0;
  for (const auto& term : terms_) longest = std::max(longest, term->reach(graph, most));
  return longest;
}

template void Target::add(SitePart, FieldBlock<const float>, FieldBlock<double>) const;
template void Target::add(SitePart, FieldBlock<const double>, FieldBlock<double>) const;
template void Target::evaluate(FieldBlock<const float>, std::span<double>) const;
template void Target::evaluate(FieldBlock<const double>, std::span<double>) const;

}  // namespace quartic
