// Sums of products of two sites: nn, nnn, edges, pairs.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "field/lane_sum.hpp"
#include "field/term_kind.hpp"
#include "quartic/core/error.hpp"
#include "quartic/graph/ball.hpp"
#include "quartic/graph/graph.hpp"
#include "quartic/graph/lattice.hpp"

namespace quartic {
namespace {

class ProductTerm : public TermOf<ProductTerm> {
 public:
  ProductTerm(std::vector<Edge> pairs, const TermSpec& spec)
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
  template <class T>
  void add_part(SitePart part, double coupling, FieldBlock<const T> phi,
                FieldBlock<double> out) const {
    for (std::size_t k = 0; k < pairs_.size(); ++k) {
      const double c = coupling * (weights_.empty() ? 1 : weights_[k]);
      const T *x = phi.site(pairs_[k].first), *y = phi.site(pairs_[k].second);
      double *first = out.site(pairs_[k].first), *second = out.site(pairs_[k].second);
      if (part == SitePart::gradient) {
        for (int lane = 0; lane < phi.lanes; ++lane)
          first[lane] += c * y[lane], second[lane] += c * x[lane];
        continue;
      }
      for (int lane = 0; lane < phi.lanes; ++lane) {
        const double half = c / 2 * x[lane] * y[lane];
        first[lane] += half, second[lane] += half;
      }
    }
  }
  int reach(const Graph& graph, int most) const override {
    GraphBall ball(graph);
    int longest = 0;
    for (const Edge& pair : pairs_)
      longest = std::max(longest, ball.distance(pair.first, pair.second, most));
    return longest;
  }

 private:
  std::vector<Edge> pairs_;
  std::vector<double> weights_;
};

}  // namespace

std::vector<Edge> edges_of(const TermSpec&, const Graph& graph) {
  return {graph.edges().begin(), graph.edges().end()};
}

std::vector<Edge> nearest_pairs_of(const TermSpec& spec, const Graph& graph) {
  return graph.lattice() == nullptr ? edges_of(spec, graph) : nearest_pairs(*graph.lattice());
}

std::vector<Edge> diagonal_pairs_of(const TermSpec&, const Graph& graph) {
  return diagonal_pairs(*graph.lattice());
}

std::vector<Edge> listed_pairs(const TermSpec& spec, const Graph& graph) {
  if (spec.edge_file.empty() == spec.displacement.empty()) {
    throw BadInput("target term 'pairs' needs either a displacement or an edge file",
                   "displacement = [2, 0] on a lattice, edges = \"pairs.txt\" elsewhere");
  }
  if (spec.edge_file.empty()) {
    require_lattice(spec, graph);
    return pairs_at(*graph.lattice(), spec.displacement);
  }
  if (!read_edge_weights(spec.edge_file).empty())
    throw BadInput(
        fmt::format("{} has a third column, which a target term does not take", spec.edge_file),
        "weights = [...], one a pair, in its [[target]]");
  const Graph listed = read_edge_list(spec.edge_file);
  if (listed.sites() > graph.sites()) {
    throw BadInput(fmt::format("{} names site {}, but the graph has {} sites", spec.edge_file,
                               listed.sites() - 1, graph.sites()),
                   "sites count from 0: name pairs of the graph's own sites");
  }
  return {listed.edges().begin(), listed.edges().end()};
}

std::unique_ptr<Term> make_products(const TermSpec& spec, const Graph& graph) {
  return std::make_unique<ProductTerm>(term_pairs(spec, graph), spec);
}

}  // namespace quartic
