// Sum over elementary squares of the product of the four corners.
#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "field/lane_sum.hpp"
#include "field/term_kind.hpp"
#include "quartic/graph/ball.hpp"
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
  template <class T>
  void add_part(SitePart part, double coupling, FieldBlock<const T> phi,
                FieldBlock<double> out) const {
    for (std::size_t k = 0; k < squares_.size(); ++k) {
      const double c = coupling * (weights_.empty() ? 1 : weights_[k]);
      for (const int own : squares_[k]) {
        double* to = out.site(own);
        for (int lane = 0; lane < phi.lanes; ++lane) {
          double product = part == SitePart::density ? c / 4 : c;
          for (const int site : squares_[k])
            if (part == SitePart::density || site != own)
              product *= static_cast<double>(phi.site(site)[lane]);
          to[lane] += product;
        }
      }
    }
  }
  int reach(const Graph& graph, int most) const override {
    GraphBall ball(graph);
    int longest = 0;
    for (const auto& square : squares_)
      for (const int one : square)
        for (const int other : square) longest = std::max(longest, ball.distance(one, other, most));
    return longest;
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
