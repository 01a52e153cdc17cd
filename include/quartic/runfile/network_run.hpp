// A run of `quartic fit` with [model] kind = "network", as it is in its file.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "quartic/config/config.hpp"
#include "quartic/learn/stop_reason.hpp"
#include "quartic/network/learner.hpp"
#include "quartic/network/network.hpp"
#include "quartic/runfile/fit_data.hpp"
#include "quartic/runfile/run_file.hpp"

namespace quartic {

/// A network after an epoch, judged by its log-likelihood and otherwise.
struct NetworkEvaluation {
  int epoch = 0;
  LogZ log_z;  ///< ladder.betas and acceptance are not stored
  LogLikelihood train;
  std::optional<LogLikelihood> held_out;
  Estimate reconstruction;       ///< (phi - <phi | h>)^2 a unit, of training rows
  Estimate free_energy_gap;      ///< held-out rows minus training rows; 0 without
  std::vector<double> singular;  ///< of w, descending
};

/// All but the singular values.
template <FieldsOf<NetworkEvaluation> E, class Visit>
void fields(E& e, Visit&& visit) {
  visit("epoch", e.epoch, "evaluated epochs");
  visit("log_z", e.log_z.value, "ln Z: exact, or by the tempered ladders, or annealed");
  visit("log_z_annealed", e.log_z.annealed, "by both directions of annealing");
  visit("log_z_forward", e.log_z.forward, "by annealing from independent units");
  visit("log_z_reverse", e.log_z.reverse, "by annealing back");
  visit("forward_ess", e.log_z.forward_ess, "effective fraction of the weights there");
  visit("reverse_ess", e.log_z.reverse_ess, "and back");
  visit("exact", e.log_z.exact, "true: ln Z is exact");
  visit("log_likelihood", e.train, "of the data");
  if (e.held_out) visit("held_out", *e.held_out, "of held-out data");
  visit("reconstruction", e.reconstruction, "(phi - <phi | h>)^2 a unit, of training rows");
  visit("free_energy_gap", e.free_energy_gap, "held-out rows minus training rows");
  visit("ok", e.log_z.ok, "false: ln Z is not to be trusted");
  visit("reason", e.log_z.reason, "why not");
}

struct NetworkRun {
  Config config;
  Provenance provenance;
  Network network;  ///< as it is now
  FitData data;
  std::vector<TrainRow> history;
  std::vector<NetworkEvaluation> evaluations;
  StopReason stop_reason = StopReason::running;
  /// Draws of the finished network, [chain][visible]; empty before.
  std::vector<float> draws;
  /// Where a restart goes on, as for a LearnRun.
  TrainingState checkpoint;
  bool warmed_up = false;

  int chains() const;  ///< of `draws`
};

/// Writes and reads as for a LearnRun (learn_run.hpp).
void write_run(const std::filesystem::path& file, const NetworkRun& run);
NetworkRun read_network_run(const std::filesystem::path& file);

}  // namespace quartic
