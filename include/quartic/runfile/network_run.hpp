// A run of `quartic fit` with [model] kind = "network", as it is in its file.
#pragma once

#include <filesystem>
#include <optional>
#include <vector>

#include "quartic/config/config.hpp"
#include "quartic/learn/stop_reason.hpp"
#include "quartic/network/learner.hpp"
#include "quartic/network/network.hpp"
#include "quartic/runfile/density_choice.hpp"
#include "quartic/runfile/fit_data.hpp"
#include "quartic/runfile/run_file.hpp"

namespace quartic {

/// A network after an epoch, judged by its log-likelihood and otherwise.
struct NetworkEvaluation {
  int epoch = 0;
  LogZ log_z;  ///< ladder.betas and acceptance are not stored
  LogLikelihood train;
  std::optional<LogLikelihood> held_out;
  /// The same in the units of the data, where these are others.
  std::optional<LogLikelihood> train_in_data, held_out_in_data;
  Estimate reconstruction;   ///< (phi - <phi | h>)^2 a unit, of training rows
  Estimate free_energy_gap;  ///< held-out rows minus training rows; 0 without
  /// ln p a row, held out where there are such, less that of one Gaussian (gaussian_density.hpp);
  /// of real-valued columns that have one. Of two-valued columns, less that of independent ones.
  std::optional<Estimate> above_gaussian, above_independent;
  std::vector<double> singular;  ///< of w, descending
};

/// All but the singular values.
template <FieldsOf<NetworkEvaluation> E, class Visit>
void fields(E& e, Visit&& visit) {
  members(visit, "epoch", e.epoch, "log_z", e.log_z.value, "log_z_annealed", e.log_z.annealed,
          "log_z_forward", e.log_z.forward, "log_z_reverse", e.log_z.reverse, "forward_ess",
          e.log_z.forward_ess, "reverse_ess", e.log_z.reverse_ess, "exact", e.log_z.exact,
          "log_likelihood", e.train);
  if (e.held_out) members(visit, "held_out", *e.held_out);
  if (e.train_in_data) members(visit, "log_likelihood_data_units", *e.train_in_data);
  if (e.held_out_in_data) members(visit, "held_out_data_units", *e.held_out_in_data);
  members(visit, "reconstruction", e.reconstruction, "free_energy_gap", e.free_energy_gap, "ok",
          e.log_z.ok, "reason", e.log_z.reason);
  if (e.above_gaussian) members(visit, "above_gaussian", *e.above_gaussian);
  if (e.above_independent) members(visit, "above_independent", *e.above_independent);
}

/// How a network was learned whose ln Z is exact, or what chains began with.
struct DensityProgress {
  DensityChoice choice;
  std::vector<double> state;  ///< DensityLearner::state, where a restart goes on
  bool start = false;         ///< chains go on from it
};

struct NetworkRun {
  Config config;
  Provenance provenance;
  Network network;  ///< as it is now
  FitData data{};
  std::vector<TrainRow> history{};
  std::vector<NetworkEvaluation> evaluations{};
  StopReason stop_reason = StopReason::running;
  /// Draws of the finished network, [chain][visible]; empty before.
  std::vector<float> draws{};
  /// Where a restart goes on, as for a LearnRun: one by chains,
  TrainingState checkpoint{};
  std::vector<double> pace{};  ///< with epochs = "auto": rate and looks at held-out rows so far
  DensityProgress density{};   ///< or one learned exactly, which has no history; or both
  bool warmed_up = false;

  int chains() const;  ///< of `draws`
  /// Whether it is learned exactly, without chains.
  bool exact() const { return !density.choice.candidates.empty() && !density.start; }
};

/// Writes and reads as for a LearnRun (learn_run.hpp).
void write_run(OutputFile& file, const NetworkRun& run);
NetworkRun read_network_run(const std::filesystem::path& file);

}  // namespace quartic
