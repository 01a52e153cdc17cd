// What `fit`, `resume` and the verbs that use a deep stack share.
#pragma once

#include <filesystem>

#include "app/verb.hpp"
#include "quartic/data/data_set.hpp"
#include "quartic/runfile/stack_run.hpp"

namespace quartic::app {

/// Trains layer after layer, from the last that the run has (none: from the start) to the top. As
/// learn_run.
ErrorCode stack_run(StackRun& run, const DataSet& data, const std::filesystem::path& file,
                    double max_hours, const Globals& globals);

}  // namespace quartic::app
