// Parallel tempering of a network: a ladder of models between independent units and the network.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "quartic/core/hidden.hpp"
#include "quartic/network/path.hpp"
#include "quartic/network/sampler.hpp"

namespace quartic {

/// Exact state of a tempered network; counts of exchanges and round trips are not part of it.
struct NetworkTemperingState {
  std::vector<double> betas;
  NetworkSamplerState chains;  ///< [rung][chain], the network's rung first
  std::int64_t sweeps = 0;     ///< made so far; its parity says which rungs exchange next
};

/// Parallel tempering (Swendsen & Wang, Phys. Rev. Lett. 57 (1986) 2607; of restricted Boltzmann
/// machines: Desjardins et al., AISTATS 2010) along a path of models from independent units to the
/// network; along a trajectory of its training this is parallel trajectory tempering (Bereux et
/// al., arXiv:2405.15376). Rungs k = 0, 1, ... sit at 1 = beta_0 > beta_1 > ... = 0 of the path;
/// each holds `chains` chains, and chain c of all rungs is one ladder, independent of the other
/// ladders. A sweep is one of Gibbs sampling (network/sampler.hpp) on every rung, then an exchange
/// of visible values between neighbours with the hidden units summed out,
///   probability min(1, exp(f_k(x_k) + f_k+1(x_k+1) - f_k(x_k+1) - f_k+1(x_k))),
///   f_k(phi) = sum_i E_i(phi_i) - sum_j ln Z1_j at beta_k,
/// even and odd pairs in turn (Okabe et al., Chem. Phys. Lett. 335 (2001) 435: far more round trips
/// than pairs drawn at random), then hidden units afresh. The rung at beta = 0 is drawn anew at
/// every sweep, so what came from there is independent of all before. A sweep costs O(rungs chains
/// visible hidden): two products of matrices a rung on the first segment of the path, whose rungs
/// share w, each with its own scale, four beyond. Each chain has its own random stream, results do
/// not depend on threads. T is the precision of the values.
template <class T>
class NetworkTempering {
 public:
  /// All rungs start as exact draws of the base. Throws BadInput for `chains` that is no positive
  /// multiple of 16, or betas that do not fall from 1 to 0. `threads` 0: all cores.
  NetworkTempering(const NetworkPath& path, std::vector<double> betas, int chains,
                   std::uint64_t seed, Stream stream = Stream::fields, int threads = 0);

  int chains() const;  ///< a rung
  int rungs() const;
  std::span<const double> betas() const;
  /// New models of the same units; values and rungs stay, these by their number and beta. Throws
  /// BadInput for other units.
  void set_path(const NetworkPath& path);
  /// As many rungs at other places.
  void set_betas(std::vector<double> betas);
  /// Visible values of one rung, [chain][visible]; hidden ones are drawn afresh given them.
  void set_visible(int rung, std::span<const double> rows);
  void sweep(int count = 1);
  /// Moves the rungs to where all neighbours reject equally often, by the exchanges counted since
  /// the last reset: equal steps of sum_k (1 - acceptance_k) over the pairs above beta (Syed et
  /// al., J. R. Stat. Soc. B 84 (2022) 321, sec. 5.4). Values stay; counts start anew.
  void adapt();

  std::vector<double> visible(int rung = 0) const;  ///< [chain][visible]
  std::vector<double> hidden(int rung = 0) const;   ///< [chain][hidden]
  /// The work of taking every chain's configuration to the neighbouring rung, before the last
  /// exchange: down(k) f_k+1 - f_k on rung k, up(k) f_k - f_k+1 on rung k + 1. [chain]; k in [0,
  /// rungs - 1).
  std::span<const double> down(int pair) const;
  std::span<const double> up(int pair) const;

  /// Mean probability of exchange between rungs k and k + 1 since the last reset; NaN before the
  /// first sweep.
  std::vector<double> acceptance() const;
  /// Journeys of a configuration base - network - base completed since the last reset, over all
  /// ladders; a configuration's first arrival at the base is where its journeys begin.
  std::int64_t round_trips() const;
  void reset_counts();

  NetworkTemperingState state() const;
  /// Throws BadInput for a state of another shape.
  void restore(const NetworkTemperingState& state);

 private:
  struct Parts;
  Hidden<Parts> parts_;
};

}  // namespace quartic
