// Annealing of stored configurations towards the action that they are to be reweighted to.
#pragma once

#include <span>

#include "quartic/core/progress.hpp"
#include "quartic/field/target.hpp"
#include "quartic/runfile/sample_file.hpp"
#include "quartic/stats/annealing.hpp"

namespace quartic {

struct Annealing {
  AnnealedSample sample;       ///< log_weight: with which the configurations sample exp(-S)
  std::vector<double> action;  ///< S of each
};

/// Anneals all configurations from S to the real part of B, and weights them for S itself:
/// ln w = -W + Re B - S. So they serve any action near B as those of an equilibrium sample would
/// serve one near S. Throws BadInput where that is no action
/// (phi6, plaquette, ...) or not normalisable, or the configurations were annealed before.
Annealing anneal(const StoredSample& from, std::span<const TermSpec> target, int threads,
                 const ProgressCallback& progress);

}  // namespace quartic
