#include "quartic/stats/overlap.hpp"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

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

Overlap measure_overlap(std::span<const double> difference, int chains) {
  if (chains < 2 || difference.empty() ||
      difference.size() % static_cast<std::size_t>(chains) != 0) {
    throw BadInput("the overlap needs at least two chains of equal length, got " +
                       std::to_string(difference.size()) + " values in " + std::to_string(chains) +
                       " chains",
                   "give chains * draws values, draw running fastest");
  }
  double centre = 0;
  for (const double d : difference) centre += d;
  centre /= static_cast<double>(difference.size());
  const double least = *std::min_element(difference.begin(), difference.end());

  const int draws = static_cast<int>(difference.size() / static_cast<std::size_t>(chains));
  const ChainSet set{chains, draws};
  // Whole chains are independent; bins of few chains are, once they are much longer than tau.
  const double tau = whole_chains(set) ? 0 : estimate_series(difference, chains).tau;
  const auto groups = jackknife_groups({&set, 1}, independent_bin(tau));
  std::vector<std::vector<double>> sums(groups.size(), std::vector<double>(4));
  for (int g = 0; g < groups.size(); ++g) {
    for (const double d : difference.subspan(groups.first[g], groups.length(g))) {
      const double w = std::exp(least - d), x = d - centre;
      sums[g][0] += x, sums[g][1] += x * x, sums[g][2] += w, sums[g][3] += w * w;
    }
  }
  const auto estimate = jackknife(
      groups, sums, 5, [&](auto means, auto out) { evaluate(means, centre, least, out); });
  const Estimate variance = estimate[1];
  return {estimate[0], variance,    estimate[2],
          estimate[3], estimate[4], {variance.value / 2, variance.error / 2}};
}

}  // namespace quartic
