#include "quartic/network/sampler.hpp"

#include <fmt/format.h>

#include "network/coupled_layers.hpp"
#include "quartic/core/error.hpp"
#include "quartic/network/exact.hpp"

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

  /// <units> of one layer given the other, [chain][unit].
  std::vector<double> means(bool of_hidden) {
    const int units = of_hidden ? chains.hidden_units() : chains.visible_units();
    std::vector<double> out(static_cast<std::size_t>(chains.size()) * units);
    for_each_block([&](int block, NetworkScratch<T>& work) {
      of_hidden ? chains.field_on_hidden(layers, block, work)
                : chains.field_on_visible(layers, block, work);
      AlignedVector<T> mean(static_cast<std::size_t>(units) * chains_in_block);
      conditional_means(of_hidden ? *layers.hidden_type : *layers.visible_type,
                        of_hidden ? chains.hidden_block(layers, block, work)
                                  : chains.visible_block(layers, block, work),
                        chains.count(block), mean.data());
      chains.give_rows({mean.data(), chains_in_block}, units, block, out.data());
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
  parts_ = make_hidden<Parts>(network, chains, seed, stream, threads);
  auto& all = parts_->chains;
  all.set_scale(T(0));
  parts_->for_each_block([&](int block, NetworkScratch<T>& work) {
    all.update_visible(parts_->layers, block, work, true);
    all.update_hidden(parts_->layers, block, work, true);
  });
  all.set_scale(T(1));
}

template <class T>
int NetworkSampler<T>::chains() const {
  return parts_->chains.size();
}
template <class T>
const Network& NetworkSampler<T>::network() const {
  return parts_->network;
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
void NetworkSampler<T>::set_hidden(std::span<const double> rows) {
  auto& all = parts_->chains;
  if (rows.size() != static_cast<std::size_t>(all.size()) * all.hidden_units()) {
    throw BadInput(fmt::format("{} values for {} chains of {} hidden units", rows.size(),
                               all.size(), all.hidden_units()),
                   "give [chain][hidden]");
  }
  all.set_hidden_rows(rows);
  parts_->for_each_block([&](int block, NetworkScratch<T>& work) {
    all.field_on_visible(parts_->layers, block, work);
    all.update_visible(parts_->layers, block, work, true);
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
  return parts_->means(false);
}
template <class T>
std::vector<double> NetworkSampler<T>::hidden_means() const {
  return parts_->means(true);
}

template <class T>
NetworkSamplerState NetworkSampler<T>::state() const {
  return parts_->chains.state();
}
template <class T>
void NetworkSampler<T>::restore(const NetworkSamplerState& state) {
  if (!parts_->chains.fits(state))
    throw BadInput("the state of a network's sampler is of another shape",
                   "restore a state of the same network and number of chains");
  parts_->chains.restore(state);
}

template <class T>
NetworkSampler<T> independent_draws(const Network& network, int draws, std::uint64_t seed,
                                    Stream stream, int threads) {
  NetworkSampler<T> sampler(network, draws, seed, stream, threads);
  sampler.set_hidden(draw_hidden_exactly(network, draws, seed, threads));
  return sampler;
}

template class NetworkSampler<float>;
template class NetworkSampler<double>;
template NetworkSampler<float> independent_draws(const Network&, int, std::uint64_t, Stream, int);
template NetworkSampler<double> independent_draws(const Network&, int, std::uint64_t, Stream, int);

}  // namespace quartic
