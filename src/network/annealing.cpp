#include "network/annealing.hpp"

#include <cmath>
#include <utility>

#include "network/line_of_models.hpp"

namespace quartic {

template <class T>
Annealing<T>::Annealing(const Network& network, const Network& base, int chains, std::uint64_t seed,
                        Stream stream, int threads)
    : network_(network),
      base_(base),
      now_(network),
      next_(network),
      chains_(network.visible.size(), network.hidden.size(), chains, seed, stream),
      threads_(thread_count(threads, network)),
      scratch_(make_scratch(threads_, now_)) {
  set(now_, 0);
}

template <class T>
void Annealing<T>::start_at_base() {
  set(now_, 0);
  beta_ = 0;
  chains_.set_scale(T(0));
  for_each_part(chains_.blocks(), threads_, [&](int block, int thread) {
    chains_.update_visible(now_, block, scratch_[thread], true);
  });
}
template <class T>
void Annealing<T>::start_at_network() {
  set(now_, 1);
  beta_ = 1;
  chains_.set_scale(T(1));
}

template <class T>
void Annealing<T>::sweep(int count) {
  for_each_part(chains_.blocks(), threads_, [&](int block, int thread) {
    for (int k = 0; k < count; ++k) {
      chains_.field_on_hidden(now_, block, scratch_[thread]);
      transition(now_, block, scratch_[thread]);
    }
  });
}

template <class T>
void Annealing<T>::go(double beta, std::vector<double>& work) {
  set(next_, beta);
  const double step = beta - beta_;
  const AlignedVector<T> before(chains_in_block, static_cast<T>(beta_)),
      after(chains_in_block, static_cast<T>(beta));
  chains_.set_scale(static_cast<T>(beta));
  for_each_part(chains_.blocks(), threads_, [&](int block, int thread) {
    auto& scratch = scratch_[thread];
    chains_.field_on_hidden(now_, block, scratch);
    double old_log[chains_in_block] = {}, new_log[chains_in_block] = {};
    const auto& kernels = now_.hidden_type->template kernels<T>();
    auto units = chains_.hidden_block(now_, block, scratch);
    units.scale = before.data();
    kernels.log_normaliser(units, old_log);
    units = chains_.hidden_block(next_, block, scratch);
    units.scale = after.data();
    kernels.log_normaliser(units, new_log);
    double visible[chains_in_block] = {};
    const auto phi = chains_.visible(block);
    add_visible_difference(base_.visible, network_.visible, phi.data, phi.stride,
                           chains_.count(block), visible);
    for (int lane = 0; lane < chains_.count(block); ++lane)
      work[chains_.first(block) + lane] += step * visible[lane] + old_log[lane] - new_log[lane];
    transition(next_, block, scratch);
  });
  std::swap(now_, next_);
  beta_ = beta;
}

template <class T>
void Annealing<T>::set(CoupledLayers<T>& layers, double beta) {
  layers.set_layers(layer_between(base_.visible, network_.visible, beta),
                    layer_between(base_.hidden, network_.hidden, beta));
}

template <class T>
void Annealing<T>::transition(const CoupledLayers<T>& layers, int block,
                              NetworkScratch<T>& scratch) {
  chains_.update_hidden(layers, block, scratch, true);
  chains_.field_on_visible(layers, block, scratch);
  chains_.update_visible(layers, block, scratch);
}

template <class T>
AnnealingStops plan_stops(const Network& network, const Network& base, int steps,
                          std::uint64_t seed, int threads) {
  constexpr int knots = 40, chains = 128;
  Annealing<T> pilot(network, base, chains, seed, Stream::pilot, threads);
  pilot.start_at_base();
  std::vector<double> length{0};
  double total = 0;
  for (int k = 1; k <= knots; ++k) {
    std::vector<double> work(chains);
    pilot.go(static_cast<double>(k) / knots, work);
    pilot.sweep(2);
    double mean = 0, square = 0;
    for (const double w : work) mean += w / chains;
    for (const double w : work) square += (w - mean) * (w - mean) / chains;
    total += std::sqrt(square);
    length.push_back(total);
  }
  for (int k = 0; k <= knots; ++k) {
    const double even = static_cast<double>(k) / knots;
    length[k] = total > 0 ? 0.9 * length[k] / total + 0.1 * even : even;
  }
  std::vector<double> stops{0};
  int knot = 0;
  for (int n = 1; n < steps; ++n) {
    const double wanted = static_cast<double>(n) / steps;
    while (knot < knots - 1 && length[knot + 1] < wanted) ++knot;
    const double within = (wanted - length[knot]) / (length[knot + 1] - length[knot]);
    stops.push_back((knot + within) / knots);
  }
  stops.push_back(1);
  return {stops, total};
}

template class Annealing<float>;
template class Annealing<double>;
template AnnealingStops plan_stops<float>(const Network&, const Network&, int, std::uint64_t, int);
template AnnealingStops plan_stops<double>(const Network&, const Network&, int, std::uint64_t, int);

}  // namespace quartic
