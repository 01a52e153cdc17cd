#include "learn/gaussian_free_energy.hpp"

#include <vector>

#include "learn/equilibrium_sample.hpp"
#include "quartic/mcmc/gaussian_moves.hpp"
#include "quartic/stats/acceptance_ratio.hpp"

namespace quartic {

template <class T>
std::optional<WorkFreeEnergy> free_energy_from_gaussian(const Sampler<T>& equilibrated,
                                                        const Action& action, int draws,
                                                        std::uint64_t seed) {
  auto sampler = continued(equilibrated, action, seed + 1);
  const auto moves = moves_about(sampler, action);
  constexpr double least = 0.2;  // proposals that forget everything
  if (!moves) return std::nullopt;
  sampler.sweep(1);
  if (moves->move(sampler, 1, seed) < least) return std::nullopt;
  const auto chains = static_cast<std::size_t>(sampler.chains());
  std::vector<double> reverse(chains * draws);
  for (int draw = 0; draw < draws; ++draw) {
    for (int k = 0; k < 4; ++k) sampler.sweep(1), moves->move(sampler, 1, seed);
    const auto values = moves->remainders(sampler);
    for (std::size_t c = 0; c < chains; ++c) reverse[c * draws + draw] = -values[c];
  }
  reverse = gather_chains(sampler, reverse);
  WorkFreeEnergy out;
  out.work = acceptance_ratio(moves->remainders(static_cast<int>(reverse.size()), seed), reverse);
  out.start = moves->free_energy();
  for (Estimate* x : {&out.work.difference, &out.work.forward, &out.work.reverse, &out.work.upper,
                      &out.work.lower})
    x->value += out.start;
  out.ok = out.work.ok, out.reason = out.work.reason;
  return out;
}

template std::optional<WorkFreeEnergy> free_energy_from_gaussian(const Sampler<float>&,
                                                                 const Action&, int, std::uint64_t);
template std::optional<WorkFreeEnergy> free_energy_from_gaussian(const Sampler<double>&,
                                                                 const Action&, int, std::uint64_t);

}  // namespace quartic
