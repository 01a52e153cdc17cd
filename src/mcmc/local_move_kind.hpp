// The kinds of local moves: what a sampler knows of each, one row a kind in local_move_kinds.cpp.
#pragma once

#include <string>
#include <string_view>

#include "mcmc/cluster_moves.hpp"
#include "mcmc/hmc_move.hpp"
#include "mcmc/local_moves.hpp"
#include "quartic/mcmc/sampler.hpp"

namespace quartic {

/// Working memory of one thread.
template <class T>
struct EnsembleScratch {
  ClusterScratch cluster;
  HmcScratch<T> hmc;
  AlignedVector<std::uint32_t> words;  ///< streams split off for the moves of one sweep
};

struct MoveCount {
  double accepted, proposed;
};

template <class T>
struct LocalMoveKind {
  std::string_view name;
  std::string_view option;         ///< the key that chooses the move; empty: no other is chosen
  int SamplerOptions::*chosen_by;  ///< that option, where positive
  /// Moves the sites [begin, end) of a block and no others, so that reflections can follow while
  /// these are in the cache; else the whole block at once, and no reflections.
  bool in_bands;
  MoveCount (*sweep)(SweepBlock<T>, const SamplerOptions&, const Schedule&, EnsembleScratch<T>&);
  std::string (*describe)(const SamplerOptions&, const Schedule&);
  double (*first_step_size)(const SamplerOptions&) = nullptr;  ///< null: no step size to adapt
};

template <class T>
const LocalMoveKind<T>& local_move_kind(LocalMove move);

/// Throws BadInput where options choose two moves, or one by a negative number.
void require_one_local_move(const SamplerOptions& options);

}  // namespace quartic
