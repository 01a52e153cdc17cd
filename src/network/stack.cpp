#include "quartic/network/stack.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "network/coupled_layers.hpp"
#include "quartic/core/error.hpp"
#include "quartic/core/estimate.hpp"
#include "quartic/network/sampler.hpp"

namespace quartic {
namespace {

/// Rows that are worked on together: fixed, because bits must not depend on memory or threads.
constexpr std::size_t piece_rows = 4096;
/// Of hidden units for a bound, over all rows, beyond one a row.
constexpr std::size_t wanted_draws = 64;

/// One piece of rows, [row][visible], into out, [row][hidden].
class HiddenUnits {
 public:
  HiddenUnits(const Network& network, UnitValues values, int wanted_threads)
      : layers_(network),
        values_(values),
        threads_(thread_count(wanted_threads, network)),
        scratch_(make_scratch(threads_, layers_)) {}

  void find(std::span<const float> rows, const RowStreams& streams, float* out) {
    const int count = static_cast<int>(rows.size()) / layers_.visible_units();
    Chains<float> chains(layers_.visible_units(), layers_.hidden_units(), count, streams.seed,
                         Stream::generate);
    chains.set_visible_rows(std::vector<double>(rows.begin(), rows.end()));
    if (values_ == UnitValues::samples) chains.set_streams(words(streams, count));
    for_each_part(chains.blocks(), threads_, [&](int block, int thread) {
      chains.field_on_hidden(layers_, block, scratch_[thread]);
      const int units = layers_.hidden_units();
      if (values_ == UnitValues::samples) {
        chains.update_hidden(layers_, block, scratch_[thread], true);
        chains.give_rows(chains.hidden(block), units, block, out);
      } else {
        AlignedVector<float> means(static_cast<std::size_t>(units) * chains_in_block);
        conditional_means(*layers_.hidden_type,
                          chains.hidden_block(layers_, block, scratch_[thread]),
                          chains.count(block), means.data());
        chains.give_rows({means.data(), chains_in_block}, units, block, out);
      }
    });
  }

 private:
  static std::vector<std::uint32_t> words(const RowStreams& streams, int rows) {
    std::vector<std::uint32_t> out;
    for (int row = 0; row < rows; ++row) {
      const auto stream = seed_stream(streams.seed, Stream::generate,
                                      streams.first + static_cast<std::uint64_t>(row));
      out.insert(out.end(), stream.begin(), stream.end());
    }
    return out;
  }

