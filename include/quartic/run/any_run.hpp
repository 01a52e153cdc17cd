// A run of any kind: read, gone on with, extended.
#pragma once

#include <filesystem>
#include <string>
#include <variant>

#include "quartic/run/session.hpp"
#include "quartic/runfile/fit_run.hpp"
#include "quartic/runfile/learn_run.hpp"
#include "quartic/runfile/network_run.hpp"
#include "quartic/runfile/reweight_run.hpp"
#include "quartic/runfile/sample_run.hpp"
#include "quartic/runfile/stack_run.hpp"

namespace quartic {

using AnyRun = std::variant<LearnRun, SampleRun, ReweightRun, FitRun, NetworkRun, StackRun>;

/// Reads a run file of whatever kind it is. Throws BadInput as run_kind does.
AnyRun read_run(const std::filesystem::path& file);

/// What a run counts its steps in, "epoch" or "draw"; empty: it cannot be extended, being
/// reweighted or learned exactly.
std::string unit_of(const AnyRun& run);

/// Whether there is nothing left to do.
bool finished(const AnyRun& run);

/// Moves the limit of epochs (of a stack: of its top layer) or draws, counted from the start, as if
/// it had been the new one all along: a finished run goes on from before its last step, to the bits
/// of one that never stopped. Throws BadInput where that adds none, or where the run has no steps.
void extend(AnyRun& run, int limit);

/// Threads never change the results.
void set_threads(AnyRun& run, int threads);

/// Functions of the user's, which no run file can hold.
struct Functions {
  std::vector<NamedFunction> observables;  ///< that are measured
  TargetFunction target;                   ///< the target's term "function"
};

/// Goes on from the run's last state until it is finished, into `to`, with the functions that it
/// began with. `from` names the run where its data have changed or are missing, which throws
/// BadInput.
Outcome resume(AnyRun& run, const std::filesystem::path& from, const std::filesystem::path& to,
               const Session& session, const Functions& functions = {});

}  // namespace quartic
