// Learning the couplings of a known target action, KL(p||q): what `quartic learn` runs.
#pragma once

#include <string>

#include "quartic/run/problem.hpp"
#include "quartic/run/session.hpp"
#include "quartic/runfile/learn_run.hpp"

namespace quartic {

/// A run that has not begun. `command` is what its provenance says started it. Throws as the
/// learner does for a problem that it cannot learn.
LearnRun begin_learning(const Config& config, const Problem& problem, const std::string& command,
                        const Team& team = alone());

/// Learns on from where the run is until it is finished, then certifies. Throws Diverged, after the
/// last good state was stored.
Outcome learn(LearnRun& run, const Problem& problem, Store<LearnRun>& store,
              const Session& session);

}  // namespace quartic
