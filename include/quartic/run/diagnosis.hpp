// Health checks of a run: what may be wrong with its numbers, and what to do about it.
#pragma once

#include <vector>

#include "quartic/core/check.hpp"
#include "quartic/run/any_run.hpp"

namespace quartic {

/// Of a sample: finished; averages at rest after the warm-up; R-hat, effective samples and length
/// against tau of the worst primary observable; windows found; every observable ok; acceptance;
/// where all r are 0, <m> = 0 within 5 errors; and the virial identity (stats/identities.hpp)
/// within 5 errors. O(stored configurations (V + E)).
std::vector<Check> diagnose(const SampleRun& run);

/// Of learning: converged, ridge, acceptance; of the certificate, if there is one: ok,
/// weight and annealing ESS, gap >= 0 within 5 errors, and the virial identity under the learned
/// action.
std::vector<Check> diagnose(const LearnRun& run);

/// Of a fit: converged, ridge, acceptance, couplings b at their bound; of the evaluation:
/// ok, annealing ESS, moments of held-out data (of the data, where none are held out) within
/// chance, held-out data as likely as the data within 5 errors, and the virial identity.
std::vector<Check> diagnose(const FitRun& run);

/// Of a network: all epochs done; of the last evaluation: ln Z ok, held-out data as likely as the
/// data within 5 errors of the rows, chains where the data are by their moments.
std::vector<Check> diagnose(const NetworkRun& run);

/// Of a deep stack: those of every layer's network, all layers there, and that no layer lowers the
/// bound of ln p by more than 5 errors.
std::vector<Check> diagnose(const StackRun& run);

/// Of reweighting: whether each point is ok.
std::vector<Check> diagnose(const ReweightRun& run);

std::vector<Check> diagnose(const AnyRun& run);

}  // namespace quartic
