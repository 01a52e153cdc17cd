#include "quartic/field/factorisation.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "quartic/core/error.hpp"
#include "quartic/core/random.hpp"
#include "quartic/graph/structure.hpp"

namespace quartic {
namespace {

constexpr std::array grid{-1.75, -1.0, -0.5, 0.0, 0.4, 1.1, 1.8};
constexpr int max_sites = 256;

std::vector<double> random_configuration(int sites, RandomStream& random) {
  std::vector<double> phi(sites);
  for (double& x : phi) x = random.normal();
  return phi;
}

/// Sum of the absolute values of all terms of S: what its rounding error is measured against.
double magnitude(const Action& action, std::span<const double> phi) {
  double sum = 0;
  for (int e = 0; e < action.graph->edge_count(); ++e) {
    const auto [i, j] = action.graph->edges()[e];
    sum += std::abs(action.w[e] * phi[i] * phi[j]);
  }
  for (int i = 0; i < action.graph->sites(); ++i) {
    const double x = std::abs(phi[i]), x2 = x * x;
    sum += std::abs(action.r[i]) * x + x2 * (std::abs(action.a[i]) + std::abs(action.b[i]) * x2);
  }
  return sum;
}

/// ln p(phi_site = x | rest) on the grid, normalised over the grid, from S alone.
std::array<double, grid.size()> log_conditional(const Action& action, int site,
                                                std::vector<double> phi) {
  std::array<double, grid.size()> log_p;
  for (std::size_t k = 0; k < grid.size(); ++k) {
    phi[site] = grid[k];
    log_p[k] = -action.evaluate(phi);
  }
  const double top = *std::max_element(log_p.begin(), log_p.end());
  double sum = 0;
  for (const double l : log_p) sum += std::exp(l - top);
  for (double& l : log_p) l -= top + std::log(sum);
  return log_p;
}

template <class Row>
double max_difference(const Row& left, const Row& right) {
  double largest = 0;
  for (std::size_t k = 0; k < left.size(); ++k)
    largest = std::max(largest, std::abs(left[k] - right[k]));
  return largest;
}

void require_configurations(int configurations) {
  if (configurations < 1)
    throw BadInput(
        "a check needs at least one configuration, got " + std::to_string(configurations),
        "ask for 1 or more");
}

}  // namespace

Factorisation::Factorisation(const Action& action)
    : action_(action),
      cliques_(maximal_cliques(*action.graph)),
      edges_(cliques_.size()),
      site_share_(action.graph->sites(), 0),
      edge_share_(action.graph->edge_count(), 0) {
  for (std::size_t c = 0; c < cliques_.size(); ++c) {
    for (const int site : cliques_[c]) {
      ++site_share_[site];
      for (const auto [other, edge] : action.graph->neighbours(site)) {
        if (other < site || !std::binary_search(cliques_[c].begin(), cliques_[c].end(), other))
          continue;
        edges_[c].push_back(edge);
        ++edge_share_[edge];
      }
    }
  }
}

double Factorisation::log_factor(int clique, std::span<const double> phi) const {
  double sum = 0;
  for (const int e : edges_[clique]) {
    const auto [i, j] = action_.graph->edges()[e];
    sum += action_.w[e] * phi[i] * phi[j] / edge_share_[e];
  }
  for (const int i : cliques_[clique]) {
    const double x = phi[i], x2 = x * x;
    sum -= (action_.r[i] * x + x2 * (action_.a[i] + action_.b[i] * x2)) / site_share_[i];
  }
  return sum;
}

double factorisation_defect(const Action& action, int configurations, std::uint64_t seed) {
  require_configurations(configurations);
  const Factorisation factorisation(action);
  const int cliques = static_cast<int>(factorisation.cliques().size());
  double largest = 0;
  for (int k = 0; k < configurations; ++k) {
    RandomStream random(seed, Stream::check, static_cast<std::uint64_t>(k));
    const auto phi = random_configuration(action.graph->sites(), random);
    double sum = action.evaluate(phi);
    for (int c = 0; c < cliques; ++c) sum += factorisation.log_factor(c, phi);
    largest = std::max(largest, std::abs(sum) / std::max(1.0, magnitude(action, phi)));
  }
  return largest;
}

MarkovCheck check_markov(const Action& action, int configurations, std::uint64_t seed) {
  require_configurations(configurations);
  require_normalisable(action);
  const Graph& graph = *action.graph;
  const int sites = graph.sites(), checked = std::min(sites, max_sites);
  MarkovCheck result{0, 0, true};
  for (int k = 0; k < configurations; ++k) {
    RandomStream random(seed, Stream::check, static_cast<std::uint64_t>(k));
    for (int n = 0; n < checked; ++n) {
      const int site = static_cast<int>(static_cast<std::int64_t>(n) * sites / checked);
      const auto before = random_configuration(sites, random);
      auto after = random_configuration(sites, random);
      for (const auto [other, edge] : graph.neighbours(site)) after[other] = before[other];
      const auto base = log_conditional(action, site, before);
      const double change = max_difference(base, log_conditional(action, site, after));
      // Each S carries a rounding error of at most a few ulp of its terms for each term added, of
      // the order of the square root of their number in practice.
      auto widest = before;
      for (int i = 0; i < sites; ++i) widest[i] = std::max(std::abs(before[i]), std::abs(after[i]));
      widest[site] = grid.back();
      const double rounding = 16 * std::numeric_limits<double>::epsilon() *
                              (1 + std::sqrt(sites + graph.edge_count())) *
                              (1 + magnitude(action, widest));
      result.holds = result.holds && change <= rounding;
      result.max_change = std::max(result.max_change, change);
      if (graph.degree(site) == 0) continue;
      auto control = before;
      const auto list = graph.neighbours(site);
      control[list[k % list.size()].site] = random.normal();
      result.max_control = std::max(result.max_control,
                                    max_difference(base, log_conditional(action, site, control)));
    }
  }
  return result;
}

}  // namespace quartic
