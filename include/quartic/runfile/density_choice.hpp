// Which way of learning a density was taken, and how the others did.
#pragma once

#include <algorithm>
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
  /// Best in the last tenth of all rounds, or still rising where these were too few for patience to
  /// end them: more would be better.
  bool improving = false;

  /// By how much held-out ln p rose in the last tenth of the rounds.
  double last_rise() const {
    const std::size_t rounds = held_out.size() - 1;
    return rounds == 0 ? 0
                       : held_out.back() - held_out[rounds - std::max<std::size_t>(rounds / 10, 1)];
  }
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
