// A network as the kernels take it, and many chains of it.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "core/parallel.hpp"
#include "network/unit_type.hpp"
#include "quartic/core/aligned.hpp"
#include "quartic/core/linear_algebra.hpp"
#include "quartic/core/random.hpp"
#include "quartic/core/team.hpp"
#include "quartic/network/network.hpp"
#include "quartic/network/sampler.hpp"

namespace quartic {

template <class T>
struct NetworkScratch;

/// w, and behind it the gates where there are any.
template <class T>
std::shared_ptr<AlignedVector<T>> joint_weights(const Network& network);

/// Weights and constants in the precision of the kernels.
template <class T>
struct CoupledLayers {
  const UnitType *visible_type, *hidden_type;
  std::shared_ptr<AlignedVector<T>> w;  ///< [visible][hidden], twice with gates; copies share it
  std::vector<UnitConstants<T>> visible, hidden;

  explicit CoupledLayers(const Network& network);
  CoupledLayers(std::shared_ptr<AlignedVector<T>> weights, const Layer& visible_layer,
                const Layer& hidden_layer);
  /// Not those of copies.
  void set_weights(std::span<const double> weights);
  void set_layers(const Layer& visible_layer, const Layer& hidden_layer);
  int visible_units() const { return static_cast<int>(visible.size()); }
  int hidden_units() const { return static_cast<int>(hidden.size()); }
  bool gated() const { return w->size() > visible.size() * hidden.size(); }
  /// [visible][hidden]
  const T* gates() const { return w->data() + visible.size() * hidden.size(); }
  /// The field that `count` rows [row][visible], at most a block of them, exert on the hidden
  /// units, into the scratch's.
  void field_of_rows(const T* rows, int count, NetworkScratch<T>& scratch) const;
};

/// The couplings of a layer as the kernels take them.
template <class T>
std::vector<UnitConstants<T>> unit_constants(const Layer& layer);

/// Values of one layer on many chains, [unit][chain], rows 64-byte aligned.
template <class T>
struct LayerValues {
  T* data;
  std::ptrdiff_t stride;
  T* unit(std::ptrdiff_t i) const { return data + i * stride; }
};

/// Chains are worked on in blocks of this many, each by one thread: neighbours in a row, so that
/// the products of matrices see a few long calls and yet share the cores. A fixed number, because
/// the bits must not depend on threads.
inline constexpr int chains_in_block = 128;

/// Work space of one thread.
template <class T>
struct NetworkScratch {
  AlignedVector<T> field;  ///< [unit][chains_in_block]
  AlignedVector<T> gates;  ///< [visible][chains_in_block]: what they take from a; squares before
  explicit NetworkScratch(int units, int gated_units = 0)
      : field(static_cast<std::size_t>(units) * chains_in_block, T(0)),
        gates(static_cast<std::size_t>(gated_units) * chains_in_block, T(0)) {}
  LayerValues<T> values() { return {field.data(), chains_in_block}; }
  LayerValues<T> of_gates() { return {gates.data(), chains_in_block}; }
};

/// Rows [row][chain] of blocks that ranks have worked on, each its own: everywhere, by pieces that
/// stay in the cache.
template <class V>
void share_blocks(const Team& team, const Shares& shares, V* values, std::size_t rows,
                  std::size_t stride) {
  constexpr std::size_t bytes = 1 << 20;
  const std::size_t together = std::max<std::size_t>(1, bytes / (stride * sizeof(V)));
  for (std::size_t row = 0; row < rows; row += together)
    share_columns(team, shares, values + row * stride, std::min(together, rows - row), stride,
                  chains_in_block, stride);
}

/// Chains of a network with their random streams. Rows are padded to whole vectors; the chains in
/// the padding run along and are never looked at.
template <class T>
class Chains {
 public:
  Chains(int visible, int hidden, int chains, std::uint64_t seed, Stream stream);

