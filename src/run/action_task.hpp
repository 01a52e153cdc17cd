// The task of every learner of an action: what learning a target and fitting data share.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <optional>
#include <utility>

#include "quartic/core/error.hpp"
#include "quartic/run/metrics.hpp"
#include "quartic/run/session.hpp"

namespace quartic {

inline SamplerOptions sampler_options(const Config& config, const Team& team = alone()) {
  SamplerOptions options = config.sampler.options;
  options.threads = config.run.threads;
  options.team = &team;
  return options;
}

/// Throws BadInput where a rank would have no chains of the free energies that a run ends with: at
/// its beginning, not after hours.
inline void require_chains_at_end(const Team& team, int chains, const char* key) {
  const int lanes = chains % 64 == 0 ? 64 : 16, blocks = chains / lanes;
  if (team.size() <= blocks) return;
  throw BadInput(fmt::format("{} ranks for {} chains of {}, which ranks share by blocks of {}",
                             team.size(), chains, key, lanes),
                 fmt::format("start at most {} rank{}, or set {} to {} or more", blocks,
                             blocks == 1 ? "" : "s", key, 64 * team.size()));
}

/// R: LearnRun, FitRun; Learner: what learns it.
template <class R, class Learner>
class ActionTask {
 public:
  using Run = R;

  ActionTask(Run& run, Learner learner, int epochs)
      : run_(run), learner_(std::move(learner)), first_(run.checkpoint.epoch), epochs_(epochs) {
    if (begun(run)) learner_.restore(run.checkpoint);
  }

  /// Whether the run has a state to go on from.
  static bool begun(const Run& run) { return !run.checkpoint.sampler.phi.empty(); }

  Run& run() const { return run_; }
  void warm_up(const Session& session) { learner_.warm_up(session.progress("warming up")); }
  void mark() { marked_ = learner_.state(); }
  std::optional<std::int64_t> rewind() {
    learner_.restore(marked_);
    return marked_.epoch;
  }
  void advance(const Session& session) {
    const auto theta = learner_.theta(), error = learner_.theta_error();
    run_.history.append(learner_.step(session.going_on()), theta, error);
  }
  void save() {
    run_.action = learner_.action();
    run_.theta_error = learner_.theta_error();
    run_.checkpoint = marked_;
    const auto& sampler = learner_.sampler();
    if (!sampler.team().several()) return;
    auto all = sampler.gathered(marked_.sampler, false);
    if (sampler.team().root()) run_.checkpoint.sampler = std::move(all);
  }
  StopReason stop_reason() const { return learner_.reason(); }
  Step step() const {
    const auto& rows = run_.history.rows;
    return {.unit = "epoch",
            .first = first_,
            .done = rows.empty() ? first_ : rows.back().epoch,
            .total = epochs_,
            .may_stop_early = true};
  }
  Metrics metrics() const { return metrics_of(run_.history.rows.back()); }

 protected:
  /// To the saved state, where a run killed while it concludes would begin again.
  void to_checkpoint() { learner_.restore(run_.checkpoint); }

  Run& run_;
  Learner learner_;

 private:
  decltype(Run::checkpoint) marked_;
  int first_, epochs_;
};

}  // namespace quartic
