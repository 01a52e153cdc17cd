// What a network that was learned says about rows: ln Z, ln p, reconstruction.
#pragma once

#include <span>
#include <vector>

#include "quartic/network/path.hpp"
#include "quartic/run/session.hpp"
#include "quartic/runfile/network_run.hpp"

namespace quartic {

/// Of the run's network as it is, after its last epoch. Rows are in the units of the model; `path`
/// ends at the network; `chains` are where the way back begins, [chain][visible], or empty.
NetworkEvaluation evaluate_network(const NetworkRun& run, const NetworkPath& path,
                                   std::span<const double> chains, std::span<const float> rows,
                                   std::span<const float> held_out, const Session& session);

/// Fills the draws of a finished run: independent ones of a network that was learned exactly where
/// that is possible, else 500 sweeps from values of the visible units, [chain][visible].
void draw_rows(NetworkRun& run, std::span<const double> from, const Session& session);

}  // namespace quartic
