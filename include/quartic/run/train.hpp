// Training a network or a deep stack of them on data: what `quartic fit` runs for these.
#pragma once

#include <optional>
#include <string>

#include "quartic/data/data_set.hpp"
#include "quartic/run/learning_way.hpp"
#include "quartic/run/session.hpp"
#include "quartic/runfile/network_run.hpp"
#include "quartic/runfile/stack_run.hpp"

namespace quartic {

/// Rows as a network of a stack sees them. For the data themselves, and for a layer that learns
/// from draws, `learned` and `drawn` are the same.
struct NetworkRows {
  SharedSource learned;   ///< what it learns from
  SharedSource drawn;     ///< the same rows by values that its units take
  SharedSource held_out;  ///< likewise; null: none
};
NetworkRows rows_of(const DataSet& data);

/// What training and evaluating a network needs of them.
struct NetworkData {
  SharedSource learned;
  ColumnMoments moments;              ///< of `drawn`
  std::vector<float> rows, held_out;  ///< of `drawn` and `held_out`, those that are evaluated
  double pass_seconds = 0;            ///< spent on the moments
  DataScaling outer{};                ///< from the data's units to those of the rows
};
NetworkData network_data(const Config& config, const NetworkRows& rows,
                         const DataScaling& outer = {});

/// How the network of a config is learned from so many rows: with epochs = "auto" and one rung the
/// learning_way, else by chains. Throws BadInput for gates that nothing learns, and for too few
/// rows to say how long.
LearningWay way_of(const Config& config, std::size_t rows, std::size_t columns);
/// How a run goes on that has begun, whatever its config would say by now; none: it has not.
std::optional<LearningWay> way_begun(const NetworkRun& run);
WantedNetwork wanted_network(const Config& config, std::size_t columns);

/// A network run that has not begun. Throws BadInput as fit_layer does.
NetworkRun begin_training(const Config& config, const NetworkData& data, FitData known,
                          const std::string& command);

/// Trains on from where the run is to its last epoch, evaluates, draws. Throws Diverged, after the
/// last good state was stored.
Outcome train(NetworkRun& run, const NetworkData& data, Store<NetworkRun>& store,
              const Session& session);

/// A stack that has not begun.
StackRun begin_stack(const Config& config, const std::string& command);

/// Trains layer after layer, from the last that the run has (none: from the start) to the top.
Outcome train(StackRun& run, const DataSet& data, Store<StackRun>& store, const Session& session);

}  // namespace quartic
