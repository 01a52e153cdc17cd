// An action's value on every chain of a sampler, and fields put into one.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "quartic/field/features.hpp"
#include "quartic/mcmc/sampler.hpp"

namespace quartic {

/// One value a chain, in parallel over blocks.
template <class T>
std::vector<double> energies(const Sampler<T>& sampler, const Action& action) {
  std::vector<double> out(sampler.chains());
  sampler.for_each_block([&](int index) {
    evaluate_action(
        action, sampler.block(index),
        std::span(out).subspan(static_cast<std::size_t>(index) * sampler.lanes(), sampler.lanes()));
  });
  return out;
}

/// Fields [chain][site], of a rank's own chains or of all, of which it takes its own; streams stay.
template <class T>
void set_fields(Sampler<T>& sampler, std::span<const double> phi) {
  auto state = sampler.state();
  const auto sites = static_cast<std::size_t>(sampler.sites());
  if (phi.size() > state.phi.size())
    phi = phi.subspan(sampler.first_chain() * sites, sampler.chains() * sites);
  state.phi.assign(phi.begin(), phi.end());
  sampler.restore(state);
}

/// The fields of a sampler's own action, [chain][site], without those of other rungs.
template <class T>
std::vector<double> get_fields(const Sampler<T>& sampler) {
  const auto sites = static_cast<std::size_t>(sampler.sites());
  std::vector<double> phi(sampler.chains() * sites);
  for (int chain = 0; chain < sampler.chains(); ++chain)
    sampler.configuration(chain, std::span(phi).subspan(chain * sites, sites));
  return phi;
}

/// Moves along a path: no tempering, which needs one action, and no Hamiltonian trajectories, whose
/// step size fits one action.
inline SamplerOptions moves_along(SamplerOptions wanted) {
  wanted.rungs = 1, wanted.hmc_steps = 0;
  return wanted;
}

/// Where there are fewer blocks of chains than ranks, every rank makes them all.
inline SamplerOptions shared_if_many(SamplerOptions options) {
  const int blocks = options.chains / (options.chains % 64 == 0 ? 64 : 16);
  if (options.team && options.team->size() > blocks) options.team = nullptr;
  return options;
}

}  // namespace quartic
