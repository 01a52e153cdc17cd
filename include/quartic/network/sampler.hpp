// Gibbs sampling of a network on many chains.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "quartic/core/hidden.hpp"
#include "quartic/core/random.hpp"
#include "quartic/network/network.hpp"

namespace quartic {

/// Exact state of a sampler, float values widened.
struct NetworkSamplerState {
  std::vector<double> visible;         ///< [chain][visible]
  std::vector<double> hidden;          ///< [chain][hidden]
  std::vector<std::uint32_t> streams;  ///< [chain][4]
};

/// Block Gibbs sampling: all visible units given the hidden ones, then all hidden given the
/// visible. Discrete and Gaussian units are drawn exactly. A quartic unit makes one step of
/// independence Metropolis from its value before (acceptance above 0.9 in single wells), which
/// leaves its conditional invariant at a third of an exact draw's cost; where there is no value
/// before, the draw is exact. Chains run in blocks of fixed size, each chain with its own random
/// stream, so results do not depend on threads. T is the precision of the values.
template <class T>
class NetworkSampler {
 public:
  /// The chains start as exact draws of the network with w = 0. Throws BadInput for fewer than one
  /// chain or a network that is not normalisable. `threads` 0: all cores. O(chains (visible +
  /// hidden)).
  NetworkSampler(const Network& network, int chains, std::uint64_t seed,
                 Stream stream = Stream::fields, int threads = 0);

  int chains() const;
  const Network& network() const;
  /// Visible values [chain][visible]; the hidden ones are drawn afresh given them.
  void set_visible(std::span<const double> rows);
  /// Hidden values [chain][hidden]; the visible ones are exact draws given them.
  void set_hidden(std::span<const double> rows);
  /// Both sweeps of Gibbs sampling, `count` times. O(count chains visible hidden).
  void sweep(int count);

  std::vector<double> visible() const;  ///< [chain][visible]
  std::vector<double> hidden() const;   ///< [chain][hidden]
  /// <visible> given the hidden values, and <hidden> given the visible ones: [chain][unit].
  std::vector<double> visible_means() const;
  std::vector<double> hidden_means() const;

  NetworkSamplerState state() const;
  void restore(const NetworkSamplerState& state);

 private:
  struct Parts;
  Hidden<Parts> parts_;
};

/// A sampler whose chains are independent draws of the network: the hidden units from their
/// marginal (draw_hidden_exactly), the visible ones given them. Throws BadInput where
/// hidden_can_be_drawn says no.
template <class T>
NetworkSampler<T> independent_draws(const Network& network, int draws, std::uint64_t seed,
                                    Stream stream, int threads = 0);

}  // namespace quartic
