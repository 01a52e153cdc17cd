// A run of `quartic fit` as it is in its file.
#pragma once

#include <array>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "quartic/config/config.hpp"
#include "quartic/field/action.hpp"
#include "quartic/field/parameters.hpp"
#include "quartic/learn/evaluation.hpp"
#include "quartic/runfile/fit_data.hpp"
#include "quartic/runfile/history.hpp"
#include "quartic/runfile/run_file.hpp"

namespace quartic {

/// Fields of the first chains at one epoch.
struct Snapshot {
  int epoch = 0;
  std::vector<float> phi;  ///< [chain][site]
};

struct FitRun {
  Config config;
  Provenance provenance;
  Action action;  ///< the couplings as they are now
  std::array<Freedom, coupling_kinds> freedom{};
  std::vector<double> theta_error{};
  FitData data{};
  std::string start{};        ///< what the couplings started from, in words
  History<FitRow> history{};  ///< expected: the couplings of the run that the data came from
  std::vector<Snapshot> snapshots{};
  StopReason stop_reason = StopReason::running;
  std::optional<Evaluation> evaluation{};
  /// As for LearnRun.
  LikelihoodState checkpoint{};
  bool warmed_up = false;

  Parameters parameters() const { return {action.graph, freedom}; }
};

/// Whether the fields of an epoch are kept: 0, 1, 2, 4, 8, ...
bool keeps_snapshot(int epoch);
inline constexpr int snapshot_chains = 8;

/// Writes and reads as for a LearnRun (learn_run.hpp).
void write_run(OutputFile& file, const FitRun& run);
FitRun read_fit_run(const std::filesystem::path& file);

}  // namespace quartic
