#include "quartic/network/conditional_sampler.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "network/coupled_layers.hpp"
#include "network/observation.hpp"
#include "quartic/core/error.hpp"

namespace quartic {
namespace {

void require_observable(const Layer& layer, std::span<const double> observed,
                        std::span<const double> noise) {
  const auto units = static_cast<std::size_t>(layer.size());
  require_whole_rows(observed, units);
  const auto allowed = layer.values();
  for (std::size_t k = 0; k < observed.size(); ++k) {
    const double y = observed[k];
    if (std::isnan(y)) continue;
    const bool clamped = noise[k % units] == 0 && layer.discrete();
    if (std::isinf(y) ||
        (clamped && std::find(allowed.begin(), allowed.end(), y) == allowed.end())) {
      throw BadInput(
          fmt::format("row {}, unit {}: {:g} is no value of a {} unit", k / units, k % units, y,
                      name(layer.unit)),
          clamped ? "give the noise of the observation" : "NaN stands for what was not observed");
    }
  }
}

/// phi^2 / (2 noise^2) taken into the couplings; of discrete units phi^2 is phi or a constant.
Layer with_noise(Layer layer, std::span<const double> noise) {
  for (int i = 0; i < layer.size(); ++i) {
    if (noise[i] == 0) continue;
    const double more = 1 / (2 * noise[i] * noise[i]);
    if (layer.has_a()) {
      layer.a[i] += more;
    } else if (layer.unit == Unit::binary) {
      layer.r[i] += more;
    }
  }
  return layer;
}

double nearest_value(const Layer& layer, double y) {
  const auto allowed = layer.values();
  if (allowed.empty()) return y;
  return *std::min_element(allowed.begin(), allowed.end(), [y](double one, double other) {
    return std::abs(one - y) < std::abs(other - y);
  });
}

}  // namespace

template <class T>
struct ConditionalSampler<T>::Parts {
  CoupledLayers<T> layers, noisy;  ///< the prior, and the posterior of units observed with noise
  Chains<T> chains;
  std::vector<double> observed;
  AlignedVector<T> pull;     ///< y / noise^2, [unit][chain]; 0 where nothing was observed
  std::vector<char> chosen;  ///< whether the prior's (0), the posterior's (1) or y itself (2) holds
  bool any_noise = false;
  int threads;
  std::vector<NetworkScratch<T>> scratch;
  std::vector<AlignedVector<T>> others;  ///< draws of units that were not observed, by thread

  Parts(const Network& network, std::span<const double> rows, const std::vector<double>& noise,
        std::uint64_t seed, Stream stream, int wanted_threads)
      : layers(network),
        noisy(network),
        chains(network.visible.size(), network.hidden.size(),
               static_cast<int>(rows.size() / network.visible.size()), seed, stream),
        observed(rows.begin(), rows.end()),
        pull(static_cast<std::size_t>(chains.stride()) * network.visible.size(), T(0)),
        chosen(pull.size(), 0),
        threads(thread_count(wanted_threads, network)),
        scratch(make_scratch(threads, layers)),
        others(threads, AlignedVector<T>(static_cast<std::size_t>(network.visible.size()) *
                                         chains_in_block)) {
    noisy.set_layers(with_noise(network.visible, noise), network.hidden);
    chains.set_scale(T(0));
    for_each_block([&](int block, int thread) {
      chains.update_visible(layers, block, scratch[thread], true);
    });
    chains.set_scale(T(1));
    observe(network.visible, noise);
    for_each_block([&](int block, int thread) {
      chains.field_on_hidden(layers, block, scratch[thread]);
      chains.update_hidden(layers, block, scratch[thread], true);
    });
  }

  void observe(const Layer& visible, const std::vector<double>& noise) {
    const int units = visible.size();
    for (int unit = 0; unit < units; ++unit) {
      T* phi = chains.visible().unit(unit);
      for (int chain = 0; chain < chains.size(); ++chain) {
        const double y = observed[static_cast<std::size_t>(chain) * units + unit];
        if (std::isnan(y)) continue;
        const std::ptrdiff_t at = unit * chains.stride() + chain;
        phi[chain] = static_cast<T>(nearest_value(visible, y));
        chosen[at] = noise[unit] > 0 ? 1 : 2;
        if (noise[unit] > 0) pull[at] = static_cast<T>(y / (noise[unit] * noise[unit]));
        any_noise |= noise[unit] > 0;
      }
    }
  }

