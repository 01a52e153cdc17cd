// Reweighting the configurations of runs to other, also complex, actions: what `quartic reweight`
// does.
#pragma once

#include <complex>
#include <string>
#include <vector>

#include "quartic/field/target.hpp"
#include "quartic/run/session.hpp"
#include "quartic/runfile/reweight_run.hpp"

namespace quartic {

struct ReweightOptions {
  std::vector<std::string> runs;  ///< files with configurations; several are combined by MBAR
  std::vector<TermSpec> target;   ///< B; empty: the first run's own target
  /// One term's coupling at each of these values instead of its own; empty: B alone.
  std::string scanned;
  std::vector<std::complex<double>> couplings;
  std::vector<std::string> observables;  ///< m, abs_m, m2, m4, action_density, or terms per site
  std::vector<NamedFunction> functions = {};  ///< observables of the user's own
  /// Anneal the configurations from S to the real part of B first, of a scan to its middle.
  bool anneal = false;
  int threads = 0;      ///< 0: all cores; never changes the results
  std::string command;  ///< what the provenance says
};

/// <O> of B, its ln Z, ESS and phase at every point. O(samples (terms + observables) points).
/// Throws BadInput for runs without configurations or on different sites, a target that is not
/// there, or not normalisable, and an unknown term.
ReweightRun reweight(const ReweightOptions& options, const Session& session);

}  // namespace quartic
