#include "learn/hidden_step.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "core/exact_sum.hpp"
#include "quartic/field/hidden_sites.hpp"

namespace quartic {

template <class T>
double most_of_hidden(const FieldSamples<T>& drawn, const Parameters& parameters,
                      std::span<const double> step, double radius) {
  if (drawn.draws == 0) return std::numeric_limits<double>::infinity();
  const FeatureStatistics<T> joint(drawn, parameters);
  const auto projected = joint.project(step);
  const auto square_of = [](double x) { return x * x; };
  const double count = joint.count(),
               kl = exact_sum(drawn.team(), projected, square_of) / count / 2;
  const Graph& graph = parameters.graph();
  Action change(std::make_shared<Graph>(graph));
  parameters.scatter(step, change);
  const double gap = 1 - graph.hidden_low();
  double most = 0;
  const int own = drawn.end() - drawn.begin();
  std::vector<double> j(drawn.own_count());
  for (int site = graph.visible_sites(); site < graph.sites(); ++site) {
    for (int n = 0; n < drawn.draws * own; ++n)
      hidden_field(change, site, drawn.block(n / own, drawn.begin() + n % own),
                   std::span(j).subspan(static_cast<std::size_t>(n) * drawn.lanes, drawn.lanes));
    const double square = exact_sum(drawn.team(), j, square_of);
    most = std::max(most, gap * gap / 8 * square / count);
  }
  return std::min(std::sqrt(radius / kl), std::sqrt(first_trust_radius / most));
}

template double most_of_hidden(const FieldSamples<float>&, const Parameters&,
                               std::span<const double>, double);
template double most_of_hidden(const FieldSamples<double>&, const Parameters&,
                               std::span<const double>, double);

}  // namespace quartic
