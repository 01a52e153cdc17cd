// Learning the couplings of a field from data, KL(q||p): what `quartic fit` runs.
#pragma once

#include <string>

#include "quartic/data/data_set.hpp"
#include "quartic/run/session.hpp"
#include "quartic/runfile/fit_run.hpp"

namespace quartic {

/// `start` with the hidden units that [model] wants of a field, not yet coupled. Throws BadInput
/// for units that a field cannot have.
Action with_hidden_units(const Config& config, const Action& start);

/// Throws BadInput where columns that are 0 throughout tell an estimator without sampling, which a
/// fit starts with, nothing of a coupling.
void require_variation(const Config& config, const Parameters& parameters, const DataSet& data);

/// A run that has not begun, from this action on, with_hidden_units. Throws BadInput, beginning
/// with `where`, if the columns of the data are not the sites of the graph. Hidden units are placed
/// (seconds), of which `progress` hears.
FitRun begin_fit(const Config& config, const Action& start, const DataSet& data,
                 const std::string& where, const std::string& command,
                 const ProgressCallback& progress = {});

/// Fits on from where the run is until it is finished, then evaluates the model. Throws Diverged,
/// after the last good state was stored.
Outcome fit(FitRun& run, const DataSet& data, Store<FitRun>& store, const Session& session);

}  // namespace quartic