  int size() const { return chains_; }
  int visible_units() const { return visible_units_; }
  int hidden_units() const { return hidden_units_; }
  std::ptrdiff_t stride() const { return stride_; }
  int blocks() const { return (chains_ + chains_in_block - 1) / chains_in_block; }
  int first(int block) const { return block * chains_in_block; }
  /// Chains of a block that count, and with the padding.
  int count(int block) const { return std::min(chains_in_block, chains_ - first(block)); }
  int lanes(int block) const { return (count(block) + 15) / 16 * 16; }

  LayerValues<T> visible(int block = 0) { return {visible_.data() + first(block), stride_}; }
  LayerValues<T> hidden(int block = 0) { return {hidden_.data() + first(block), stride_}; }
  const T* scale(int block) const { return scale_.data() + first(block); }
  /// What multiplies w on every chain; 1 at first.
  void set_scale(T scale);

  /// The fields that the one layer exerts on the other, without scale, into scratch.
  void field_on_hidden(const CoupledLayers<T>& layers, int block, NetworkScratch<T>& scratch) {
    field_on_hidden(layers, first(block), count(block), scratch.values(), scratch.of_gates());
  }
  void field_on_visible(const CoupledLayers<T>& layers, int block, NetworkScratch<T>& scratch) {
    field_on_visible(layers, first(block), count(block), scratch.values(), scratch.of_gates());
  }
  /// The same of `count` chains from `chain` on; `gates`: where squares and gates go, if any.
  void field_on_hidden(const CoupledLayers<T>& layers, int chain, int count, LayerValues<T> to,
                       LayerValues<T> gates);
  void field_on_visible(const CoupledLayers<T>& layers, int chain, int count, LayerValues<T> to,
                        LayerValues<T> gates);
  /// The units of one layer with the field in scratch.
  UnitBlock<T> visible_block(const CoupledLayers<T>& layers, int block,
                             NetworkScratch<T>& scratch) const {
    auto out = units_block(layers.visible, block, scratch);
    if (layers.gated()) out.gates = scratch.gates.data();
    return out;
  }
  UnitBlock<T> hidden_block(const CoupledLayers<T>& layers, int block,
                            NetworkScratch<T>& scratch) const {
    return units_block(layers.hidden, block, scratch);
  }
  /// New values of one layer given the field in scratch; `fresh`: independent of the old ones.
  void update_visible(const CoupledLayers<T>& layers, int block, NetworkScratch<T>& scratch,
                      bool fresh = false) {
    const auto kernels = layers.visible_type->template kernels<T>();
    (fresh ? kernels.draw : kernels.step)(visible_block(layers, block, scratch),
                                          visible_draws(first(block)));
  }
  void update_hidden(const CoupledLayers<T>& layers, int block, NetworkScratch<T>& scratch,
                     bool fresh = false) {
    const auto kernels = layers.hidden_type->template kernels<T>();
    (fresh ? kernels.draw : kernels.step)(hidden_block(layers, block, scratch),
                                          hidden_draws(first(block)));
  }
  /// `count` times visible given hidden, then hidden given visible. Scratch is left with the field
  /// on the hidden units.
  void sweep(const CoupledLayers<T>& layers, int block, int count, NetworkScratch<T>& scratch);

  /// Where new values go, with the streams, of the chains from `chain` on.
  UnitDraws<T> visible_draws(int chain) { return draws(visible_.data() + chain, chain); }
  UnitDraws<T> hidden_draws(int chain) { return draws(hidden_.data() + chain, chain); }

  /// [chain][unit], and back.
  std::vector<double> visible_rows() const { return rows(visible_, visible_units_); }
  std::vector<double> hidden_rows() const { return rows(hidden_, hidden_units_); }
  void set_visible_rows(std::span<const double> from) { set_rows(from, visible_, visible_units_); }
  void set_hidden_rows(std::span<const double> from) { set_rows(from, hidden_, hidden_units_); }
  /// Values of a block's `units`, [unit][lane], into rows [chain][unit] of all chains.
  template <class X>
  void give_rows(LayerValues<T> from, int units, int block, X* rows) const {
    for (int lane = 0; lane < count(block); ++lane)
      for (int unit = 0; unit < units; ++unit)
        rows[static_cast<std::ptrdiff_t>(first(block) + lane) * units + unit] =
            static_cast<X>(from.unit(unit)[lane]);
  }

