// Means of statistics held against what they must be, with p-values for all together.
#pragma once

#include <optional>
#include <vector>

#include "stats/field_statistics.hpp"
#include "stats/joint_test.hpp"

namespace quartic {

/// A sample of exp(-S) that others are held against, and its standardised rows.
struct NullSample {
  StatisticMeans means;
  std::vector<float> rows;  ///< [row][k]
};

/// About as many as 2048 rows, spread over all configurations; fewer where statistics are many.
std::vector<std::size_t> null_rows(std::size_t configurations, int statistics);

/// z of every statistic. Of independent rows the reference knows the variance; elsewhere errors are
/// the data's own, but not below half of what independent draws would have.
std::vector<TestedStatistic> score(const FieldStatistics& statistics, const StatisticMeans& data,
                                   const NullSample& null, bool independent, bool is_reference);

/// The joint null distribution of the statistics' families for so many effective configurations;
/// `lagged`: with the family `independence`.
JointTest joint_test(const FieldStatistics& statistics, const NullSample& null, double effective,
                     bool lagged, int threads, const Team& team = alone());

/// By family, those that are there. `lagged`: z-scores of the family `independence`; empty: none.
std::vector<FamilyTest> test_families(const FieldStatistics& statistics,
                                      const std::vector<TestedStatistic>& scores,
                                      const JointTest& joint,
                                      const std::vector<TestedStatistic>& lagged);

/// Means over independent rows with weights, <x> = sum w x / sum w, errors by the delta method; the
/// rows are the influences w (x - <x>), standardised. log_weight up to a constant.
NullSample weighted_means(const FieldStatistics& statistics, const FieldSample& sample,
                          const std::vector<double>& log_weight, int threads);

/// Correlation between neighbouring rows of the tied sums, z = rho sqrt(N).
std::vector<TestedStatistic> lagged_correlations(const Action& action, const FieldSample& rows,
                                                 int threads);

}  // namespace quartic