  CoupledLayers<float> layers_;
  UnitValues values_;
  int threads_;
  std::vector<NetworkScratch<float>> scratch_;
};

std::string unit_text(const Layer& layer) {
  return fmt::format("{} {} units", layer.size(), name(layer.unit));
}

}  // namespace

RowStreams RowStreams::of_layer(int layer) const {
  constexpr std::uint64_t apart = std::uint64_t{1} << 48;  // no data set has so many rows
  return {seed, first + static_cast<std::uint64_t>(layer + 1) * apart};
}

RowStreams RowStreams::of_copy(std::size_t copy) const {
  constexpr std::uint64_t apart = std::uint64_t{1} << 40;  // nor is one drawn for 2^7 times
  return {seed, first + copy * apart};
}

std::vector<float> hidden_values(const Network& network, std::span<const float> rows,
                                 UnitValues values, const RowStreams& streams, int threads) {
  const auto visible = static_cast<std::size_t>(network.visible.size()),
             hidden = static_cast<std::size_t>(network.hidden.size());
  if (rows.size() % visible != 0)
    throw BadInput(fmt::format("{} values are no rows of {} units", rows.size(), visible),
                   "give whole rows, one value a unit");
  const std::size_t count = rows.size() / visible;
  std::vector<float> out(count * hidden);
  HiddenUnits units(network, values, threads);
  for (std::size_t row = 0; row < count; row += piece_rows) {
    const std::size_t some = std::min(piece_rows, count - row);
    units.find(rows.subspan(row * visible, some * visible), {streams.seed, streams.first + row},
               out.data() + row * hidden);
  }
  return out;
}

std::vector<float> visible_values(const Network& network, std::span<const float> hidden,
                                  UnitValues values, const RowStreams& streams, int threads) {
  return hidden_values(network.transposed(), hidden, values, streams, threads);
}

DeepStack::DeepStack(std::vector<Network> networks) : networks_(std::move(networks)) {
  if (networks_.empty()) throw BadInput("a deep stack of no networks", "give at least one network");
  for (std::size_t l = 0; l < networks_.size(); ++l) {
    require_normalisable(networks_[l]);
    if (l == 0) continue;
    const Layer &below = networks_[l - 1].hidden, &above = networks_[l].visible;
    if (below.unit == above.unit && below.size() == above.size()) continue;
    throw BadInput(fmt::format("layer {} of the stack has {} to see, but the one below hides {}",
                               l + 1, unit_text(above), unit_text(below)),
                   "the visible units of a layer are the hidden ones of the layer below");
  }
}

std::vector<float> DeepStack::transform(std::span<const float> rows, int layer, UnitValues values,
                                        const RowStreams& streams, int threads) const {
  if (layer < 1 || layer > layers())
    throw BadInput(fmt::format("there is no layer {} in a stack of {}", layer, layers()),
                   "the first hidden layer is layer 1");
  std::vector<float> out(rows.begin(), rows.end());
  for (int l = 0; l < layer; ++l)
    out = hidden_values(networks_[l], out, values, streams.of_layer(l), threads);
  return out;
}

std::vector<float> DeepStack::descend(std::span<const float> top_hidden, UnitValues values,
                                      const RowStreams& streams, int threads) const {
  std::vector<float> out(top_hidden.begin(), top_hidden.end());
  for (int l = layers() - 1; l >= 0; --l)
    out = visible_values(networks_[l], out, l == 0 ? values : UnitValues::samples,
                         streams.of_layer(layers() + l), threads);
  return out;
}

std::vector<float> DeepStack::generate(std::span<const double> start, int sweeps, UnitValues values,
                                       std::uint64_t seed, int threads) const {
  const auto units = static_cast<std::size_t>(top().visible.size());
  NetworkSampler<float> sampler(top(), static_cast<int>(start.size() / units), seed,
                                Stream::generate, threads);
  sampler.set_visible(start);
  sampler.sweep(sweeps);
  const auto hidden = sampler.hidden();
  return descend(std::vector<float>(hidden.begin(), hidden.end()), values, {seed}, threads);
}

std::vector<double> DeepStack::energies(std::span<const float> rows, const RowStreams& streams,
                                        int threads) const {
  std::vector<float> here(rows.begin(), rows.end());
  std::vector<double> energy(rows.size() / static_cast<std::size_t>(networks_[0].visible.size()));
  const auto add = [&](const Network& network, double sign) {
    const auto more = free_energies(network, here, threads);
    for (std::size_t n = 0; n < energy.size(); ++n) energy[n] += sign * more[n];
  };
  for (int l = 0; l < layers(); ++l) {
    add(networks_[l], 1);
    if (l + 1 == layers()) break;
    here = hidden_values(networks_[l], here, UnitValues::samples, streams.of_layer(l), threads);
    add(networks_[l].transposed(), -1);
  }
  return energy;
}

LogLikelihood DeepStack::bound(std::span<const float> rows, const LogZ& top_log_z,
                               const RowStreams& streams, int threads) const {
  if (rows.empty()) throw BadInput("the log-likelihood of no rows", "give at least one row");
  // Hidden units of every row are drawn so often that their scatter is known.
  const std::size_t count = rows.size() / static_cast<std::size_t>(networks_[0].visible.size());
  const std::size_t copies = layers() == 1 ? 1 : 2 + (wanted_draws - 1) / count;
  std::vector<double> mean(count), square(count);
  for (std::size_t copy = 0; copy < copies; ++copy) {
    const auto energy = energies(rows, streams.of_copy(copy), threads);
    for (std::size_t n = 0; n < count; ++n) {
      const double off = energy[n] - mean[n];  // Welford's update
      mean[n] += off / static_cast<double>(copy + 1);
      square[n] += off * (energy[n] - mean[n]);
    }
  }
  const double n = static_cast<double>(count), m = static_cast<double>(copies);
  double of_draws = 0;
  for (const double s : square) of_draws += m > 1 ? s / (m * (m - 1)) / (n * n) : 0;
  Estimate over_rows = mean_of(mean);
  over_rows.error = std::sqrt(std::max(over_rows.error * over_rows.error - of_draws, 0.0));
  auto out = log_likelihood(over_rows, top_log_z);
  out.value.error = std::hypot(out.value.error, std::sqrt(of_draws));
  return out;
}

}  // namespace quartic
