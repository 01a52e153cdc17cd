// Sums over sites of a power: phi, phi2, phi4, phi6.
#include "field/lane_sum.hpp"
#include "field/term_kind.hpp"

namespace quartic {
namespace {

template <int kPower>
double raised(double x) {
  double out = 1;
  for (int k = 0; k < kPower; ++k) out *= x;
  return out;
}

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
  template <class T>
  void add_part(SitePart part, double coupling, FieldBlock<const T> phi,
                FieldBlock<double> out) const {
    constexpr int derived = kPower - 1;
    for (int i = 0; i < phi.sites; ++i) {
      const double c = coupling * (weights_.empty() ? 1 : weights_[static_cast<std::size_t>(i)]);
      const T* x = phi.site(i);
      double* to = out.site(i);
      for (int lane = 0; lane < phi.lanes; ++lane) {
        to[lane] += part == SitePart::density ? c * raised<kPower>(x[lane])
                                              : c * kPower * raised<derived>(x[lane]);
      }
    }
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
