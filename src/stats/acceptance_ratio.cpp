#include "quartic/stats/acceptance_ratio.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/math/tools/roots.hpp>
#include <cmath>
#include <optional>
#include <utility>

#include "quartic/core/error.hpp"
#include "quartic/stats/jackknife.hpp"
#include "quartic/stats/overlap.hpp"

namespace quartic {
namespace {

/// The works without group `group` of `groups` groups of neighbouring trajectories.
std::vector<double> without(std::span<const double> work, std::size_t group, std::size_t groups) {
  const std::size_t begin = group * work.size() / groups, end = (group + 1) * work.size() / groups;
  std::vector<double> kept(work.begin(), work.begin() + static_cast<std::ptrdiff_t>(begin));
  kept.insert(kept.end(), work.begin() + static_cast<std::ptrdiff_t>(end), work.end());
  return kept;
}

double acceptance(double x) {
  return 1 / (1 + std::exp(x));
}

/// Sum over works of the acceptance f(w + constant), and of its derivative f (1 - f).
struct WorkAcceptance {
  double sum = 0, slope = 0;
};
WorkAcceptance accept(std::span<const double> work, double constant) {
  WorkAcceptance out;
  for (const double w : work) {
    const double f = acceptance(w + constant);
    out.sum += f, out.slope += f * (1 - f);
  }
  return out;
}

struct Solution {
  double difference, overlap;
};

/// Newton's method within brackets: the imbalance of acceptances grows with dF, and changes sign
/// between the extreme works.
Solution solve(std::span<const double> forward, std::span<const double> reverse,
               std::optional<double> guess = {}) {
  const double forwards = static_cast<double>(forward.size()),
               reverses = static_cast<double>(reverse.size());
  const double m = std::log(forwards / reverses);
  const auto [f_low, f_high] = std::minmax_element(forward.begin(), forward.end());
  const auto [r_low, r_high] = std::minmax_element(reverse.begin(), reverse.end());
  const double margin = std::abs(m) + 1;
  const double low = std::min(*f_low, -*r_high) - margin,
               high = std::max(*f_high, -*r_low) + margin;
  const auto imbalance = [&](double d) {
    const WorkAcceptance f = accept(forward, m - d), r = accept(reverse, d - m);
    return std::pair(f.sum - r.sum, f.slope + r.slope);
  };
  constexpr int bits = 40;
  const double d = boost::math::tools::newton_raphson_iterate(
      imbalance, guess.value_or((low + high) / 2), low, high, bits);
  // With n_F = n_R the two mean acceptances are equal, and each is half the overlap.
  return {d, accept(forward, -d).sum / forwards + accept(reverse, d).sum / reverses};
}

void require_works(std::span<const double> work, const char* direction) {
  if (work.size() < 2)
    throw BadInput(fmt::format("the acceptance ratio needs at least two {} trajectories, got {}",
                               direction, work.size()),
                   "anneal more chains");
  if (!std::all_of(work.begin(), work.end(), [](double w) { return std::isfinite(w); }))
    throw BadInput(fmt::format("a {} work is not finite", direction),
                   "take more and smaller annealing steps");
}

/// By Crooks dF = c + ln <f(W_R + c)>_R / <f(W_F - c)>_F for every c: reverse works alone decide
/// for c -> infinity, forward ones for c -> -infinity. The difference of the answers at dF + 2 and
/// dF
/// - 2 vanishes where both belong to one dF, and unlike that of the two exponential averages it is
/// one of bounded functions, normal also where few trajectories carry an exponential.
double disagreement(std::span<const double> forward, std::span<const double> reverse,
                    double difference) {
  const auto answer = [&](double c) {
    return c + std::log(accept(reverse, c).sum / static_cast<double>(reverse.size())) -
           std::log(accept(forward, -c).sum / static_cast<double>(forward.size()));
  };
  return answer(difference + 2) - answer(difference - 2);
}

Estimate negative(const Estimate& x) {
  return {-x.value, x.error};
}

/// Says where the numbers are not to be trusted.
void judge(WorkEstimate& w, const Estimate& apart, std::size_t groups) {
  constexpr double min_overlap = 0.1;
  constexpr std::size_t min_groups = 32;  // below, the error of `apart` is itself too uncertain
  const double rounding = 1e-10 * (1 + std::abs(w.forward.value));
  if (w.overlap.value < min_overlap) {
    w.ok = false;
    w.reason = fmt::format(
        "forward and reverse work overlap by {:.2g} only, {} is the least to be trusted",
        w.overlap.value, min_overlap);
  } else if (groups >= min_groups && std::abs(apart.value) > 4 * apart.error + rounding) {
    w.ok = false;
    w.reason = fmt::format(
        "the two directions disagree, {:.6g} forward and {:.6g} reverse: the fields at the coupled "
        "end are not in equilibrium",
        w.forward.value, w.reverse.value);
  }
}

}  // namespace

WorkEstimate acceptance_ratio(std::span<const double> forward, std::span<const double> reverse) {
  require_works(forward, "forward");
  require_works(reverse, "reverse");
  const std::size_t groups = std::min({forward.size(), reverse.size(), std::size_t{64}});
  const Solution best = solve(forward, reverse);
  JackknifeGroups split{{0}, std::vector<int>(groups, 0)};
  const double apart = disagreement(forward, reverse, best.difference);
  std::vector<std::vector<double>> deviation;
  for (std::size_t group = 0; group < groups; ++group) {
    const auto there = without(forward, group, groups), back = without(reverse, group, groups);
    const auto left = solve(there, back, best.difference);
    deviation.push_back({left.difference - best.difference, left.overlap - best.overlap,
                         disagreement(there, back, left.difference) - apart});
    split.first.push_back((group + 1) * forward.size() / groups);
  }
  const auto errors = jackknife_errors(split, deviation);
  const Overlap f = measure_overlap(forward, static_cast<int>(forward.size()));
  const Overlap r = measure_overlap(reverse, static_cast<int>(reverse.size()));
  WorkEstimate result;
  result.difference = {best.difference, errors[0]};
  result.overlap = {best.overlap, errors[1]};
  result.forward = negative(f.log_mean_weight), result.reverse = r.log_mean_weight;
  result.upper = f.difference, result.lower = negative(r.difference);
  result.forward_ess = f.weight_ess, result.reverse_ess = r.weight_ess;
  judge(result, {apart, errors[2]}, groups);
  return result;
}

LadderEstimate ladder_ratio(const std::vector<std::vector<double>>& forward,
                            const std::vector<std::vector<double>>& reverse, int chains) {
  if (forward.empty() || forward.size() != reverse.size())
    throw BadInput("a ladder of ensembles needs works in both directions of every pair",
                   "give forward and reverse a vector of works for every pair of neighbours");
  std::vector<double> departure(forward.front().size());
  LadderEstimate result;
  double total = 0;
  for (std::size_t pair = 0; pair < forward.size(); ++pair) {
    const auto &there = forward[pair], &back = reverse[pair];
    require_works(there, "forward"), require_works(back, "reverse");
    if (there.size() != departure.size() || back.size() != departure.size())
      throw BadInput("a ladder of ensembles needs as many samples of every one",
                     "draw equally often from every ensemble");
    const auto [difference, overlap] = solve(there, back);
    const double slope = accept(there, -difference).slope + accept(back, difference).slope;
    const double scale = static_cast<double>(there.size()) / slope;
    for (std::size_t n = 0; n < there.size(); ++n)
      departure[n] +=
          scale * (acceptance(back[n] + difference) - acceptance(there[n] - difference));
    result.step.push_back(difference);
    result.overlap.push_back(overlap);
    total += difference;
  }
  result.difference = estimate_series(departure, chains);
  result.difference.mean = total;
  return result;
}

}  // namespace quartic
