// What `fit`, `resume` and the verbs that use a network share.
#pragma once

#include <filesystem>

#include "app/verb.hpp"
#include "quartic/io/data_set.hpp"
#include "quartic/io/network_run.hpp"

namespace quartic::app {

/// A network run that has not begun. Throws BadInput as fit_layer does.
NetworkRun new_network_run(const Config& config, const DataSet& data, const Globals& globals);

/// As learn_run.
ErrorCode network_run(NetworkRun& run, const DataSet& data, const std::filesystem::path& file,
                      bool resumed, double max_hours, const Globals& globals);

}  // namespace quartic::app
