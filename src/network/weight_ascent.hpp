// The weights of a network in training: their gradient and the optimiser's step.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>
#include <numeric>
#include <utility>
#include <vector>

#include "network/gradient.hpp"
#include "network/model_chains.hpp"
#include "network/trained_layer.hpp"
#include "network/training_kernels.hpp"

namespace quartic {

/// What an update of w takes besides the two terms of the gradient.
struct WeightStep {
  double rate;
  std::int64_t time;                  ///< updates, from 1 on
  const std::vector<double>& offset;  ///< lambda of centring
  const MomentDifference &visible, &hidden;
};

/// What centring makes of it: how far r_i and s_j go with w, so that the network stays the same up
/// to the step's own change.
struct WeightMove {
  std::vector<double> visible_shift, hidden_shift;
  double gradient_norm = 0;  ///< root mean square over the entries of w
};

/// A divisor-like split of the rows of w: tiles of about 200 rows, whatever the threads.
struct Tiles {
  int rows, count;
  explicit Tiles(int units) : rows(units), count((units + 255) / 256) {}
  int first(int tile) const {
    return static_cast<int>(static_cast<std::int64_t>(rows) * tile / count);
  }
  int size(int tile) const { return first(tile + 1) - first(tile); }
};

/// Momentum or Adam over w, its gradient tile by tile: never held whole. O(rows visible hidden).
template <class T>
class WeightAscent {
 public:
  /// `mean` and `deviation`: of the data's columns.
  WeightAscent(const CoupledLayers<T>& layers, const TrainingOptions& options,
               std::vector<double> mean, std::vector<double> deviation, int threads)
      : first(layers.w->size(), T(0)),
        second(options.optimiser == NetworkOptimiser::adam ? layers.w->size() : 0, T(0)),
        options_(options),
        mean_(std::move(mean)),
        deviation_(std::move(deviation)),
        threads_(threads),
        tile_gradient_(threads) {}

  WeightMove step(CoupledLayers<T>& layers, const DataTerm<T>& data, ModelChains<T>& model,
                  const WeightStep& update) {
    const Tiles tiles(layers.visible_units());
    const int n = layers.hidden_units();
    const bool centring = options_.centring;
    WeightMove out{std::vector<double>(layers.visible_units()), std::vector<double>(n)};
    AlignedVector<T> lambda(n, T(0)), difference(n, T(0));
    for (int j = 0; j < n && centring; ++j)
      lambda[j] = static_cast<T>(update.offset[j]),
      difference[j] = static_cast<T>(update.hidden.difference[3 * j]);
    tile_shift_.resize(static_cast<std::size_t>(tiles.count) * n);
    std::vector<double> squares(tiles.count);
    const bool adam = options_.optimiser == NetworkOptimiser::adam;
    const double time = static_cast<double>(update.time);
    const Team& team = options_.team ? *options_.team : alone();
    for_each_own(team, tiles.count, threads_, [&](int tile, int thread) {
      const int first_unit = tiles.first(tile), units = tiles.size(tile);
      auto& gradient = tile_gradient_[thread];
      gradient.resize(static_cast<std::size_t>(units) * n);
      data.products(first_unit, units, gradient.data());
      model.subtract_products(first_unit, units, gradient.data());
      T* shift = tile_shift_.data() + static_cast<std::ptrdiff_t>(tile) * n;
      std::fill_n(shift, n, T(0));
      for (int k = 0; k < units; ++k) {
        const int i = first_unit + k;
        const auto at = static_cast<std::ptrdiff_t>(i) * n;
        const double spread = deviation_[i] * (adam ? 1 : deviation_[i]);
        const WeightRow<T> row{
            .size = n,
            .w = layers.w->data() + at,
            .gradient = gradient.data() + static_cast<std::ptrdiff_t>(k) * n,
            .first = first.data() + at,
            .second = adam ? second.data() + at : nullptr,
            .offset = lambda.data(),
            .difference = difference.data(),
            .hidden_shift = shift,
            .mu = static_cast<T>(centring ? mean_[i] : 0),
            .visible_difference = static_cast<T>(centring ? update.visible.difference[3 * i] : 0),
            .decay = static_cast<T>(options_.weight_decay * deviation_[i] * deviation_[i]),
            .rate = static_cast<T>(update.rate / spread),
            .momentum = static_cast<T>(adam ? adam_decay1 : options_.momentum),
            .second_decay = static_cast<T>(adam_decay2),
            .first_bias = static_cast<T>(1 / (1 - std::pow(adam_decay1, time))),
            .second_bias = static_cast<T>(1 / (1 - std::pow(adam_decay2, time)))};
        const WeightRowSums sums = adam ? adam_row(row) : momentum_row(row);
        out.visible_shift[i] = sums.visible_shift;
        squares[tile] += sums.square_gradient;
      }
    });
    share(team, tiles, layers, out, squares);
    for (std::size_t k = 0; k < tile_shift_.size(); ++k)
      out.hidden_shift[k % n] += static_cast<double>(tile_shift_[k]);
    out.gradient_norm = std::sqrt(std::accumulate(squares.begin(), squares.end(), 0.0) /
                                  static_cast<double>(layers.w->size()));
    return out;
  }

  /// Velocities, or moments, of all rows everywhere, for a state.
  void share_memory(const CoupledLayers<T>& layers) {
    if (!options_.team) return;
    const Tiles tiles(layers.visible_units());
    share_rows(*options_.team, tiles, first.data(), layers.hidden_units());
    if (!second.empty()) share_rows(*options_.team, tiles, second.data(), layers.hidden_units());
  }

  AlignedVector<T> first;   ///< velocities, or Adam's first moments
  AlignedVector<T> second;  ///< Adam's; empty for momentum

 private:
  /// [visible][width], of which every rank has the rows of its own tiles.
  template <class V>
  static void share_rows(const Team& team, const Tiles& tiles, V* values, int width) {
    if (!team.several()) return;
    const Shares shares{static_cast<std::size_t>(tiles.count), team.size()};
    const auto begin = [&](int rank) {
      return static_cast<std::size_t>(tiles.first(static_cast<int>(shares.begin(rank)))) * width;
    };
    std::vector<std::size_t> sizes;
    for (int rank = 0; rank < team.size(); ++rank)
      sizes.push_back((begin(rank + 1) - begin(rank)) * sizeof(V));
    team.exchange(
        sizes,
        [&](std::byte* to) { std::memcpy(to, values + begin(team.rank()), sizes[team.rank()]); },
        [&](int rank, const std::byte* from) {
          std::memcpy(values + begin(rank), from, sizes[rank]);
        });
  }

  /// Of one's own tiles what the others need: w, the shifts, the squares.
  void share(const Team& team, const Tiles& tiles, CoupledLayers<T>& layers, WeightMove& out,
             std::vector<double>& squares) {
    if (!team.several()) return;
    const int n = layers.hidden_units();
    share_rows(team, tiles, layers.w->data(), n);
    share_rows(team, tiles, out.visible_shift.data(), 1);
    const Shares shares{static_cast<std::size_t>(tiles.count), team.size()};
    share_columns(team, shares, squares.data(), 1, squares.size(), 1, squares.size());
    share_columns(team, shares, tile_shift_.data(), 1, tile_shift_.size(), n, tile_shift_.size());
  }

  TrainingOptions options_;
  std::vector<double> mean_, deviation_;
  int threads_;
  std::vector<AlignedVector<T>> tile_gradient_;  ///< one a thread
  AlignedVector<T> tile_shift_;                  ///< [tile][hidden]
};

}  // namespace quartic
