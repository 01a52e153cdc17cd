// The certificate of a learned action: free energies, the Bogoliubov bound, and the overlap.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "quartic/core/estimate.hpp"
#include "quartic/core/progress.hpp"
#include "quartic/field/action.hpp"
#include "quartic/field/draws.hpp"
#include "quartic/field/target.hpp"
#include "quartic/mcmc/sampler.hpp"
#include "quartic/stats/free_energy.hpp"

namespace quartic {

struct CertificateOptions {
  int chains = 1024;    ///< annealed trajectories, a multiple of 16
  int steps = 0;        ///< annealing steps; 0: as many as the wanted error needs
  double error = 0.01;  ///< wanted standard error of F
  int draws = 16;       ///< configurations a chain for the averages under the learned action
  int sweeps = 8;       ///< sweeps between them
  ProgressCallback progress;
};

/// F_A <= variational_free_energy = <A - S> + F(theta); the gap is KL(p||q).
struct Certificate {
  WorkFreeEnergy free_energy;        ///< F(theta) = -ln Z, by annealing in both directions
  Estimate variational_free_energy;  ///< <A - S>_p + F
  Estimate target_free_energy;       ///< F_A = F - ln <exp(-(A - S))>_p
  Estimate gap;                      ///< their difference, errors correlated
  Estimate half_variance;            ///< Var_p(A - S) / 2, the gap to leading order
  Estimate weight_ess;               ///< effective fraction of the weights exp(-(A - S))
  bool ok = true;      ///< false where the weights have died, or F is not to be trusted
  std::string reason;  ///< why not ok

  Draws draws;                       ///< the sample behind it, for the run file and the figures
  std::vector<double> target_value;  ///< A of each draw, [chain][draw]
  /// Only the first `kept` draws of each chain.
  void keep_first(int kept);
};

template <FieldsOf<Certificate> C, class Visit>
void fields(C& c, Visit&& visit) {
  fields(c.free_energy, visit);
  members(visit, "variational_free_energy", c.variational_free_energy, "target_free_energy",
          c.target_free_energy, "gap", c.gap, "half_variance", c.half_variance, "weight_ess",
          c.weight_ess, "ok", c.ok, "reason", c.reason);
}

/// F of a learned action by annealing in both directions, the reverse from the fields of
/// `equilibrated`, the learner's own sampler, which is left as it is. O(chains (V + E) steps).
template <class T>
WorkFreeEnergy measure_free_energy(const Sampler<T>& equilibrated, const Action& action,
                                   const CertificateOptions& options, std::uint64_t seed);

/// Certifies a learned action. `equilibrated` samples it already (the learner's own sampler): its
/// fields are where the certificate's chains and the reverse annealing begin, with random streams
/// of their own, and it is left as it is. A fresh start could be trapped in domain walls where the
/// learned action is deep in the broken phase. O(chains (V + E) (annealing steps + draws sweeps)).
template <class T>
Certificate certify(const Sampler<T>& equilibrated, const Action& action, const Target& target,
                    const CertificateOptions& options, std::uint64_t seed);

}  // namespace quartic
