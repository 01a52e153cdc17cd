// What `fit` and `resume` share.
#pragma once

#include <filesystem>

#include "app/verb.hpp"
#include "quartic/data/data_set.hpp"
#include "quartic/runfile/fit_run.hpp"

namespace quartic::app {

/// The [data] of a config. Throws BadInput where there is none, and as open_data_set does.
DataSet open_data(const Config& config, const std::string& where);
/// Throws BadInput where columns are not the sites of the graph.
void require_sites(const DataSet& data, const Graph& graph, const std::string& where);
/// Throws BadInput where the data of a run that resumes have changed.
void require_same(const DataSet& data, const FitData& known, const Config& config,
                  const std::filesystem::path& run);

/// What a run file will know of them.
FitData describe(const DataSet& data, double pass_seconds);

/// A run that has not begun.
FitRun new_run(const Config& config, const Action& start, const DataSet& data,
               const Globals& globals);

/// As learn_run.
ErrorCode fit_run(FitRun& run, const DataSet& data, const std::filesystem::path& file, bool resumed,
                  double max_hours, const Globals& globals);

}  // namespace quartic::app
