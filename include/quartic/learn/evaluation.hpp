// The evaluation of a model learned from data: moments, log-likelihood, scores.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "quartic/learn/certificate.hpp"
#include "quartic/learn/likelihood.hpp"

namespace quartic {

/// How one set of rows fares under the model.
struct DataScore {
  MomentMatch moments;
  LogLikelihood log_likelihood;  ///< per row, in the units of the model
  /// Hyvarinen's objective; lower is better. This and the next: NaN where sites are hidden.
  Estimate score_matching;
  Estimate pseudo_likelihood;  ///< sum_i ln p(phi_i | others), per row; higher is better
};

struct Evaluation {
  WorkFreeEnergy free_energy;  ///< F = -ln Z, by annealing in both directions
  DataScore train;
  std::optional<DataScore> held_out;
  bool ok = true;      ///< false where F is not to be trusted
  std::string reason;  ///< why not ok

  Draws draws;  ///< the sample behind it, for the run file and the figures
};

/// Rows and their moments, which are found anew for an action with hidden sites.
struct ScoredData {
  const DataSource& rows;
  const DataMoments& moments;
  std::vector<int> b_at_bound = {};  ///< sites, as of match_moments
};

/// Judges a learned action. `equilibrated` samples it already (the learner's own sampler): its
/// fields are where the samples and the reverse annealing begin, and it is left as it is.
/// `max_draws`: stored of a chain, at most. O(chains (V + E) (annealing steps + draws sweeps) +
/// rows V).
template <class T>
Evaluation evaluate(const Sampler<T>& equilibrated, const Action& action, const ScoredData& train,
                    const std::optional<ScoredData>& held_out, const DataPass& pass,
                    const CertificateOptions& wanted, int max_draws, std::uint64_t seed);

}  // namespace quartic
