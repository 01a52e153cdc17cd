// The loop that `learn` and `resume` share: epochs, checkpoints, stopping, certificate.
#pragma once

#include <filesystem>
#include <memory>

#include "app/verb.hpp"
#include "quartic/run/problem.hpp"
#include "quartic/runfile/learn_run.hpp"

namespace quartic::app {

/// A run that has not begun.
LearnRun new_run(const Config& config, const Problem& problem, const Globals& globals);

/// Learns on from the run's checkpoint until it is finished (or from the start, where `resumed` is
/// false), certifies, writes `file`, prints the summary. interrupted: stopped by a signal or after
/// max_hours, saved.
ErrorCode learn_run(LearnRun& run, const Problem& problem, const std::filesystem::path& file,
                    bool resumed, double max_hours, const Globals& globals);

/// Builds the learner and throws as it does, without running anything.
void require_learnable(const Config& config, const Problem& problem);

}  // namespace quartic::app
