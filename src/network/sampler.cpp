#include "quartic/network/sampler.hpp"

#include <fmt/format.h>

#include "network/coupled_layers.hpp"
#include "quartic/core/error.hpp"

namespace quartic {

template <class T>
struct NetworkSampler<T>::Parts {
  Network network;
  CoupledLayers<T> layers;
  Chains<T> chains;
  int threads;
  std::vector<NetworkScratch<T>> scratch;

  Parts(const Network& of, int count, std::uint64_t seed, Stream stream, int wanted_threads)
      : network(of),
        layers(of),
        chains(of.visible.size(), of.hidden.size(), count, seed, stream),
        threads(thread_count(wanted_threads, of)),
        scratch(make_scratch(threads, layers)) {}

  template <class F>
  void for_each_block(F&& f) {
    for_each_part(chains.blocks(), threads,
                  [&](int block, int thread) { f(block, scratch[thread]); });
  }

  /// <units> given the field that `field` leaves in scratch, [chain][unit].
  template <class Field, class Block>
  std::vector<double> means(const UnitType& type, int units, Field&& field, Block&& block_of) {
    std::vector<double> out(static_cast<std::size_t>(chains.size()) * units);
    for_each_block([&](int block, NetworkScratch<T>& work) {
      field(block, work);
      AlignedVector<T> mean(static_cast<std::size_t>(units) * chains_in_block);
      std::vector<double> sums(3 * static_cast<std::size_t>(units));
      type.template kernels<T>().moments(
          block_of(block, work),
          {mean.data(), chains_in_block, chains.count(block), sums.data(), false});
      for (int lane = 0; lane < chains.count(block); ++lane)
        for (int unit = 0; unit < units; ++unit)
          out[static_cast<std::size_t>(chains.first(block) + lane) * units + unit] =
              static_cast<double>(mean[unit * chains_in_block + lane]);
    });
    return out;
  }
};

template <class T>
NetworkSampler<T>::NetworkSampler(const Network& network, int chains, std::uint64_t seed,
                                  Stream stream, int threads) {
  require_normalisable(network);
  if (chains < 1)
    throw BadInput(fmt::format("sampling a network with {} chains", chains),
                   "take at least one chain");
  parts_ = std::make_unique<Parts>(network, chains, seed, stream, threads);
  auto& all = parts_->chains;
  all.set_scale(T(0));
  parts_->for_each_block([&](int block, NetworkScratch<T>& work) {
    all.update_visible(parts_->layers, block, work, true);
    all.update_hidden(parts_->layers, block, work, true);
  });
  all.set_scale(T(1));
}
template <class T>
NetworkSampler<T>::~NetworkSampler() = default;
template <class T>
NetworkSampler<T>::NetworkSampler(NetworkSampler&&) noexcept = default;
template <class T>
NetworkSampler<T>& NetworkSampler<T>::operator=(NetworkSampler&&) noexcept = default;

template <class T>
int NetworkSampler<T>::chains() const {
  return parts_->chains.size();
}
template <class T>
const Network& NetworkSampler<T>::network() const {
  return parts_->network;
}

template <class T>
void NetworkSampler<T>::set_network(const Network& network) {
  require_normalisable(network);
  const Network& old = parts_->network;
  if (network.visible.unit != old.visible.unit || network.hidden.unit != old.hidden.unit ||
      network.visible.size() != old.visible.size() || network.hidden.size() != old.hidden.size()) {
    throw BadInput("a sampler takes only a network of the same units as before",
                   "make a new sampler for another network");
  }
  parts_->network = network;
  parts_->layers.set_weights(network.w);
  parts_->layers.set_layers(network.visible, network.hidden);
}

template <class T>
void NetworkSampler<T>::set_visible(std::span<const double> rows) {
  auto& all = parts_->chains;
  if (rows.size() != static_cast<std::size_t>(all.size()) * all.visible_units()) {
    throw BadInput(fmt::format("{} values for {} chains of {} visible units", rows.size(),
                               all.size(), all.visible_units()),
                   "give [chain][visible]");
  }
  all.set_visible_rows(rows);
  parts_->for_each_block([&](int block, NetworkScratch<T>& work) {
    all.field_on_hidden(parts_->layers, block, work);
    all.update_hidden(parts_->layers, block, work, true);
  });
}

template <class T>
void NetworkSampler<T>::sweep(int count) {
  parts_->for_each_block([&](int block, NetworkScratch<T>& work) {
    parts_->chains.sweep(parts_->layers, block, count, work);
  });
}

template <class T>
std::vector<double> NetworkSampler<T>::visible() const {
  return parts_->chains.visible_rows();
}
template <class T>
std::vector<double> NetworkSampler<T>::hidden() const {
  return parts_->chains.hidden_rows();
}

template <class T>
std::vector<double> NetworkSampler<T>::visible_means() const {
  auto& p = *parts_;
  return p.means(
      *p.layers.visible_type, p.chains.visible_units(),
      [&](int block, NetworkScratch<T>& work) { p.chains.field_on_visible(p.layers, block, work); },
      [&](int block, NetworkScratch<T>& work) {
        return p.chains.visible_block(p.layers, block, work);
      });
}
template <class T>
std::vector<double> NetworkSampler<T>::hidden_means() const {
  auto& p = *parts_;
  return p.means(
      *p.layers.hidden_type, p.chains.hidden_units(),
      [&](int block, NetworkScratch<T>& work) { p.chains.field_on_hidden(p.layers, block, work); },
      [&](int block, NetworkScratch<T>& work) {
        return p.chains.hidden_block(p.layers, block, work);
      });
}

template <class T>
NetworkSamplerState NetworkSampler<T>::state() const {
  return {visible(), hidden(), parts_->chains.streams()};
}
template <class T>
void NetworkSampler<T>::restore(const NetworkSamplerState& state) {
  auto& all = parts_->chains;
  const auto chains = static_cast<std::size_t>(all.size());
  if (state.visible.size() != chains * all.visible_units() ||
      state.hidden.size() != chains * all.hidden_units() || state.streams.size() != 4 * chains)
    throw BadInput("the state of a network's sampler is of another shape",
                   "restore a state of the same network and number of chains");
  all.set_visible_rows(state.visible);
  all.set_hidden_rows(state.hidden);
  all.set_streams(state.streams);
}

template class NetworkSampler<float>;
template class NetworkSampler<double>;

}  // namespace quartic
