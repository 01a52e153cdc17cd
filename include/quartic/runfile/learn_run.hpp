// A run of `quartic learn` as it is in its file.
#pragma once

#include <array>
#include <filesystem>
#include <optional>
#include <vector>

#include "quartic/config/config.hpp"
#include "quartic/field/action.hpp"
#include "quartic/field/parameters.hpp"
#include "quartic/learn/certificate.hpp"
#include "quartic/learn/variational.hpp"
#include "quartic/runfile/history.hpp"
#include "quartic/runfile/run_file.hpp"

namespace quartic {

struct LearnRun {
  Config config;
  Provenance provenance;
  Action action;  ///< the couplings as they are now
  std::array<Freedom, coupling_kinds> freedom{};
  std::vector<double> theta_error{};
  History<LearnRow> history{};  ///< expected: the target's own couplings
  StopReason stop_reason = StopReason::running;
  std::optional<Certificate> certificate{};
  /// Where a restart goes on: the state before the next epoch, or, of a finished run, before the
  /// last one, so that an extended run has the bits of one that never stopped.
  VariationalState checkpoint{};
  bool warmed_up = false;  ///< the warm-up is behind the checkpoint

  Parameters parameters() const { return {action.graph, freedom}; }
};

/// Writes a run file in the place of the file at once (OutputFile). Throws BadInput where that
/// cannot be.
void write_run(OutputFile& file, const LearnRun& run);

/// Reads it back exactly, also from layout 1. Throws BadInput as run_kind does, and for a run of
/// another kind. The graph comes from the file itself.
LearnRun read_learn_run(const std::filesystem::path& file);

}  // namespace quartic
