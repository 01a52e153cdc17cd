// Configurations stored in a run file, whatever verb wrote it: what reweighting and other verbs
// take.
#pragma once

#include <filesystem>
#include <vector>

#include "quartic/config/config.hpp"
#include "quartic/field/action.hpp"

namespace quartic {

/// The sample of a run: configurations of p = exp(-S) / Z, their S, and, where they were annealed,
/// the logarithms of their weights.
struct StoredSample {
  Config config;
  Action action;  ///< S; its graph comes from the file
  int chains = 0, draws = 0, sites = 0;
  std::vector<float> phi{};            ///< [chain][draw][site]
  std::vector<double> action_value{};  ///< S of each, [chain][draw]
  std::vector<double>
      log_weight{};  ///< with which they sample exp(-S), [chain][draw]; empty: all 0
};

/// Throws BadInput for a file without configurations, with the verb that would store them.
StoredSample read_sample(const std::filesystem::path& file);

/// The graph and the couplings that a run of any kind ended with.
struct StoredModel {
  Config config;
  Action action;
};
/// Throws BadInput for a run without one, and for a field with hidden units where they are not
/// `welcome`: their sites are no columns of anything.
StoredModel read_model(const std::filesystem::path& file, bool hidden_welcome = false);

/// The effective config of a run of any kind.
Config read_run_config(const std::filesystem::path& file);

}  // namespace quartic
