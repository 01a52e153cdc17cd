// Complex couplings and target actions as people type them: "nn=-1,phi2=1.5+0.15i".
#pragma once

#include <complex>
#include <string>
#include <string_view>
#include <vector>

#include "quartic/field/target.hpp"

namespace quartic {

/// "0.5", "-1e-3", "0.15i", "1.5+0.15i", "-i". Throws Error (usage), naming `where`.
std::complex<double> parse_coupling(std::string_view text, const std::string& where);

/// The same backwards, in the shortest digits that give the value back to `digits`.
std::string coupling_text(std::complex<double> coupling, int digits = 6);

/// Throws BadInput for a coupling that no config may have, beyond 1e30 or not finite: a run file,
/// which holds one, could not tell it.
void require_in_reach(const std::string& term, std::complex<double> coupling);

/// Terms with their couplings, "nn=-1,phi2=1.52425". Throws Error (usage) for what it cannot read.
std::vector<TermSpec> parse_target(std::string_view text);

/// "nnn=-1:0:21": one term's coupling over a grid, both ends included.
struct CouplingScan {
  std::string term;
  std::vector<std::complex<double>> couplings;
};
CouplingScan parse_scan(std::string_view text);

/// Words between separators.
std::vector<std::string> split(std::string_view text, char separator);

}  // namespace quartic
