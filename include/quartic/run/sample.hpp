// Sampling an action and measuring it: what `quartic sample` runs.
#pragma once

#include <string>
#include <vector>

#include "quartic/run/session.hpp"
#include "quartic/runfile/sample_run.hpp"

namespace quartic {

/// A run that has not begun. Throws BadInput where the action cannot be sampled, or where
/// sample.until is none of its observables. `functions` are measured too.
SampleRun begin_sampling(const Config& config, const Action& action, const std::string& command,
                         const std::vector<NamedFunction>& functions = {});

/// What of a run of so many draws a chain is in memory, and what in its file, roughly.
struct SampleSize {
  double memory_bytes = 0, file_bytes = 0;
};
SampleSize size_of_sample(const Config& config, const Action& action, double draws);

/// Samples on from where the run is until it is finished. `functions` are those that it began with;
/// throws BadInput where one is missing. Throws Diverged; what was stored before stays the last
/// good state.
Outcome sample(SampleRun& run, Store<SampleRun>& store, const Session& session,
               const std::vector<NamedFunction>& functions = {});

/// The primary observable with the fewest effective samples; null where there are no results.
const ObservableResult* slowest_observable(const std::vector<ObservableResult>& results);
/// Updates of a site of a chain in all draws so far.
double site_updates(const SampleRun& run);

}  // namespace quartic
