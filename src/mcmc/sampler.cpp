#include "quartic/mcmc/sampler.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "mcmc/ensemble.hpp"
#include "mcmc/local_move_kind.hpp"
#include "mcmc/sweep_table.hpp"
#include "quartic/core/error.hpp"

namespace quartic {
namespace {

constexpr int any = std::numeric_limits<int>::max();

const SamplerOptions& valid(const SamplerOptions& options) {
  if (options.chains < 16 || options.chains % 16 != 0) {
    throw BadInput(
        "sampler: chains = " + std::to_string(options.chains) + " is not a positive multiple of 16",
        "chains run side by side in SIMD lanes; use " +
            std::to_string(std::max(16, (options.chains + 15) / 16 * 16)));
  }
  const auto require = [](const char* what, int value, int least, int most) {
    if (value < least || value > most)
      throw BadInput(fmt::format("sampler: {} = {}", what, value),
                     most == any ? fmt::format("{} is at least {}", what, least)
                                 : fmt::format("{} is from {} to {}", what, least, most));
  };
  require("reflections", options.reflections.value_or(0), 0, most_in_sweep);
  require("threads", options.threads, 0, any);
  require("cluster_seeds", options.cluster_seeds, 1, most_in_sweep);
  require("rungs", options.rungs, 1, any);
  require_one_local_move(options);
  return options;
}

}  // namespace

template <class T>
void require_samplable(const Action& action, const SamplerOptions& options) {
  valid(options);
  require_normalisable(action);
  require_held<T>(action);
}
template void require_samplable<float>(const Action&, const SamplerOptions&);
template void require_samplable<double>(const Action&, const SamplerOptions&);

template <class T>
Sampler<T>::Sampler(const Action& action, const SamplerOptions& options, std::uint64_t seed,
                    Stream stream)
    : ensemble_(make_hidden<Ensemble<T>>(action, valid(options), seed, stream)) {}

template <class T>
void Sampler<T>::set_action(const Action& action) {
  ensemble_->set_action(action);
}
template <class T>
void Sampler<T>::draw_uncoupled() {
  ensemble_->draw_uncoupled();
}
template <class T>
void Sampler<T>::sweep(int count) {
  ensemble_->sweep(count);
}
template <class T>
void Sampler<T>::warm_up(int sweeps, const ProgressCallback& progress) {
  ensemble_->warm_up(sweeps, progress);
}
template <class T>
const Schedule& Sampler<T>::schedule() const {
  return ensemble_->schedule();
}
template <class T>
void Sampler<T>::set_schedule(const Schedule& schedule) {
  ensemble_->set_schedule(schedule);
}
template <class T>
std::string Sampler<T>::describe_schedule() const {
  return ensemble_->describe_schedule();
}
template <class T>
const SamplerOptions& Sampler<T>::options() const {
  return ensemble_->options();
}
template <class T>
int Sampler<T>::sites() const {
  return ensemble_->sites();
}
template <class T>
int Sampler<T>::lanes() const {
  return ensemble_->lanes();
}
template <class T>
int Sampler<T>::blocks() const {
  return ensemble_->blocks();
}
template <class T>
int Sampler<T>::threads() const {
  return ensemble_->threads();
}
template <class T>
FieldBlock<const T> Sampler<T>::block(int index) const {
  return ensemble_->block(index);
}
template <class T>
template <class U>
void Sampler<T>::configuration(int chain, std::span<U> out) const {
  const auto fields = block(chain / lanes());
  for (int site = 0; site < fields.sites; ++site)
    out[site] = static_cast<U>(fields.site(site)[chain % fields.lanes]);
}
template <class T>
void Sampler<T>::for_each_block(const std::function<void(int)>& f) const {
  ensemble_->for_each_block(f);
}
template <class T>
Acceptance Sampler<T>::acceptance() const {
  return ensemble_->acceptance();
}
template <class T>
void Sampler<T>::reset_acceptance() {
  ensemble_->reset_acceptance();
}
template <class T>
SamplerState Sampler<T>::state() const {
  return ensemble_->state();
}
template <class T>
SamplerState Sampler<T>::gathered(const SamplerState& own, bool everywhere) const {
  return ensemble_->gathered(own, everywhere);
}
template <class T>
void Sampler<T>::restore(const SamplerState& state) {
  ensemble_->restore(state);
}

#define QUARTIC_INSTANTIATE(T)                                          \
  template class Sampler<T>;                                            \
  template void Sampler<T>::configuration(int, std::span<float>) const; \
  template void Sampler<T>::configuration(int, std::span<double>) const;
QUARTIC_INSTANTIATE(float)
QUARTIC_INSTANTIATE(double)
#undef QUARTIC_INSTANTIATE

}  // namespace quartic
