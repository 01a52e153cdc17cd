// F = -ln Z of an action, by two independent routes.
#pragma once

#include <cstdint>
#include <string>

#include "quartic/core/fields.hpp"
#include "quartic/core/progress.hpp"
#include "quartic/stats/acceptance_ratio.hpp"
#include "quartic/stats/annealing.hpp"
#include "quartic/stats/integration.hpp"

namespace quartic {

struct FreeEnergyOptions {
  SamplerOptions sampler;     ///< chains (trajectories), moves, threads
  double error = 0.01;        ///< wanted standard error of F
  int steps = 0;              ///< of annealing; 0: as many as the error needs, by pilot and trial
  int max_steps = 0;          ///< 0: 50000, more for errors below 0.01
  ProgressCallback progress;  ///< of the route that runs
};

/// By annealing forward from uncoupled fields and in reverse from equilibrium, see WorkEstimate.
/// All its numbers are of F itself: the start's exact F_0 is added.
struct WorkFreeEnergy {
  WorkEstimate work;
  double start = 0;         ///< F_0 of the uncoupled fields, exact
  bool mean_field = false;  ///< the path begins at the mean field; else at w = 0
  int steps = 0;            ///< of a trajectory; 0: none, from the nearest Gaussian field at once
  bool ok = true;
  std::string reason;  ///< why not

  const char* route() const {
    return steps == 0 ? "from the nearest Gaussian field" : "by annealing in both directions";
  }
};

template <FieldsOf<WorkFreeEnergy> F, class Visit>
void fields(F& f, Visit&& visit) {
  members(visit, "free_energy", f.work.difference, "free_energy_forward", f.work.forward,
          "free_energy_reverse", f.work.reverse, "free_energy_upper", f.work.upper,
          "free_energy_lower", f.work.lower, "annealing_ess", f.work.forward_ess, "annealing_steps",
          f.steps);
}

/// By thermodynamic integration over the same path; the difference of the result is F itself.
using IntegrationFreeEnergy = IntegrationResult;

/// F by work. `equilibrated`: a sampler of this action in equilibrium, whose fields the reverse
/// trajectories begin with and which is left as it is; without it, they begin with the forward
/// trajectories' last fields, equilibrated further. O(steps chains (V + E)). Throws BadInput if the
/// action is not normalisable or the wanted error is not positive.
template <class T>
WorkFreeEnergy free_energy_by_work(const AnnealingPlan& plan, const FreeEnergyOptions& options,
                                   std::uint64_t seed, const Sampler<T>* equilibrated = nullptr);

/// F by integration, see integrate_path.
template <class T>
IntegrationFreeEnergy free_energy_by_integration(const AnnealingPlan& plan,
                                                 const FreeEnergyOptions& options,
                                                 std::uint64_t seed);

/// Both routes as one number, weighted by their errors.
struct CombinedFreeEnergy {
  Estimate value;
  double z = 0;    ///< their difference over its error
  bool ok = true;  ///< both routes are, and |z| <= 4
  std::string reason;
};
CombinedFreeEnergy combine(const WorkFreeEnergy& work, const IntegrationFreeEnergy& integration);

}  // namespace quartic
