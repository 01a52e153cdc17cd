// The reference run that fields are held against.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <utility>

#include "quartic/run/judge.hpp"
#include "quartic/runfile/sample_run.hpp"
#include "stats/referee.hpp"

namespace quartic {

/// The largest spacing of float32 at a site over the site's standard deviation: up to `coarsest`
/// rounding adds less than 2e-4 to a variance.
double coarseness(const FieldSample& sample);
inline constexpr double coarsest = 0.05;

/// Where ranks share it, all sample and take statistics of their own, and all know the same of it
/// but its reason, which the root has. Their team outlives it.
class JudgeReference {
 public:
  JudgeReference(const Config& config, const Action& action);

  /// Samples on until so many effective configurations are there. Throws Interrupted.
  void grow(double effective, const Session& session);

  const FieldStatistics& statistics() const { return *statistics_; }
  const NullSample& null() const { return null_; }
  const ReferenceSummary& summary() const { return summary_; }
  /// For about so many effective configurations: within a factor of 1.2, kept for later fields.
  const JointTest& joint(double effective, bool lagged, const Team& team);

 private:
  void round(int draws, const Session& session);
  void bring_fields(const Team& team);
  void judge_itself(const Team& team);

  SampleRun run_;
  std::unique_ptr<FieldStatistics> statistics_;
  std::optional<StatisticSums> sums_;
  std::vector<float> last_;  ///< fields of the last round, [chain][draw][site]
  int last_draws_ = 0, threads_;
  NullSample null_;
  std::map<std::pair<int, bool>, JointTest> joint_;
  ReferenceSummary summary_;
};

}  // namespace quartic
