#include "quartic/stats/overlap.hpp"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "core/exact_sum.hpp"
#include "quartic/core/autocorrelation.hpp"
#include "quartic/core/error.hpp"
#include "quartic/stats/jackknife.hpp"

namespace quartic {
namespace {

/// From the means of x, x^2, w, w^2 with x = D - centre and w = exp(least - D), so that nothing
/// cancels or overflows: <D>, Var D, ln<w>, ESS, gap.
void evaluate(std::span<const double> means, double centre, double least, std::span<double> out) {
  // Without the group that carries all weight, means are lost in the rounding of the difference:
  // the error is then tens, which says that it is not known.
  constexpr double lost = 1e-16;
  const double weight = std::max(means[2], lost), square = std::max(means[3], lost * lost);
  const double mean = centre + means[0], log_weight = std::log(weight) - least;
  out[0] = mean;
  out[1] = std::max(means[1] - means[0] * means[0], 0.0);
  out[2] = log_weight;
  out[3] = std::min(weight * weight / square, 1.0);
  out[4] = std::max(mean + log_weight, 0.0);
}

}  // namespace

Overlap measure_overlap(std::span<const double> difference, int chains, const OwnChains& part) {
  const Team& team = part.team ? *part.team : alone();
  const int own = part.team ? part.count : chains;
  if (chains < 2 || difference.empty() || difference.size() % static_cast<std::size_t>(own) != 0) {
    throw BadInput("the overlap needs at least two chains of equal length, got " +
                       std::to_string(difference.size()) + " values in " + std::to_string(chains) +
                       " chains",
                   "give chains * draws values, draw running fastest");
  }
  const int draws = static_cast<int>(difference.size() / static_cast<std::size_t>(own));
  const ChainSet set{chains, draws};
  const double centre =
      exact_sum(team, difference, [](double d) { return d; }) / static_cast<double>(set.samples());
  double greatest = -*std::min_element(difference.begin(), difference.end());
  team.max(std::span(&greatest, 1));
  const double least = -greatest;

  // Whole chains are independent; bins of few chains are, once they are much longer than tau.
  double tau = 0;
  if (!whole_chains(set)) {
    std::vector<double> all(difference.begin(), difference.end());
    if (team.several()) {
      all.resize(set.samples());
      gather(team, part.shares, difference, std::span(all), set.samples() / part.shares.count,
             true);
    }
    tau = estimate_series(all, chains).tau;
  }
  const auto groups = jackknife_groups({&set, 1}, independent_bin(tau));
  const std::size_t first = static_cast<std::size_t>(part.team ? part.first : 0) * draws;
  std::vector<std::size_t> group;  // of every own sample
  for (int g = 0; g < groups.size(); ++g)
    for (std::size_t n = std::max(groups.first[g], first);
         n < std::min(groups.first[g + 1], first + difference.size()); ++n)
      group.push_back(g);
  std::vector<double> weight;
  for (const double d : difference) weight.push_back(std::exp(least - d));
  const auto total = exact_sums(
      team, 1, 4, difference.size(), groups.size(),
      [&](std::size_t k, std::size_t n) {
        const double x = difference[n] - centre, w = weight[n];
        return k == 0 ? x : k == 1 ? x * x : k == 2 ? w : w * w;
      },
      [&](std::size_t n) { return group[n]; });
  std::vector<std::vector<double>> sums;
  for (int g = 0; g < groups.size(); ++g)
    sums.emplace_back(total.begin() + 4 * g, total.begin() + 4 * (g + 1));
  const auto estimate = jackknife(
      groups, sums, 5, [&](auto means, auto out) { evaluate(means, centre, least, out); });
  const Estimate variance = estimate[1];
  return {estimate[0], variance,    estimate[2],
          estimate[3], estimate[4], {variance.value / 2, variance.error / 2}};
}

}  // namespace quartic
