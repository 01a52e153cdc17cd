#include "stats/observable_verdict.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "quartic/stats/wells.hpp"

namespace quartic {
namespace {

constexpr double min_ess = 100, max_r_hat = 1.05;
constexpr int enough_chains = 100;  // speak for themselves, however short
constexpr double few_draws = 4;     // below, R-hat is not defined
constexpr double noticeable = 0.3;  // of the error: a systematic part that may not be left out

double deviation(std::span<const double> x) {
  double mean = 0, square = 0;
  for (const double v : x) mean += v / static_cast<double>(x.size());
  for (const double v : x) square += (v - mean) * (v - mean);
  return x.size() > 1 ? std::sqrt(square / static_cast<double>(x.size() - 1)) : 0;
}

/// What is wrong with the numbers themselves, however long the run.
std::string why_not_a_number(const ObservableResult& result, const Evidence& evidence) {
  const auto& e = result.estimate;
  if (!std::isfinite(e.mean)) return "the value is not finite";
  if (evidence.frozen)
    return "every draw has the same value: nothing moves, or its changes are below the precision "
           "of the fields";
  if (evidence.negative)
    return "a variance cannot be negative: it is lost in rounding or in the noise";
  if (evidence.rounding > noticeable * e.error)
    return fmt::format(
        "rounding: the numbers that it is made of are known to {:.1g} only, the error is {:.1g}",
        evidence.rounding, e.error);
  if (std::isinf(evidence.unvisited))
    return "wells that neither the moves nor the rungs of parallel tempering join: leave the rungs "
           "out";
  if (evidence.unvisited > noticeable * e.error)
    return fmt::format(
        "a well of small weight, which the moves do not reach from the others, is not in the "
        "sample: it would change the value by about {:.1g}",
        evidence.unvisited);
  return {};
}

/// Two halves of each chain agree to R-hat - 1 = 0.05 once a chain is about 40 tau long, so that is
/// asked for.
std::string why_too_short(const SeriesEstimate& e, const Evidence& evidence) {
  const double draws = evidence.draws;
  if (evidence.chains >= enough_chains && draws < few_draws && std::isfinite(e.error)) return {};
  const double wanted = std::ceil(std::max(
      {40 * e.tau, min_ess * 2 * e.tau / evidence.chains, e.window_found ? 8 : 2 * draws}));
  const auto advice =
      fmt::format("it needs about {:.0f} draws a chain", std::max(wanted, draws + 1));
  if (e.r_hat > max_r_hat && wanted <= draws)
    return fmt::format(
        "the chains disagree (R-hat {:.2f}): longer warm-up, or moves that "
        "mix better",
        e.r_hat);
  // Of fewer draws those tau seem known that chance made small.
  constexpr double least_draws = 8;
  if (!e.window_found || (evidence.chains < enough_chains && draws < least_draws))
    return fmt::format(
        "{:.0f} draws a chain are too short to see how long tau is (at least "
        "{:.2g}); {}",
        draws, e.tau, advice);
  if (!(e.r_hat <= max_r_hat))
    return fmt::format(
        "{:.0f} draws a chain are too short for tau = {:.2g} (R-hat {:.2f}); "
        "{}",
        draws, e.tau, e.r_hat, advice);
  if (e.ess < min_ess) return fmt::format("only {:.0f} effective draws; {}", e.ess, advice);
  return {};
}

}  // namespace

void judge(ObservableResult& result, const Evidence& evidence) {
  result.reason = why_not_a_number(result, evidence);
  if (result.reason.empty()) result.reason = why_too_short(result.estimate, evidence);
  result.ok = result.reason.empty();
}

double rounding(double size) {
  return 2 * std::numeric_limits<double>::epsilon() * size;
}

namespace {

/// Jarque-Bera statistic, chi^2 with two degrees of freedom for normal values.
double departure_from_normal(std::span<const double> x) {
  const auto n = static_cast<double>(x.size());
  double mean = 0, moments[3] = {};
  for (const double v : x) mean += v / n;
  for (const double v : x)
    for (int k = 0; k < 3; ++k) moments[k] += std::pow(v - mean, k + 2) / n;
  const double variance = moments[0];
  if (!(variance > 0)) return 0;
  const double skewness = moments[1] / std::pow(variance, 1.5),
               excess = moments[2] / (variance * variance) - 3;
  return n / 6 * (skewness * skewness + excess * excess / 4);
}

}  // namespace

bool falls_apart(std::span<const double> bins, int chains, double r_hat) {
  constexpr double unmixed = 1.2, by_chance = 27.6;  // R-hat; chi^2 of p = 1e-6
  constexpr double clear = 4;                        // gap over scatter
  const auto count = static_cast<std::ptrdiff_t>(bins.size()) / chains;
  if (chains < 4 || count < 8) return false;
  auto means = chain_means(bins, chains);
  if (chains >= 64 && r_hat > unmixed && departure_from_normal(means) > by_chance) return true;
  std::sort(means.begin(), means.end());
  std::size_t upper = 1;  // the first mean above the widest gap
  for (std::size_t k = 1; k < means.size(); ++k)
    if (means[k] - means[k - 1] > means[upper] - means[upper - 1]) upper = k;
  const double gap = means[upper] - means[upper - 1], middle = means[upper] - gap / 2;
  const std::span all(means);
  if (!(gap > clear * std::max(deviation(all.first(upper)), deviation(all.subspan(upper)))))
    return false;
  for (int c = 0; c < chains; ++c) {
    const auto own = bins.subspan(c * count, count);
    const auto [least, most] = std::minmax_element(own.begin(), own.end());
    if (*least<middle&& * most> middle) return false;
  }
  return true;
}

namespace {

struct Gap {
  double middle = 0, width = 0, spread = 0;
};

/// The widest gap in the upper half of sorted values, and the interquartile range of those below.
Gap widest_gap(std::vector<double> x) {
  std::sort(x.begin(), x.end());
  std::size_t upper = x.size() / 2 + 1;
  for (std::size_t k = upper; k < x.size(); ++k)
    if (x[k] - x[k - 1] > x[upper] - x[upper - 1]) upper = k;
  return {(x[upper] + x[upper - 1]) / 2, x[upper] - x[upper - 1], x[upper * 3 / 4] - x[upper / 4]};
}

/// Logarithms of how far above the median, of all bins, each chain went, or each part of one where
/// chains are few: the scatter of 16 numbers says little about a gap. On this scale the furthest of
/// a normal tail crowd together and those of the heaviest, a power's, have exponential gaps: none
/// of them is a population, as the one that m^4 of a nearly free field seems to have in x itself.
std::vector<double> furthest(std::span<const double> bins, int chains, double sign, double median) {
  constexpr int enough = 128;
  const auto count = static_cast<std::ptrdiff_t>(bins.size()) / chains;
  const auto parts = std::clamp<std::ptrdiff_t>((enough + chains - 1) / chains, 1, count / 8);
  std::vector<double> out;
  for (std::ptrdiff_t part = 0; part < chains * parts; ++part) {
    double most = 0;
    const auto first = part / parts * count + part % parts * count / parts;
    for (const double x : bins.subspan(first, count / parts))
      most = std::max(most, sign * (x - median));
    if (most > 0) out.push_back(std::log(most));
  }
  return out;
}

/// Bins above a threshold: how many, entered how often, and their mean above the others'.
struct Excursions {
  int entries = 0;
  double share = 0, shift = 0;
};

Excursions above(std::span<const double> bins, int chains, double sign, double threshold) {
  const auto count = static_cast<std::ptrdiff_t>(bins.size()) / chains;
  Excursions out;
  double inside = 0, outside = 0, number = 0;
  for (int c = 0; c < chains; ++c) {
    bool before = false;
    for (const double x : bins.subspan(c * count, count)) {
      const bool now = sign * x > threshold;
      out.entries += now && !before;
      number += now, (now ? inside : outside) += x;
      before = now;
    }
  }
  const auto all = static_cast<double>(bins.size());
  out.share = number / all;
  if (number > 0 && number < all) out.shift = inside / number - outside / (all - number);
  return out;
}

}  // namespace

std::optional<int> rare_visits(std::span<const double> bins, int chains, double error) {
  constexpr int enough = 50;   // entries, that make a share good to a seventh
  constexpr double clear = 2;  // exp(-pi) of a power's tail by chance, if it matters for the error
  const auto count = static_cast<std::ptrdiff_t>(bins.size()) / chains;
  if (chains < 8 || count < 8) return {};
  std::vector<double> sorted(bins.begin(), bins.end());
  std::nth_element(sorted.begin(), sorted.begin() + std::ssize(sorted) / 2, sorted.end());
  const double median = sorted[sorted.size() / 2];
  for (const double sign : {1.0, -1.0}) {
    const auto logs = furthest(bins, chains, sign, median);
    if (logs.size() < 8) continue;
    const Gap gap = widest_gap(logs);
    if (!(gap.width > clear * gap.spread)) continue;
    const Excursions seen = above(bins, chains, sign, sign * median + std::exp(gap.middle));
    if (seen.entries < enough && seen.share * std::abs(seen.shift) > noticeable * error)
      return seen.entries;
  }
  return {};
}

}  // namespace quartic
