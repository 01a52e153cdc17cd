#include "quartic/field/hidden_sites.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "quartic/core/aligned.hpp"
#include "quartic/field/features.hpp"

namespace quartic {
namespace {

/// ln (e^(low j) + e^j), and the mean of h.
struct TwoValued {
  double log_normaliser, mean;
  TwoValued(double low, double j) {
    const double gap = (1 - low) * j, odds = std::exp(-std::abs(gap));  // of the rarer value
    const double upper = gap >= 0 ? 1 / (1 + odds) : odds / (1 + odds);
    log_normaliser = std::max(j, low * j) + std::log1p(odds);
    mean = low + (1 - low) * upper;
  }
};

}  // namespace

QuarticMoments site_moments(const Action& action, int site, double j) {
  if (!action.graph->is_hidden(site)) return quartic_moments(action.a[site], action.b[site], j);
  const double low = action.graph->hidden_low();
  const TwoValued h(low, j);
  // h^2 is 1, or h itself.
  const double square = low < 0 ? 1 : h.mean;
  return {h.log_normaliser, h.mean, square, square};
}

Action visible_part(const Action& action) {
  const Graph& graph = *action.graph;
  if (graph.hidden_sites() == 0) return action;
  Action out(graph.visible());
  for (const auto kind : all_coupling_kinds) {
    auto& values = out.couplings(kind);
    std::copy_n(action.couplings(kind).begin(), values.size(), values.begin());
  }
  return out;
}

template <class T>
void hidden_field(const Action& action, int site, FieldBlock<const T> phi, std::span<double> out) {
  const Graph& graph = *action.graph;
  std::fill(out.begin(), out.end(), -action.r[site]);
  for (const auto& n : graph.neighbours(site)) {
    const double w = action.w[n.edge];
    const bool gate = n.edge >= graph.first_gate();
    const T* x = phi.site(n.site);
    for (int lane = 0; lane < phi.lanes; ++lane) {
      const auto value = static_cast<double>(x[lane]);
      out[lane] += w * (gate ? value * value : value);
    }
  }
}

template <class T>
void expect_hidden(const Action& action, FieldBlock<T> phi, std::span<double> entropy) {
  const Graph& graph = *action.graph;
  const double low = graph.hidden_low();
  std::vector<double> j(phi.lanes);
  for (int site = graph.visible_sites(); site < graph.sites(); ++site) {
    hidden_field<T>(action, site, phi, j);
    T* out = phi.site(site);
    for (int lane = 0; lane < phi.lanes; ++lane) {
      const TwoValued h(low, j[lane]);
      out[lane] = static_cast<T>(h.mean);
      if (!entropy.empty())
        entropy[lane] += h.log_normaliser - j[lane] * static_cast<double>(out[lane]);
    }
  }
}

template <class T>
void evaluate_marginal_action(const Action& action, FieldBlock<const T> phi,
                              std::span<double> out) {
  if (action.graph->hidden_sites() == 0) return evaluate_action(action, phi, out);
  AlignedVector<T> copy(phi.data, phi.data + static_cast<std::ptrdiff_t>(phi.sites) * phi.lanes);
  const FieldBlock<T> expected{copy.data(), phi.sites, phi.lanes};
  std::vector<double> entropy(phi.lanes);
  expect_hidden(action, expected, std::span(entropy));
  evaluate_action(action, FieldBlock<const T>(expected), out);
  for (int lane = 0; lane < phi.lanes; ++lane) out[lane] -= entropy[lane];
}

double evaluate_marginal_action(const Action& action, std::span<const double> phi) {
  const Graph& graph = *action.graph;
  if (graph.hidden_sites() == 0) return action.evaluate(phi);
  std::vector<double> all(phi.begin(), phi.begin() + graph.visible_sites());
  all.resize(graph.sites());  // h = 0: what is left is S of the others
  double sum = action.evaluate(all);
  for (int site = graph.visible_sites(); site < graph.sites(); ++site)
    sum -= TwoValued(graph.hidden_low(), action.local_field(site, all)).log_normaliser;
  return sum;
}

template void hidden_field(const Action&, int, FieldBlock<const float>, std::span<double>);
template void hidden_field(const Action&, int, FieldBlock<const double>, std::span<double>);
template void expect_hidden(const Action&, FieldBlock<float>, std::span<double>);
template void expect_hidden(const Action&, FieldBlock<double>, std::span<double>);
template void evaluate_marginal_action(const Action&, FieldBlock<const float>, std::span<double>);
template void evaluate_marginal_action(const Action&, FieldBlock<const double>, std::span<double>);

}  // namespace quartic
