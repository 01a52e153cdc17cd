// Sums over sites of a power: phi, phi2, phi4, phi6.
#include "field/lane_sum.hpp"
#include "field/term_kind.hpp"

namespace quartic {
namespace {

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

}  // namespace

std::unique_ptr<Term> make_phi(const TermSpec& spec, const Graph& graph) {
  return std::make_unique<PowerTerm<1>>(spec, graph);
}
std::unique_ptr<Term> make_phi2(const TermSpec& spec, const Graph& graph) {
  return std::make_unique<PowerTerm<2>>(spec, graph);
}
std::unique_ptr<Term> make_phi4(const TermSpec& spec, const Graph& graph) {
  return std::make_unique<PowerTerm<4>>(spec, graph);
}
std::unique_ptr<Term> make_phi6(const TermSpec& spec, const Graph& graph) {
  return std::make_unique<PowerTerm<6>>(spec, graph);
}

void bound_phi6(const TermSpec& spec, const Graph&, const TermBound& bound) {
  for (std::size_t i = 0; i < bound.sextic.size(); ++i) bound.sextic[i] += coupling_of(spec, i);
}

}  // namespace quartic
