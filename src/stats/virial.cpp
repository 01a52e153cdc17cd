#include "quartic/stats/virial.hpp"

#include <cmath>
#include <vector>

#include "quartic/core/error.hpp"

namespace quartic {
namespace {

double virial_of(const Action& action, std::span<const float> phi) {
  double sum = 0;
  const auto edges = action.graph->edges();
  for (std::size_t e = 0; e < edges.size(); ++e)
    sum -= 2 * action.w[e] * phi[edges[e].first] * phi[edges[e].second];
  for (std::size_t i = 0; i < phi.size(); ++i) {
    const double x = phi[i], square = x * x;
    sum += action.r[i] * x + 2 * action.a[i] * square + 4 * action.b[i] * square * square;
  }
  return sum / static_cast<double>(phi.size());
}

}  // namespace

Estimate virial(const Action& action, std::span<const float> phi, int chains) {
  const std::size_t sites = action.graph->sites();
  if (chains < 2 || phi.empty() || phi.size() % (chains * sites) != 0)
    throw BadInput("the virial needs configurations of two chains or more, equally many of each",
                   "give chains * draws configurations, site running fastest");
  const std::size_t draws = phi.size() / chains / sites;
  std::vector<double> means(chains);
  double mean = 0, square = 0;
  for (int chain = 0; chain < chains; ++chain) {
    for (std::size_t draw = 0; draw < draws; ++draw)
      means[chain] += virial_of(action, phi.subspan((chain * draws + draw) * sites, sites)) /
                      static_cast<double>(draws);
    mean += means[chain] / chains;
  }
  for (const double x : means) square += (x - mean) * (x - mean);
  return {mean, std::sqrt(square / (chains - 1) / chains)};
}

}  // namespace quartic
