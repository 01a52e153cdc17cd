#include "quartic/stats/identities.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "quartic/core/error.hpp"
#include "stats/referee.hpp"

namespace quartic {
namespace {

constexpr int least_configurations = 64;

void require_sites(const Action& action, const FieldSample& sample) {
  if (sample.sites() == action.graph->sites()) return;
  throw BadInput(fmt::format("configurations of {} sites where the graph has {}", sample.sites(),
                             action.graph->sites()),
                 "one value a site, site running fastest");
}

std::string advice_on(StatisticFamily family) {
  switch (family) {
    case StatisticFamily::sign_symmetry:
      return "both signs are not visited as they must be: sampler.flips = true, more rungs, or a "
             "longer warm-up";
    case StatisticFamily::translations:
      return "sites that must be alike are not: a longer warm-up, or more draws";
    default:
      return "the fields do not follow exp(-S): a longer warm-up, float64 fields; please report it "
             "if that does not help";
  }
}

}  // namespace

void FieldSample::set_shape(std::size_t values, int sites, int chains) {
  const auto row = static_cast<std::size_t>(std::max(sites, 1)) * std::max(chains, 1);
  if (sites < 1 || chains < 1 || values == 0 || values % row != 0)
    throw BadInput(fmt::format("{} values are no equally many configurations of {} sites in each "
                               "of {} chains",
                               values, sites, chains),
                   "give chains * draws configurations, site running fastest");
  sites_ = sites, chains_ = chains, draws_ = static_cast<int>(values / row);
}

FieldSample::FieldSample(std::span<const float> phi, int sites, int chains) : narrow_(phi) {
  set_shape(phi.size(), sites, chains);
}
FieldSample::FieldSample(std::span<const double> phi, int sites, int chains) : wide_(phi) {
  set_shape(phi.size(), sites, chains);
}

bool FieldSample::rounded_to_float() const {
  return std::all_of(wide_.begin(), wide_.end(),
                     [](double x) { return static_cast<double>(static_cast<float>(x)) == x; });
}

std::vector<FamilyTest> test_identities(const Action& action, const FieldSample& sample,
                                        const IdentityOptions& options) {
  require_sites(action, sample);
  if (sample.count() < least_configurations)
    throw BadInput(
        fmt::format("{} configurations are too few to be held against identities", sample.count()),
        fmt::format("{} or more", least_configurations));
  using Detail = FieldStatistics::Detail;
  const FieldStatistics statistics(action, centre_of(sample),
                                   options.by_site ? Detail::all : Detail::terms, false);
  StatisticSums sums(statistics, sample, options.threads);
  sums.add(sample);
  NullSample null{sums.means(), {}};
  null.rows = standardised(statistics, sample, null_rows(sample.count(), statistics.size()),
                           null.means, options.threads);
  const auto scores = score(statistics, null.means, null, sample.independent(), false);
  double tau = 0.5;
  for (const double t : null.means.tau) tau = std::max(tau, t);
  const auto joint = joint_test(statistics, null, static_cast<double>(sample.count()) / (2 * tau),
                                false, options.threads);
  return test_families(statistics, scores, joint, {});
}

std::vector<Check> identity_checks(const std::vector<FamilyTest>& tests, double level) {
  std::vector<Check> checks;
  for (const FamilyTest& test : tests) {
    const TestedStatistic& worst = test.worst.front();
    checks.push_back({fmt::format("{}", name(test.family)),
                      {worst.excess(), std::hypot(worst.value.error, worst.expected.error)},
                      fmt::format("0, p = {:.2g}", test.adjusted),
                      test.adjusted >= level,
                      fmt::format("{} is off by {:.1f} errors, the worst of {}: {}", worst.name,
                                  worst.z, test.count, advice_on(test.family))});
  }
  return checks;
}

Estimate virial(const Action& action, std::span<const float> phi, int chains) {
  if (chains < 2)
    throw BadInput("the virial needs configurations of two chains or more",
                   "give chains * draws configurations, site running fastest");
  const FieldSample sample(phi, action.graph->sites(), chains);
  const FieldStatistics statistics(action, std::vector<double>(action.graph->sites()),
                                   FieldStatistics::Detail::virial, false);
  StatisticSums sums(statistics, sample, 0);
  sums.add(sample);
  const StatisticMeans means = sums.means();
  return {1 + means.mean[0], means.error[0]};
}

}  // namespace quartic
