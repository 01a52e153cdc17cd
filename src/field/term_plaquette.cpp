// Sum over elementary squares of the product of the four corners.
#include <array>
#include <cmath>
#include <utility>

#include "field/lane_sum.hpp"
#include "field/term_kind.hpp"
#include "quartic/graph/lattice.hpp"

namespace quartic {
namespace {

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

}  // namespace

std::unique_ptr<Term> make_plaquette(const TermSpec& spec, const Graph& graph) {
  return std::make_unique<PlaquetteTerm>(plaquettes(*graph.lattice()), spec);
}

/// g abcd >= -|g| (a^4 + b^4 + c^4 + d^4) / 4.
void bound_plaquette(const TermSpec& spec, const Graph& graph, const TermBound& bound) {
  const auto squares = plaquettes(*graph.lattice());
  for (std::size_t k = 0; k < squares.size(); ++k)
    for (const int site : squares[k]) bound.quartic[site] -= std::abs(coupling_of(spec, k)) / 4;
}

}  // namespace quartic
