// What `fit`, `resume` and the verbs that use a network share.
#pragma once

#include <filesystem>
#include <vector>

#include "app/verb.hpp"
#include "quartic/data/data_set.hpp"
#include "quartic/runfile/network_run.hpp"

namespace quartic::app {

/// Rows as a network of a stack sees them. For the data themselves, and for a layer that learns
/// from draws, `learned` and `drawn` are the same.
struct NetworkRows {
  SharedSource learned;   ///< what it learns from
  SharedSource drawn;     ///< the same rows by values that its units take
  SharedSource held_out;  ///< likewise; null: none
};
NetworkRows rows_of(const DataSet& data);

/// What training and evaluation a network needs of them.
struct NetworkData {
  SharedSource learned;
  ColumnMoments moments;              ///< of `drawn`
  std::vector<float> rows, held_out;  ///< of `drawn` and `held_out`, those that are judged
  double pass_seconds = 0;            ///< spent on the moments
};
NetworkData network_data(const Config& config, const NetworkRows& rows);

/// A network run that has not begun. Throws BadInput as fit_layer does.
NetworkRun new_network_run(const Config& config, const NetworkData& data, FitData known,
                           const Globals& globals);

/// As learn_run.
ErrorCode network_run(NetworkRun& run, const NetworkData& data, const std::filesystem::path& file,
                      bool resumed, double max_hours, const Globals& globals);

}  // namespace quartic::app
