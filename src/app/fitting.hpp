// What `fit` and `resume` share.
#pragma once

#include <filesystem>

#include "app/verb.hpp"
#include "quartic/io/data_set.hpp"
#include "quartic/io/fit_run.hpp"

namespace quartic::app {

/// The [data] of a config, checked against its graph. Throws BadInput where there is none, where
/// columns are not sites, and as open_data_set does.
DataSet open_data(const Config& config, const Graph& graph, const std::string& where);

/// A run that has not begun.
FitRun new_run(const Config& config, const Action& start, const DataSet& data,
               const Globals& globals);

/// As learn_run.
ErrorCode fit_run(FitRun& run, const DataSet& data, const std::filesystem::path& file, bool resumed,
                  double max_hours, const Globals& globals);

}  // namespace quartic::app
