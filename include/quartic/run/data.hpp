// The data of a run: from its config, checked, and what its file remembers of them.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "quartic/config/config.hpp"
#include "quartic/data/data_set.hpp"
#include "quartic/graph/graph.hpp"
#include "quartic/run/learning_way.hpp"
#include "quartic/runfile/fit_data.hpp"

namespace quartic {

/// The fraction of the rows that is held out where they say how long chains learn.
double held_out_of(double given);

/// The [data] of a config, with the model's noise on them where it has some. Throws BadInput where
/// there is none, and as open_data_set does. `way`: how a run of it goes on that has begun.
DataSet open_data(const Config& config, const std::string& where,
                  std::optional<LearningWay> way = {});

/// Throws BadInput where columns are not the sites of the graph.
void require_sites(const DataSet& data, const Graph& graph, const std::string& where);

/// Throws BadInput where the data of a run that resumes have changed.
void require_same(const DataSet& data, const FitData& known, const Config& config,
                  const std::filesystem::path& run);

/// How to open other data as a run saw its own: its columns, by name where the run and the file
/// know names, its threshold and scaling, all rows. Then their number: throws BadInput for another
/// one.
DataOptions options_like(const Config& config, const FitData& learned, const std::string& file);
void require_columns(std::size_t columns, const FitData& learned, const std::string& file);

/// What a run file will know of them.
FitData describe(const DataSet& data, double pass_seconds);

}  // namespace quartic
