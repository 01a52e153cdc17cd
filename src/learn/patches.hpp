// A graph in patches: groups of sites that share it among them, each with what lies around it.
#pragma once

#include <vector>

#include "quartic/field/parameters.hpp"

namespace quartic {

struct Patch {
  std::vector<int> core;       ///< sites; every site is in the core of one patch
  std::vector<int> couplings;  ///< theta's numbers of those within the radius, ascending
};

struct Patches {
  int radius = 0;
  std::vector<Patch> all;
  int most_couplings = 0;
};

/// Couplings that lie wholly within `radius` edges of a core. Cores are boxes of 2 sites a side on
/// lattices, where that makes no site dearer, else single sites. Every kind is free or frozen and
/// no site is hidden. O(V sites within the radius).
Patches make_patches(const Parameters& parameters, int radius);

}  // namespace quartic
