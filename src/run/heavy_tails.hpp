// Columns of the data whose tails a phi^4 field cannot have.
#pragma once

#include <string>

#include "quartic/runfile/fit_run.hpp"

namespace quartic {

/// In words; none without an evaluation, or where there are none. A column is named where b has no
/// part in its density and <phi^4> of the data is above the model's by more than chance.
std::string heavy_tails(const FitRun& run);

}  // namespace quartic
