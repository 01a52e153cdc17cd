// A graph in patches: groups of sites that share it among them, each with what lies around it.
#pragma once

#include <limits>
#include <vector>

#include "quartic/field/parameters.hpp"

namespace quartic {

struct Patch {
  std::vector<int> core;       ///< sites; every site is in the core of one patch
  std::vector<int> couplings;  ///< theta's numbers of those within the radius, ascending
};

inline constexpr double any_number = std::numeric_limits<double>::infinity();

struct Patches {
  int radius = 0;
  std::vector<Patch> all;
  int most_couplings = 0;
};

/// Couplings that lie wholly within `radius` edges of a core. Cores are boxes of 2 sites a side on
/// lattices, where that makes no site dearer, else single sites. Every kind is free or frozen and
/// no site is hidden. Ends at the first site around which there are more couplings than `most`,
/// which most_couplings tells: where all is near all that is the first. O(V sites within the
/// radius).
Patches make_patches(const Parameters& parameters, int radius, double most = any_number);

}  // namespace quartic