  /// Blocks shared among ranks, each of which has worked on its own: visible values, or all that a
  /// state holds, everywhere.
  Shares shares(const Team& team) const {
    return {static_cast<std::size_t>(blocks()), team.size()};
  }
  void share_visible(const Team& team) { share(team, visible_, visible_units_); }
  void share_rest(const Team& team) {
    share(team, hidden_, hidden_units_);
    share(team, words_, 4);
  }

  /// [chain][4].
  void set_streams(std::span<const std::uint32_t> from);
  NetworkSamplerState state() const;
  bool fits(const NetworkSamplerState& state) const;
  void restore(const NetworkSamplerState& state);

 private:
  template <class V>
  void share(const Team& team, AlignedVector<V>& values, int rows) {
    share_blocks(team, shares(team), values.data(), static_cast<std::size_t>(rows),
                 static_cast<std::size_t>(stride_));
  }
  std::vector<double> rows(const AlignedVector<T>& values, int units) const;
  void set_rows(std::span<const double> from, AlignedVector<T>& values, int units);
  UnitBlock<T> units_block(const std::vector<UnitConstants<T>>& units, int block,
                           NetworkScratch<T>& scratch) const {
    return {units.data(),          static_cast<int>(units.size()), lanes(block),
            scratch.values().data, scratch.values().stride,        scale(block)};
  }
  UnitDraws<T> draws(T* values, int chain) {
    return {values, stride_, words_.data() + chain, stride_};
  }

  int visible_units_, hidden_units_, chains_;
  std::ptrdiff_t stride_;
  AlignedVector<T> visible_, hidden_, scale_;
  AlignedVector<std::uint32_t> words_;  ///< [4][chain]
};

/// The conditional means of units alone, of `count` chains, to[unit][chains_in_block].
template <class T>
void conditional_means(const UnitType& type, const UnitBlock<T>& units, int count, T* to) {
  std::vector<double> sums(3 * static_cast<std::size_t>(units.units));
  type.kernels<T>().moments(units, {to, chains_in_block, count, sums.data(), false});
}

/// C = op(A) op(B) + beta C, row-major, OpenBLAS in the right precision. Heeds a stop.
enum class Transpose { no, yes };
void multiply(Transpose a_as, Transpose b_as, int m, int n, int k, const float* a,
              std::ptrdiff_t lda, const float* b, std::ptrdiff_t ldb, float beta, float* c,
              std::ptrdiff_t ldc, float alpha = 1);
void multiply(Transpose a_as, Transpose b_as, int m, int n, int k, const double* a,
              std::ptrdiff_t lda, const double* b, std::ptrdiff_t ldb, double beta, double* c,
              std::ptrdiff_t ldc, double alpha = 1);

/// Threads to use: `wanted`, or all cores where 0; one where a block of chains is so little work
/// that sharing it would take longer.
int thread_count(int wanted, const Network& network);

/// One scratch a thread, large enough for both layers.
template <class T>
std::vector<NetworkScratch<T>> make_scratch(int threads, const CoupledLayers<T>& layers);

/// Calls f(index, thread) for index in [0, count), shared among threads, OpenBLAS single-threaded.
template <class F>
void for_each_part(int count, int threads, F&& f) {
  const SerialBlas serial;
  in_parallel(count, threads, f);
}

/// The same of those that are this rank's.
template <class F>
void for_each_own(const Team& team, int count, int threads, F&& f) {
  const Shares shares{static_cast<std::size_t>(count), team.size()};
  const int first = static_cast<int>(shares.begin(team.rank()));
  for_each_part(static_cast<int>(shares.size(team.rank())), threads,
                [&](int part, int thread) { f(first + part, thread); });
}

}  // namespace quartic
