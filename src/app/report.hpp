// What a run holds, for people and for programs.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include "quartic/io/run_file.hpp"

namespace quartic::app {

/// "A = -1 nn + 1.52425 phi2 + 0.175 phi4".
std::string target_text(const std::vector<TermSpec>& target);

/// Learned couplings, convergence, certificate.
std::string report(const Run& run);
nlohmann::json report_json(const Run& run);

nlohmann::json to_json(const EpochRow& row);

}  // namespace quartic::app
