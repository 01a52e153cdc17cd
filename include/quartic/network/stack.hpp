// Deep stacks: networks on top of each other, each trained on the hidden units of the one below.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "quartic/network/likelihood.hpp"
#include "quartic/network/network.hpp"

namespace quartic {

/// Values of units given the other layer of their network.
enum class UnitValues {
  samples,      ///< exact, independent draws
  expectations  ///< <x | other layer>; of discrete units fractions, which they cannot take
};
template <>
inline constexpr auto words_of<UnitValues> = word_list("samples", "expectations");

/// Random streams of draws that belong to rows: each row has its own, so that some of the rows give
/// what all of them give.
struct RowStreams {
  std::uint64_t seed = 1;
  std::uint64_t first = 0;  ///< the first row's number, below 2^47

  /// Those that network `layer` of a stack draws its hidden units from, far from all others.
  RowStreams of_layer(int layer) const;
  /// Those of another draw for the same rows, below 128.
  RowStreams of_copy(std::size_t copy) const;
};

/// Hidden units given visible ones: [row][hidden] from rows [row][visible]. Fractional values of
/// discrete visible units are taken as they are. O(rows visible hidden). Independent of threads
/// (0: all cores). Throws BadInput where the rows have another width.
std::vector<float> hidden_values(const Network& network, std::span<const float> rows,
                                 UnitValues values, const RowStreams& streams, int threads = 0);
/// And visible ones given hidden ones.
std::vector<float> visible_values(const Network& network, std::span<const float> hidden,
                                  UnitValues values, const RowStreams& streams, int threads = 0);

/// Networks from the data upwards: the visible units of each are the hidden units of the one below.
/// The model is the top network's p(visible), passed down through p(visible | hidden) of those
/// beneath (Hinton, Osindero & Teh, Neural Comput. 18 (2006) 1527; Bengio et al., NIPS 2007).
class DeepStack {
 public:
  /// Throws BadInput for no network, a network that is not normalisable, or visible units that
  /// differ in number or kind from the hidden ones below.
  explicit DeepStack(std::vector<Network> networks);

  const std::vector<Network>& networks() const { return networks_; }
  int layers() const { return static_cast<int>(networks_.size()); }
  const Network& top() const { return networks_.back(); }

  /// Hidden units of network `layer` (1: the data's own) given rows of data, layer by layer:
  /// [row][hidden].
  std::vector<float> transform(std::span<const float> rows, int layer, UnitValues values,
                               const RowStreams& streams, int threads = 0) const;
  /// Rows of data given hidden units of the top network, [row][hidden]: draws in every layer; of
  /// the data's own units, `values`.
  std::vector<float> descend(std::span<const float> top_hidden, UnitValues values,
                             const RowStreams& streams, int threads = 0) const;
  /// Rows of data, [chain][visible]: `sweeps` of Gibbs sampling in the top network from `start`,
  /// its visible units [chain][unit], then down.
  std::vector<float> generate(std::span<const double> start, int sweeps, UnitValues values,
                              std::uint64_t seed, int threads = 0) const;

  /// Lower bound of the mean ln p of rows of data, with draws x_l of hidden units going up:
  ///   ln p(x_0) >= < ln p_L(x_L-1) + sum_l<L (ln p_l(x_l-1) - ln p_l(x_l)) >,
  /// p_l(x_l-1) and p_l(x_l) the marginals of network l. ln Z is needed of the top network alone,
  /// that of the others cancels. Equal to ln p for one network. Every row is drawn for twice or
  /// more often, 64 times in all besides the first, so that the error of the value has that of the
  /// draws beside that of ln Z: how far it is from the bound of these rows. rows_error is without
  /// it.
  LogLikelihood bound(std::span<const float> rows, const LogZ& top_log_z, const RowStreams& streams,
                      int threads = 0) const;
  /// Of every row: what the average above is taken of, with the other sign and without ln Z.
  std::vector<double> energies(std::span<const float> rows, const RowStreams& streams,
                               int threads = 0) const;

 private:
  std::vector<Network> networks_;
};

}  // namespace quartic
