// A run of `quartic sample` as it is in its file.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "quartic/config/config.hpp"
#include "quartic/field/action.hpp"
#include "quartic/learn/stop_reason.hpp"
#include "quartic/mcmc/sampler.hpp"
#include "quartic/runfile/run_file.hpp"
#include "quartic/stats/measurement.hpp"

namespace quartic {

/// The configurations that a run keeps: every `thin`-th draw, at most a given number; where that
/// would be exceeded every other one is dropped and `thin` doubles, so what is kept depends only on
/// the number of draws.
struct KeptDraws {
  int thin = 1;
  std::vector<std::vector<float>> phi{};      ///< [draw][chain * site]
  std::vector<std::vector<double>> action{};  ///< S, [draw][chain]

  /// Whether draw number `draw` (1, 2, ...) is to be kept.
  bool wants(std::int64_t draw) const { return draw % thin == 0; }
  /// Keeps one more; then thins, if there are more than `most` (at least 1).
  void keep(std::vector<float> phi, std::vector<double> action, int most);
};

struct MoveAcceptance {
  std::string move;  ///< independence, reflection, flip, ...
  double rate = 0;   ///< accepted over proposed, mean over the draws
  int draws = 0;     ///< those in which it was made
};

template <FieldsOf<MoveAcceptance> M, class Visit>
void fields(M& move, Visit&& visit) {
  members(visit, "move", move.move, "acceptance", move.rate, "move_draws", move.draws);
}

struct SampleRun {
  Config config;
  Provenance provenance;
  Action action;           ///< what is sampled
  bool warmed_up = false;  ///< the warm-up is behind the checkpoint
  int warm_up_sweeps = 0;  ///< before the first draw
  bool stationary = true;  ///< false: the warm-up ended before averages had come to rest
  StopReason stop_reason = StopReason::running;

  std::string wells{};     ///< that the moves do not join, in words; empty: none
  std::string schedule{};  ///< the moves of a sweep in words
  std::vector<MoveAcceptance> acceptance{};
  MoveAcceptance flipped{"flipped"};  ///< fraction of the signs that cluster moves flipped
  KeptDraws kept{};
  std::vector<ObservableResult> results{};
  std::optional<TwoPoint> two_point{};
  double measuring_seconds = 0;  ///< wall-clock time of the draws so far

  // Where a restart goes on.
  SamplerState sampler{};
  std::vector<std::string> observables{};  ///< names of the measurement's series
  MeasurementState measurement{};
};

/// Writes and reads as for a LearnRun (learn_run.hpp).
void write_run(OutputFile& file, const SampleRun& run);
SampleRun read_sample_run(const std::filesystem::path& file);

}  // namespace quartic
