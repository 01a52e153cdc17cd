// A run of `quartic reweight` as it is in its file.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "quartic/config/config.hpp"
#include "quartic/field/action.hpp"
#include "quartic/runfile/run_file.hpp"
#include "quartic/stats/annealing.hpp"
#include "quartic/stats/reweighting.hpp"

namespace quartic {

struct ReweightRun {
  Config config;  ///< the first source's; its target is B, of the first point
  Provenance provenance;
  Action action;                       ///< S of the first source
  std::vector<std::string> sources{};  ///< the run files whose configurations were reweighted
  /// F_k - F_0 of each source's action, by MBAR; 0 for the first.
  std::vector<Estimate> free_energy{};
  std::uint64_t samples = 0;
  std::optional<AnnealedSample> annealed{};  ///< the configurations, where they were annealed first
  std::vector<double> annealed_action{};     ///< S of each, [chain][draw]
  std::vector<std::string> terms{};          ///< of B, in the order of a point's couplings
  std::string scanned{};                   ///< the term whose coupling is scanned; empty: one point
  std::vector<std::string> observables{};  ///< in the order of a point's
  std::vector<ReweightedPoint> points{};

  /// Where the scanned term stands among `terms`; 0 where there is none.
  std::size_t scanned_term() const;
  bool complex() const;  ///< whether any coupling is
};

/// Writes and reads as for a LearnRun (learn_run.hpp).
void write_run(OutputFile& file, const ReweightRun& run);
ReweightRun read_reweight_run(const std::filesystem::path& file);

}  // namespace quartic
