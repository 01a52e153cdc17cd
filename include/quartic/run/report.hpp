// What a run holds, in words: every number with its error, and what it means.
#pragma once

#include <string>
#include <vector>

#include "quartic/field/target.hpp"
#include "quartic/run/any_run.hpp"
#include "quartic/run/free_energy.hpp"
#include "quartic/run/judge.hpp"

namespace quartic {

/// Lines of text, at most one screen and a line for each observable, point or layer.
std::string report(const AnyRun& run);

/// The same as JSON, one object on one line.
std::string report_json(const AnyRun& run);
std::string report_json(const FreeEnergies& results);
std::string report_json(const Judgement& judgement);

/// A line a family, the other checks, the verdict, and what is wrong.
std::string report(const Judgement& judgement);

/// "A = -1 nn + 1.52425 phi2 + 0.175 phi4".
std::string target_text(const std::vector<TermSpec>& target);

}  // namespace quartic
