// Annealing: chains driven along a path of actions by many small steps, and the work that it takes.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "quartic/core/estimate.hpp"
#include "quartic/core/progress.hpp"
#include "quartic/field/action_path.hpp"
#include "quartic/mcmc/sampler.hpp"

namespace quartic {

/// A path with its pilot: where on it the fields change fast. D = S_1 - S_0.
struct AnnealingPlan {
  struct Knot {
    double beta;
    double deviation;  ///< sqrt(Var_beta D), whose integral is the thermodynamic length
    double friction;   ///< sqrt(2 tau Var_beta D), tau in sweeps
  };
  ActionPath path;
  std::vector<Knot> knots;  ///< beta from 0 to 1; neighbours a few deviations of D apart at most

  /// int sqrt(2 tau Var D) dbeta over the whole path, which decides what a free energy costs.
  double friction_length() const;
  /// Stops at equal steps of friction: with one sweep a stop they make the work's variance least
  /// for their number, about friction_length^2 / steps (Sivak & Crooks, Phys. Rev. Lett. 108 (2012)
  /// 190602).
  std::vector<double> stops(int steps) const;
  /// Steps for which the work has this variance; at least 10.
  int steps_for(double work_variance) const;
};

/// Runs the pilot: up to 256 chains, with knots so close that neighbouring ensembles overlap.
/// `start`: fields in equilibrium at S_0, [chain][site], at least 16 chains; empty: S_0 is
/// uncoupled and its draws are exact. Throws BadInput where the ends are on different graphs or not
/// normalisable, or S_0 is coupled and `start` is empty. O(knots * 256 * 24 (V + E)).
template <class T>
AnnealingPlan plan_annealing(const ActionPath& path, const SamplerOptions& sampler,
                             std::uint64_t seed, std::span<const double> start = {});

/// The plan with the least friction among those that lead to `action` from uncoupled fields: from
/// w = 0, and from the mean field where there is one. In a broken phase the second is far shorter:
/// the first passes the transition. But where the mean field has further minima that may count
/// (wells which more than the sign tells apart) the path from one of them never fills the others,
/// and it is taken only if a trial shows that w = 0 leads to less of Z.
template <class T>
AnnealingPlan plan_from_uncoupled(const Action& action, const SamplerOptions& sampler,
                                  std::uint64_t seed);

/// Drives all chains of a sampler, which is in equilibrium at the first stop, through the stops of
/// a path, in either direction, with one sweep at each; returns every chain's work
/// W = sum_n (S_beta(n+1) - S_beta(n))(phi_n), so that <exp(-W)> = Z_last / Z_first for any number
/// of stops (Jarzynski, Phys. Rev. Lett. 78 (1997) 2690; Neal, Stat. Comput. 11 (2001) 125). The
/// weights exp(-W) make the final fields a sample of the last action. O(stops chains (V + E)).
template <class T>
std::vector<double> drive(Sampler<T>& sampler, const ActionPath& path,
                          std::span<const double> stops, const ProgressCallback& progress = {});

struct AnnealingOptions {
  SamplerOptions sampler;  ///< its moves and threads; chains are those of the sample
  double ess = 0.75;       ///< wanted effective fraction of the weights
  int steps = 0;           ///< 0: as many as that needs, by the pilot and by trial
  int max_steps = 20000;
  ProgressCallback progress;
};

/// Configurations that were annealed from S_0 to S_1: their weights travel with them and serve
/// every observable, <O>_1 = sum w O / sum w.
struct AnnealedSample {
  int chains = 0, draws = 0, sites = 0;
  std::vector<float> phi;          ///< [chain][draw][site]
  std::vector<double> log_weight;  ///< [chain][draw], ln w = -W
  Estimate log_ratio;              ///< ln Z_1 / Z_0
  Estimate weight_ess;             ///< effective fraction, in (0, 1]
  int steps = 0;
  bool ok = true;
  std::string reason;  ///< why not: the wanted effective fraction was not reached
};

/// Anneals every configuration of an equilibrium sample of path.from, phi[chain][draw][site], to
/// path.to. Errors by jackknife over groups of chains. Independent of threads. O(steps chains draws
/// (V + E)). Throws BadInput where chains * draws is no multiple of 16, and as plan_annealing does.
template <class T>
AnnealedSample anneal_sample(const ActionPath& path, std::span<const float> phi, int chains,
                             const AnnealingOptions& options, std::uint64_t seed);

}  // namespace quartic
