// The run file: one HDF5 file that holds a run whole (docs/run-file.md).
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "quartic/field/action.hpp"
#include "quartic/field/parameters.hpp"
#include "quartic/io/config.hpp"
#include "quartic/learn/certificate.hpp"
#include "quartic/learn/variational.hpp"

namespace quartic {

inline constexpr int run_file_layout = 1;

/// Who made a run file, when and with what.
struct Provenance {
  std::string version, git_hash, compiler, simd_target, command, host, date;
  std::uint64_t seed = 0;
  double seconds = 0;  ///< wall-clock time so far
};

/// This program on this machine now.
Provenance make_provenance(const std::string& command, std::uint64_t seed);

/// One row an epoch.
struct History {
  std::vector<std::string> parameters;  ///< labels
  std::vector<double> expected;         ///< the target's own couplings, NaN where unknown
  std::vector<EpochRow> rows;
  std::vector<double> theta, theta_error;  ///< rows x parameters: what the epoch sampled

  void append(const EpochRow& row, const std::vector<double>& theta,
              const std::vector<double>& theta_error);
  /// Drops rows of epochs >= epoch.
  void truncate(int epoch);
};

/// A run as it is in its file.
struct Run {
  Config config;
  Provenance provenance;
  Action action;  ///< the couplings as they are now
  std::array<Freedom, coupling_kinds> freedom{};
  std::vector<double> theta_error;
  History history;
  StopReason reason = StopReason::running;
  std::optional<Certificate> certificate;
  /// Where a restart goes on: the state before the next epoch, or, of a finished run, before the
  /// last one, so that an extended run has the bits of one that never stopped.
  VariationalState checkpoint;
  bool warm = false;  ///< the warm-up is behind the checkpoint

  Parameters parameters() const { return {action.graph, freedom}; }
};

/// Writes a run file atomically: temporary file beside it, fsync, rename; the previous file is kept
/// as FILE.previous meanwhile. Throws BadInput where that cannot be.
void write_run(const std::filesystem::path& file, const Run& run);

/// Reads it back exactly. Throws BadInput for a file that is missing, empty, truncated, of another
/// kind or of a later layout. The graph comes from the file itself.
Run read_run(const std::filesystem::path& file);

/// Whether a file looks like HDF5 (a run) rather than text (a config).
bool is_run_file(const std::filesystem::path& file);

/// Throws BadInput where a run could not be written: the directory is missing or unwritable, or the
/// file exists and `overwrite` is false.
void require_writable(const std::filesystem::path& file, bool overwrite);

/// Keeps the first `draws` draws of each chain.
void keep_draws(Certificate& certificate, int draws);

}  // namespace quartic
