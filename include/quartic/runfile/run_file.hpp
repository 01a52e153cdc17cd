// What run files of every kind share: one HDF5 file that holds a run whole (docs/run-file.md).
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "quartic/core/output_file.hpp"
#include "quartic/core/words.hpp"

namespace quartic {

/// 2 had other names for some entries and words; 1, without a kind, held `learn` runs only. All are
/// read.
inline constexpr int run_file_layout = 8;

/// The verb that wrote a run file, which decides what it holds; network, stack: `fit` of these.
enum class RunKind { learn, sample, reweight, fit, network, stack };
template <>
inline constexpr auto words_of<RunKind> = word_list("learn", "sample", "reweight", "fit", "network",
                                                    "stack");

/// Who made a run file, when and with what.
struct Provenance {
  std::string version, git_hash, compiler, simd_target, command, host, date;
  std::string blas, blas_core;  ///< BLAS and its version, and whose kernels it chose
  double blas_speed = 0;        ///< 1e9 operations a second in products on one core
  std::uint64_t seed = 0;
  double seconds = 0;  ///< wall-clock time so far
};

/// The program alone: version, commit, compiler and instruction set.
Provenance program_provenance();

/// This program on this machine now. Loads BLAS, and measures it once.
Provenance make_provenance(const std::string& command, std::uint64_t seed);

/// Throws BadInput for a file that is missing, empty, truncated, damaged, no run or of a later
/// layout.
RunKind run_kind(const std::filesystem::path& file);

/// Writes a run of any kind once, in the place of the file at once (OutputFile).
template <class Run>
void write_run(const std::filesystem::path& file, const Run& run) {
  OutputFile out(file);
  write_run(out, run);
}

/// Whether a file looks like HDF5 (a run) rather than text (a config).
bool is_run_file(const std::filesystem::path& file);

}  // namespace quartic
