// F = -ln Z of an action by two independent routes: what `quartic free-energy` does.
#pragma once

#include <optional>

#include "quartic/run/session.hpp"
#include "quartic/runfile/learn_run.hpp"
#include "quartic/stats/annealing.hpp"
#include "quartic/stats/free_energy.hpp"

namespace quartic {

/// F_A = F(theta) - ln Z_A / Z from the certificate and the learned configurations annealed to A.
struct FromLearned {
  Estimate free_energy;
  Estimate direct_ess;  ///< of the weights exp(-(A - S)), all at once
  AnnealedSample sample;
};

struct FreeEnergies {
  std::optional<FromLearned> learned;
  WorkFreeEnergy work;
  IntegrationFreeEnergy integration;
  CombinedFreeEnergy combined;
};

/// By work and by thermodynamic integration, each to the wanted standard error, with the config's
/// sampler and seed. `learned`: a certified run whose configurations are annealed to `action`, its
/// target, as a third route; null: none. Throws BadInput where the action is not normalisable.
FreeEnergies free_energies(const Config& config, const Action& action, double error,
                           const LearnRun* learned, const Session& session);

/// The target of a config as an action. Throws BadInput where a term of it is none.
Action target_action(const Config& config, const std::shared_ptr<const Graph>& graph);

}  // namespace quartic
