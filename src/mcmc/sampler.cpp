#include "quartic/mcmc/sampler.hpp"

#include <omp.h>

#include <algorithm>
#include <cmath>
#include <exception>
#include <string>

#include "mcmc/local_moves.hpp"
#include "mcmc/sweep_table.hpp"
#include "quartic/core/error.hpp"
#include "quartic/stats/autocorrelation.hpp"

namespace quartic {
namespace {

void require_valid(const SamplerOptions& options) {
  if (options.chains < 16 || options.chains % 16 != 0) {
    throw BadInput(
        "sampler: chains = " + std::to_string(options.chains) + " is not a positive multiple of 16",
        "chains run side by side in SIMD lanes; use " +
            std::to_string(std::max(16, (options.chains + 15) / 16 * 16)));
  }
  if (options.reflections.value_or(0) < 0 || options.metropolis_hits < 0 || options.threads < 0) {
    throw BadInput("sampler: reflections, metropolis_hits and threads must not be negative");
  }
}

/// 64 chains a block hide latencies; fewer once a block would leave a core's cache. Independent of
/// threads.
int lanes_for(int chains, int sites, std::size_t size) {
  for (const int lanes : {64, 32}) {
    if (chains % lanes == 0 && chains >= 2 * lanes && sites * size * lanes <= (3U << 19))
      return lanes;
  }
  return chains == 64 ? 64 : 16;
}

}  // namespace

template <class T>
Sampler<T>::Sampler(const Action& action, const SamplerOptions& options, std::uint64_t seed,
                    Stream stream)
    : options_(options), sites_(action.graph->sites()) {
  require_valid(options);
  lanes_ = lanes_for(options.chains, sites_, sizeof(T));
  threads_ = std::min(options.threads > 0 ? options.threads : omp_get_max_threads(), blocks());
  reflections_ = options.reflections.value_or(1);
  table_ = std::make_unique<SweepTable<T>>(*action.graph);
  fields_.resize(static_cast<std::size_t>(sites_) * options.chains);
  streams_.resize(4 * static_cast<std::size_t>(options.chains));
  for (int chain = 0; chain < options.chains; ++chain) {
    const auto words = seed_stream(seed, stream, static_cast<std::uint64_t>(chain));
    for (int k = 0; k < 4; ++k)
      streams_[(chain / lanes_ * 4 + k) * lanes_ + chain % lanes_] = words[k];
  }
  set_action(action);
  draw_uncoupled();
}

template <class T>
Sampler<T>::~Sampler() = default;
template <class T>
Sampler<T>::Sampler(Sampler&&) noexcept = default;
template <class T>
Sampler<T>& Sampler<T>::operator=(Sampler&&) noexcept = default;

template <class T>
void Sampler<T>::set_action(const Action& action) {
  require_normalisable(action);
  table_->set(action);
}

template <class T>
void Sampler<T>::for_each_block(const std::function<void(int)>& f) const {
  std::exception_ptr failure;
  const int count = blocks();
  // A parallel region costs more than a pass over a small ensemble.
  [[maybe_unused]] const bool worth_it = static_cast<double>(sites_) * options_.chains > 1e5;
#pragma omp parallel for schedule(static) num_threads(threads_) if (worth_it)
  for (int index = 0; index < count; ++index) {
    try {
      f(index);
    } catch (...) {
#pragma omp critical(quartic_block_failure)
      failure = std::current_exception();
    }
  }
  if (failure) std::rethrow_exception(failure);
}

template <class T>
void Sampler<T>::draw_uncoupled() {
  // Validity makes every b > 0, or a > 0 where b = 0: each site alone is normalisable.
  for_each_block([&](int index) {
    heat_bath_sweep(SweepBlock<T>{table_.get(), T(0), fields_.data() + block_offset(index),
                                  streams_.data() + 4 * static_cast<std::ptrdiff_t>(index) * lanes_,
                                  lanes_, 1});
  });
}

template <class T>
void Sampler<T>::sweep(int count) {
  std::vector<std::array<double, 3>> accepted(blocks());
  const int hits = options_.metropolis_hits;
  for_each_block([&](int index) {
    const SweepBlock<T> block{table_.get(),
                              T(scale_),
                              fields_.data() + block_offset(index),
                              streams_.data() + 4 * static_cast<std::ptrdiff_t>(index) * lanes_,
                              lanes_,
                              hits};
    auto& sum = accepted[index];
    for (int k = 0; k < count; ++k) {
      sum[0] += hits > 0 ? metropolis_sweep(block) : independence_sweep(block);
      for (int n = 0; n < (hits > 0 ? 0 : reflections_); ++n) sum[1] += reflection_sweep(block);
      if (options_.flips) sum[2] += flip_sweep(block);
    }
  });
  for (const auto& sum : accepted)
    for (int k = 0; k < 3; ++k) accepted_[k] += sum[k];
  const double passes = static_cast<double>(count) * options_.chains;
  proposed_[0] += passes * sites_ * std::max(hits, 1);
  proposed_[1] += passes * sites_ * (hits > 0 ? 0 : reflections_);
  proposed_[2] += options_.flips ? passes / 2 : 0;  // a fair coin decides whether a flip is tried
}

/// Nominal cost of a sweep times the slowest autocorrelation time of m^2 and sum phi^2.
template <class T>
double Sampler<T>::cost_per_sample(int reflections) {
  constexpr int length = 48;
  reflections_ = reflections;
  std::vector<double> magnetisation(static_cast<std::size_t>(options_.chains) * length),
      squares(magnetisation.size());
  for (int draw = 0; draw < length; ++draw) {
    sweep(1);
    for_each_block([&](int index) {
      const auto fields = block(index);
      for (int lane = 0; lane < lanes_; ++lane) {
        double m = 0, square = 0;
        for (int site = 0; site < sites_; ++site) {
          const double x = fields.site(site)[lane];
          m += x;
          square += x * x;
        }
        const std::size_t at = (static_cast<std::size_t>(index) * lanes_ + lane) * length + draw;
        magnetisation[at] = m * m;
        squares[at] = square;
      }
    });
  }
  const double tau = std::max({0.5, estimate_series(magnetisation, options_.chains).tau,
                               estimate_series(squares, options_.chains).tau});
  constexpr double reflection_cost = 0.4;  // of an independence pass, KERNELS and bench/
  return tau * (1 + reflection_cost * reflections);
}

template <class T>
void Sampler<T>::tune_reflections() {
  double best_cost = INFINITY;
  int best = 1;
  for (const int candidate : {0, 1, 2, 3, 5, 7}) {
    const double cost = cost_per_sample(candidate);
    if (cost < 0.95 * best_cost) best_cost = cost, best = candidate;
  }
  reflections_ = best;
}

template <class T>
void Sampler<T>::warm_up(int sweeps) {
  sweep(sweeps);
  if (options_.reflections.has_value() || options_.metropolis_hits > 0) return;
  tune_reflections();
  reset_acceptance();
}

template <class T>
Acceptance Sampler<T>::acceptance() const {
  const auto rate = [&](int k) { return proposed_[k] > 0 ? accepted_[k] / proposed_[k] : 0.0; };
  return {rate(0), rate(1), rate(2)};
}

template <class T>
SamplerState Sampler<T>::state() const {
  SamplerState state;
  state.reflections = reflections_;
  state.phi.resize(fields_.size());
  state.streams.resize(streams_.size());
  for (int chain = 0; chain < options_.chains; ++chain) {
    const int index = chain / lanes_, lane = chain % lanes_;
    for (int site = 0; site < sites_; ++site) {
      state.phi[static_cast<std::size_t>(chain) * sites_ + site] = block(index).site(site)[lane];
    }
    for (int k = 0; k < 4; ++k)
      state.streams[4 * static_cast<std::size_t>(chain) + k] =
          streams_[(index * 4 + k) * lanes_ + lane];
  }
  return state;
}

template <class T>
void Sampler<T>::restore(const SamplerState& state) {
  if (state.phi.size() != fields_.size() || state.streams.size() != streams_.size()) {
    throw BadInput("the saved sampler state has another number of chains or sites than this run",
                   "resume with the configuration that the run file holds");
  }
  reflections_ = state.reflections;
  for (int chain = 0; chain < options_.chains; ++chain) {
    const int index = chain / lanes_, lane = chain % lanes_;
    for (int site = 0; site < sites_; ++site) {
      block(index).site(site)[lane] =
          static_cast<T>(state.phi[static_cast<std::size_t>(chain) * sites_ + site]);
    }
    for (int k = 0; k < 4; ++k)
      streams_[(index * 4 + k) * lanes_ + lane] =
          state.streams[4 * static_cast<std::size_t>(chain) + k];
  }
}

template class Sampler<float>;
template class Sampler<double>;

}  // namespace quartic
