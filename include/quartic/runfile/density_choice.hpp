// Which way of learning a density was taken, and how the others did.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "quartic/core/estimate.hpp"
#include "quartic/data/scaling.hpp"

namespace quartic {

/// How a scaling did, after every round: 0 with the hidden units unused, then 10 iterations each.
struct DensityCandidate {
  ScalingMethod scaling = ScalingMethod::none;
  std::vector<double> held_out;  ///< mean ln p a held-out row, in the units of the data
  int best = 0;                  ///< the round of largest held-out ln p
  double error = 0;              ///< of that one, over rows
  bool dropped = false;          ///< fell behind the best by more than chance allows
  bool improving = false;        ///< best in the last tenth of all rounds: more would be better
};

/// Of run/density_learner.hpp; no candidates: of a network that learned by chains.
struct DensityChoice {
  std::vector<DensityCandidate> candidates;
  std::size_t chosen = 0;            ///< of the candidates
  int iterations = 0;                ///< of the final fit, to all rows
  Estimate held_out;                 ///< ln p a held-out row at the choice, error over rows
  std::vector<std::string> remarks;  ///< why the data, or some scalings of them, have no density

  const DensityCandidate& best() const { return candidates[chosen]; }
};

}  // namespace quartic