  template <class F>
  void for_each_block(F&& f) {
    for_each_part(chains.blocks(), threads, f);
  }

  /// The field on the visible units, observations included, in scratch.
  void find_field(int block, NetworkScratch<T>& work) {
    chains.field_on_visible(layers, block, work);
    if (!any_noise) return;
    for (int unit = 0; unit < chains.visible_units(); ++unit) {
      const T* from = pull.data() + unit * chains.stride() + chains.first(block);
      T* to = work.values().unit(unit);
      for (int lane = 0; lane < chains.lanes(block); ++lane) to[lane] += from[lane];
    }
  }

  /// x[unit][lane] becomes what holds: `prior` where nothing was observed, y where it is clamped.
  template <class X>
  void choose(int block, LayerValues<X> x, const T* prior) const {
    const int units = chains.visible_units();
    for (int unit = 0; unit < units; ++unit) {
      const char* which = chosen.data() + unit * chains.stride() + chains.first(block);
      for (int lane = 0; lane < chains.count(block); ++lane) {
        const auto chain = static_cast<std::size_t>(chains.first(block) + lane);
        if (which[lane] == 0 && any_noise)
          x.unit(unit)[lane] = prior[static_cast<std::ptrdiff_t>(unit) * chains_in_block + lane];
        if (which[lane] == 2) x.unit(unit)[lane] = static_cast<X>(observed[chain * units + unit]);
      }
    }
  }

  void draw_visible(int block, int thread) {
    auto& work = scratch[thread];
    find_field(block, work);
    const auto phi = chains.visible(block);
    T* other = others[thread].data();
    if (any_noise) {  // a step depends on the value before
      for (int unit = 0; unit < chains.visible_units(); ++unit)
        std::copy_n(phi.unit(unit), chains.lanes(block),
                    other + static_cast<std::ptrdiff_t>(unit) * chains_in_block);
      const auto draws = chains.visible_draws(chains.first(block));
      layers.visible_type->template kernels<T>().step(
          chains.visible_block(layers, block, work),
          {other, chains_in_block, draws.words, draws.words_stride});
    }
    chains.update_visible(any_noise ? noisy : layers, block, work);
    choose(block, phi, other);
  }

  void sweep(int count) {
    for_each_block([&](int block, int thread) {
      for (int k = 0; k < count; ++k) {
        draw_visible(block, thread);
        chains.field_on_hidden(layers, block, scratch[thread]);
        chains.update_hidden(layers, block, scratch[thread]);
      }
    });
  }

  std::vector<double> visible_means() {
    const int units = chains.visible_units();
    std::vector<double> out(observed.size());
    for_each_block([&](int block, int thread) {
      find_field(block, scratch[thread]);
      AlignedVector<T> mean(static_cast<std::size_t>(units) * chains_in_block);
      const auto means_of = [&](const CoupledLayers<T>& of, T* to) {
        conditional_means(*of.visible_type, chains.visible_block(of, block, scratch[thread]),
                          chains.count(block), to);
      };
      means_of(any_noise ? noisy : layers, mean.data());
      if (any_noise) means_of(layers, others[thread].data());
      const LayerValues<T> means{mean.data(), chains_in_block};
      choose(block, means, others[thread].data());
      chains.give_rows(means, units, block, out.data());
    });
    return out;
  }
};

template <class T>
ConditionalSampler<T>::ConditionalSampler(const Network& network, std::span<const double> observed,
                                          std::span<const double> noise, std::uint64_t seed,
                                          Stream stream, int threads) {
  require_normalisable(network);
  const auto deviations = checked_noise(noise, static_cast<std::size_t>(network.visible.size()));
  require_observable(network.visible, observed, deviations);
  parts_ = make_hidden<Parts>(network, observed, deviations, seed, stream, threads);
}

template <class T>
int ConditionalSampler<T>::chains() const {
  return parts_->chains.size();
}
template <class T>
void ConditionalSampler<T>::sweep(int count) {
  parts_->sweep(count);
}
template <class T>
std::vector<double> ConditionalSampler<T>::visible() const {
  return parts_->chains.visible_rows();
}
template <class T>
std::vector<double> ConditionalSampler<T>::visible_means() const {
  return parts_->visible_means();
}

template class ConditionalSampler<float>;
template class ConditionalSampler<double>;

}  // namespace quartic
