#include "learn/hidden_step.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "quartic/field/hidden_sites.hpp"

namespace quartic {

template <class T>
double most_of_hidden(const FieldSamples<T>& drawn, const Parameters& parameters,
                      std::span<const double> step, double radius) {
  if (drawn.draws == 0) return std::numeric_limits<double>::infinity();
  const FeatureStatistics<T> joint(drawn, parameters);
  const auto projected = joint.project(step);
  const double count = joint.count(), kl = dot(projected, projected) / count / 2;
  const Graph& graph = parameters.graph();
  Action change(std::make_shared<Graph>(graph));
  parameters.scatter(step, change);
  const double gap = 1 - graph.hidden_low();
  double most = 0;
  std::vector<double> j(drawn.lanes);
  for (int site = graph.visible_sites(); site < graph.sites(); ++site) {
    double square = 0;
    for (int n = 0; n < drawn.draws * drawn.blocks; ++n) {
      const auto phi = drawn.block(n / drawn.blocks, n % drawn.blocks);
      hidden_field(change, site, phi, std::span(j));
      square += dot(j, j);
    }
    most = std::max(most, gap * gap / 8 * square / count);
  }
  return std::min(std::sqrt(radius / kl), std::sqrt(first_trust_radius / most));
}

template double most_of_hidden(const FieldSamples<float>&, const Parameters&,
                               std::span<const double>, double);
template double most_of_hidden(const FieldSamples<double>&, const Parameters&,
                               std::span<const double>, double);

}  // namespace quartic
