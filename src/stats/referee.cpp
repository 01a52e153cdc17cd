#include "stats/referee.hpp"

#include <algorithm>
#include <cmath>

namespace quartic {
namespace {

constexpr std::size_t most_rows = 2048, fewest_rows = 256;
constexpr std::size_t most_null_values = std::size_t{1} << 24;
constexpr int most_named = 3;
constexpr std::uint64_t resampling_seed = 17;

/// Whether a difference is no more than rounding.
bool is_rounding(double difference, double scale) {
  return std::abs(difference) <= 1e-12 * std::abs(scale);
}

FamilyTest summarise(StatisticFamily family, std::vector<TestedStatistic> members) {
  FamilyTest test;
  test.family = family, test.count = static_cast<int>(members.size());
  const auto more = [](const TestedStatistic& x, const TestedStatistic& y) {
    return std::abs(x.z) > std::abs(y.z);
  };
  const auto shown = std::min<std::size_t>(most_named, members.size());
  std::partial_sort(members.begin(), members.begin() + static_cast<std::ptrdiff_t>(shown),
                    members.end(), more);
  members.resize(shown);
  test.worst = std::move(members);
  return test;
}

}  // namespace

std::vector<std::size_t> null_rows(std::size_t configurations, int statistics) {
  const std::size_t room = std::clamp(most_null_values / statistics, fewest_rows, most_rows);
  const std::size_t count = std::min(configurations, room);
  std::vector<std::size_t> rows(count);
  for (std::size_t n = 0; n < count; ++n) rows[n] = (2 * n + 1) * configurations / (2 * count);
  return rows;
}

std::vector<TestedStatistic> score(const FieldStatistics& statistics, const StatisticMeans& data,
                                   const NullSample& null, bool independent, bool is_reference) {
  std::vector<TestedStatistic> out(statistics.size());
  const auto count = static_cast<double>(data.count);
  for (int k = 0; k < statistics.size(); ++k) {
    TestedStatistic& s = out[k];
    s.index = k;
    const double single = std::sqrt(null.means.variance[k] / count);
    double freedom = data.freedom[k];
    s.value = {data.mean[k], data.error[k]};
    if (is_reference && independent) {
      s.value.error = single, freedom = count;
    } else if (s.value.error < 0.5 * single) {
      s.value.error = 0.5 * single;
    }
    if (is_reference && !statistics.exact(k))
      s.expected = {null.means.mean[k], null.means.error[k]};
    const double error = std::hypot(s.value.error, s.expected.error);
    const double difference = s.excess();
    const double scale = std::abs(s.value.value) + std::abs(s.expected.value);
    if (error > 0 && !(is_rounding(difference, scale) && is_rounding(error, scale))) {
      const double share = error / s.value.error;  // Welch: the reference's freedom is large
      s.z = normal_of_t(difference / error, freedom * std::pow(share, 4));
    }
  }
  return out;
}

JointTest joint_test(const FieldStatistics& statistics, const NullSample& null, double effective,
                     bool lagged, int threads, const Team& team) {
  std::vector<int> family(statistics.size());
  for (int k = 1; k < statistics.size(); ++k)
    family[k] = family[k - 1] + (statistics.family(k) != statistics.family(k - 1));
  return JointTest(null.rows, family, family.back() + 1 + lagged, effective, resampling_seed,
                   threads, team);
}

std::vector<FamilyTest> test_families(const FieldStatistics& statistics,
                                      const std::vector<TestedStatistic>& scores,
                                      const JointTest& joint,
                                      const std::vector<TestedStatistic>& lagged) {
  std::vector<StatisticFamily> present;
  std::vector<std::vector<TestedStatistic>> members;
  for (const auto& one : scores) {
    const auto kind = statistics.family(one.index);
    if (present.empty() || present.back() != kind) present.push_back(kind), members.emplace_back();
    members.back().push_back(one);
  }
  const int sampled = static_cast<int>(present.size());
  std::vector<FamilyTest> out;
  const auto conclude = [&](FamilyTest test, double log_p) {
    test.p_value = std::exp(log_p);
    test.adjusted = std::exp(joint.log_adjusted_p(log_p));
    out.push_back(std::move(test));
  };
  for (int f = 0; f < sampled; ++f) {
    FamilyTest test = summarise(present[f], std::move(members[f]));
    for (auto& worst : test.worst) worst.name = statistics.name(worst.index);
    const double z = test.worst.front().z;
    conclude(std::move(test), joint.log_family_p(f, log_p_of_z(z)));
  }
  if (!lagged.empty()) {
    FamilyTest test = summarise(StatisticFamily::independence, lagged);
    const double one = log_p_of_z(test.worst.front().z);  // Sidak: these few are nearly independent
    const double all = one < -30 ? one + std::log(static_cast<double>(test.count))
                                 : std::log(-std::expm1(test.count * std::log1p(-std::exp(one))));
    conclude(std::move(test), std::min(all, 0.0));
  }
  return out;
}

}  // namespace quartic
