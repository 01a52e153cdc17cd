#include "run/judge_words.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "quartic/core/linear_algebra.hpp"
#include "quartic/run/number.hpp"

namespace quartic {
namespace {

constexpr double sufficient_p = 0.01;

double total_error(const TestedStatistic& s) {
  return std::hypot(s.value.error, s.expected.error);
}

/// Of chi^2, by Wilson and Hilferty.
double chi2_p(double chi2, int freedom) {
  if (freedom < 1) return 1;
  const double spread = 2.0 / (9 * freedom);
  const double z = (std::cbrt(std::max(chi2, 0.0) / freedom) - (1 - spread)) / std::sqrt(spread);
  return 0.5 * std::erfc(z / std::sqrt(2.0));
}

std::string name_of(const FieldStatistics& statistics, const FieldStatistics::Conjugate& of) {
  const auto kind = name(of.kind);
  if (of.index < 0) return fmt::format("all {}", kind);
  if (of.kind != CouplingKind::w) return fmt::format("{}[{}]", kind, of.index);
  const Edge edge = statistics.action().graph->edges()[of.index];
  return fmt::format("w[{},{}]", edge.first, edge.second);
}

std::string size_of(const TestedStatistic& s) {
  const double difference = s.excess();
  return fmt::format("{} is {}, {} {} by {:.1f} errors", s.name, with_error(s.value),
                     s.expected.error > 0 || s.expected.value != 0
                         ? fmt::format("it must be {}: too", with_error(s.expected))
                         : "it must be 0: too",
                     difference > 0 ? "large" : "small", std::abs(s.z));
}

}  // namespace

std::optional<FollowedCoupling> followed_coupling(const FieldStatistics& statistics,
                                                  const TestedStatistic& score,
                                                  const NullSample& null) {
  const auto of = statistics.conjugate(score.index);
  const double variance = null.means.variance[score.index];
  if (!of || !(variance > 0)) return {};
  FollowedCoupling out;
  out.name = name_of(statistics, *of);
  const double value = of->index < 0 ? statistics.unit(of->kind)
                                     : statistics.action().couplings(of->kind)[of->index];
  const auto& all = statistics.action().couplings(of->kind);
  out.relative = of->index < 0
                     ? std::any_of(all.begin(), all.end(), [](double x) { return x != 0; })
                     : value != 0;
  const double scale =
      (of->kind == CouplingKind::w ? 1 : -1) / variance / (out.relative ? value : 1);
  out.change = {score.excess() * scale, total_error(score) * std::abs(scale)};
  // No field follows exp(-S) with b < 0.
  if (of->kind == CouplingKind::b && !out.relative && out.change.value < 0) return {};
  return out;
}

std::vector<FollowedCoupling> followed_couplings(const FieldStatistics& statistics,
                                                 const std::vector<TestedStatistic>& scores,
                                                 const NullSample& null) {
  std::vector<int> tied;
  for (const int k : statistics.tied())
    if (k >= 0 && null.means.variance[k] > 0 && total_error(scores[k]) > 0) tied.push_back(k);
  const std::size_t count = tied.size(), size = scores.size(), rows = null.rows.size() / size;
  std::vector<double> correlation(count * count), z(count);
  for (std::size_t i = 0; i < count; ++i) {
    z[i] = scores[tied[i]].excess() / total_error(scores[tied[i]]);
    for (std::size_t j = 0; j < count; ++j)
      for (std::size_t n = 0; n < rows; ++n)
        correlation[i * count + j] += static_cast<double>(null.rows[n * size + tied[i]]) *
                                      static_cast<double>(null.rows[n * size + tied[j]]) /
                                      static_cast<double>(rows);
  }
  for (std::size_t i = 0; i < count; ++i) correlation[i * (count + 1)] *= 1 + 1e-9;
  const auto factor = Cholesky::factor(correlation, static_cast<int>(count));
  if (!factor) return {};
  auto solved = z;
  factor->solve(solved, 1);
  double chi2 = 0;
  for (std::size_t i = 0; i < count; ++i) chi2 += z[i] * solved[i];
  std::vector<FollowedCoupling> out;
  for (std::size_t i = 0; i < count; ++i) {
    auto one = followed_coupling(statistics, scores[tied[i]], null);
    if (!one) continue;
    const double own = z[i] * z[i] / correlation[i * (count + 1)];
    // Beyond first order a large change leaves a rest of its own size squared.
    const double rest = chi2 - own, curved = std::pow(one->change.value, 2) * own;
    one->sufficient = one->relative && chi2_p(std::max(rest - curved, 0.0),
                                              static_cast<int>(count) - 1) > sufficient_p;
    out.push_back(std::move(*one));
  }
  return out;
}

std::string in_words(const FollowedCoupling& c) {
  const double sign = c.change.value < 0 ? -1 : 1;
  if (!c.relative) return fmt::format("as if {} were {}", c.name, with_error(c.change));
  return fmt::format("as if {} were {} % {}", c.name,
                     with_error({100 * sign * c.change.value, 100 * c.change.error}),
                     sign > 0 ? "too strong" : "too weak");
}

std::string finding_on(const FamilyTest& test) {
  const TestedStatistic& worst = test.worst.front();
  const std::string begin = fmt::format("{}: ", name(test.family));
  switch (test.family) {
    case StatisticFamily::sign_symmetry:
      if (worst.name == "sign of m")
        return begin + fmt::format(
                           "both signs of m must be as frequent, but m > 0 in {:.3g} % of "
                           "the configurations: a well is missing or has a wrong share",
                           50 * (1 + worst.value.value));
      break;
    case StatisticFamily::magnetisation:
      if (worst.name == "share of m > 0")
        return begin + fmt::format(
                           "m > 0 in {:.3g} % of the configurations where it must be in "
                           "{:.3g} %: wells have wrong shares",
                           100 * worst.value.value, 100 * worst.expected.value);
      break;
    case StatisticFamily::translations:
      return begin + size_of(worst) + ": sites that must be alike are not";
    case StatisticFamily::modes:
      if (worst.expected.value > 0) {
        const double ratio = worst.value.value / worst.expected.value;
        return begin + fmt::format("{} is {:.3g} of what it must be, {:.1f} errors off{}",
                                   worst.name, ratio, worst.z,
                                   ratio < 0.05 ? ": the mode is dead" : "");
      }
      break;
    case StatisticFamily::independence:
      return begin + fmt::format(
                         "neighbouring rows are correlated ({} by {}): independent rows are "
                         "not; of a Markov chain give (chain, draw, site) or --one-chain",
                         worst.name, with_error(worst.value));
    default:
      break;
  }
  return begin + size_of(worst);
}

std::string finding_on(const Repeats& repeats, const FieldSample& sample) {
  const auto place = [&](std::size_t row) {
    if (sample.independent()) return fmt::format("row {}", row);
    return fmt::format("draw {} of chain {}", row % sample.draws(), row / sample.draws());
  };
  return fmt::format("repeats: {} of {} configurations are copies of others: {} is {}{}",
                     repeats.rows, sample.count(), place(repeats.second),
                     repeats.identical ? "" : "a changed copy (sign, order or rounding) of ",
                     place(repeats.first));
}

}  // namespace quartic
