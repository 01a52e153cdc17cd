// The loop that `sample` and `resume` share: warm-up, draws, checkpoints, stopping, results.
#pragma once

#include <filesystem>
#include <vector>

#include "app/verb.hpp"
#include "quartic/runfile/sample_run.hpp"

namespace quartic::app {

/// A run that has not begun. Throws BadInput where the action cannot be sampled, or where
/// sample.until is none of its observables.
SampleRun new_run(const Config& config, const Action& action, const Globals& globals);

/// Samples on from the run's checkpoint until it is finished (or from the start, where `resumed` is
/// false), writes `file`, prints the table. interrupted: stopped by a signal or after max_hours,
/// saved.
ErrorCode sample_run(SampleRun& run, const std::filesystem::path& file, bool resumed,
                     double max_hours, const Globals& globals);

/// The primary observable with the fewest effective samples; null where there are no results.
const ObservableResult* slowest_observable(const std::vector<ObservableResult>& results);
/// Updates of a site of a chain in all draws so far.
double site_updates(const SampleRun& run);

}  // namespace quartic::app
