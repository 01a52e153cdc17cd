// Known values, recomputed on this machine: the first thing to run after an installation.
#pragma once

#include <string>
#include <vector>

namespace quartic {

struct SelfTestResult {
  std::string name;
  double value = 0;
  double expected = 0;
  double error = 0;  ///< standard error, or the tolerance where the value is deterministic
  bool ok = false;   ///< within 4 errors, or within the tolerance
};

/// The quartic density on every SIMD target, moments and free energy of a 2x2 lattice
/// (kappa = 1, mu^2 = -0.9515, lambda = 0.7) against exact values (quadrature by variable
/// elimination), and a natural-gradient step onto a target in its span. Fixed seeds; about a
/// second.
std::vector<SelfTestResult> self_test();

}  // namespace quartic
