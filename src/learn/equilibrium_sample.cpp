#include "learn/equilibrium_sample.hpp"

#include <fmt/format.h>

#include "quartic/core/memory.hpp"
#include "quartic/field/hidden_sites.hpp"
#include "quartic/mcmc/gaussian_moves.hpp"

namespace quartic {

template <class T>
FieldSamples<T> collect(Sampler<T>& sampler, int draws, int sweeps,
                        const ProgressCallback& progress) {
  require_memory(
      sizeof(T) * static_cast<double>(sampler.sites()) * sampler.chains() * draws,
      fmt::format("{} draws of {} chains of {} sites", draws, sampler.chains(), sampler.sites()),
      "lower draws in the section of what draws them, or sampler.chains");
  FieldSamples<T> samples{sampler.sites(),
                          sampler.lanes(),
                          static_cast<int>(sampler.shares().count),
                          draws,
                          sampler.threads(),
                          {},
                          sampler.options().team};
  for (int draw = 0; draw < draws; ++draw) {
    sampler.sweep(sweeps);
    report_progress(progress, (draw + 1.0) / draws);
    const T* first = sampler.block(0).data;
    samples.fields.emplace_back(
        first, first + static_cast<std::ptrdiff_t>(sampler.sites()) * sampler.chains());
  }
  return samples;
}

template <class T>
FieldSamples<T> gathered(const FieldSamples<T>& own) {
  const Team& team = own.team();
  if (!team.several()) return own;
  FieldSamples<T> all{own.sites, own.lanes, own.blocks, own.draws, own.threads, {}};
  const std::size_t block = static_cast<std::size_t>(own.sites) * own.lanes;
  for (const auto& field : own.fields) {
    auto& of_all = all.fields.emplace_back(block * own.blocks);
    gather(team, own.shares(), std::span<const T>(field), std::span<T>(of_all), block, true);
  }
  return all;
}

template <class T>
Sampler<T> continued(const Sampler<T>& equilibrated, const Action& action, std::uint64_t seed) {
  Sampler<T> sampler(action, equilibrated.options(), seed, Stream::certificate);
  auto start = sampler.state();
  const auto from = equilibrated.state();
  start.phi = from.phi, start.schedule = from.schedule;
  sampler.restore(start);
  return sampler;
}

template <class T>
std::optional<GaussianMoves> moves_about(const Sampler<T>& sampler, const Action& action) {
  const int sites = sampler.sites(), chains = sampler.all_chains();
  std::vector<double> mean(sites), square(sites), phi(sites);
  const Team& team = sampler.team();
  for (int rank = 0; rank < team.size(); ++rank) {  // chain after chain
    for (int chain = 0; rank == team.rank() && chain < sampler.chains(); ++chain) {
      sampler.configuration(chain, std::span(phi));
      for (int i = 0; i < sites; ++i)
        mean[i] += phi[i] / chains, square[i] += phi[i] * phi[i] / chains;
    }
    team.broadcast(std::as_writable_bytes(std::span(mean)), rank);
    team.broadcast(std::as_writable_bytes(std::span(square)), rank);
  }
  return GaussianMoves::of(action, mean, square);
}

template <class T>
FieldSamples<T> draw_equilibrium(const Sampler<T>& equilibrated, const Action& action, int draws,
                                 int sweeps, std::uint64_t seed) {
  auto sampler = continued(equilibrated, action, seed);
  sampler.sweep(50);
  double step = 1;
  auto moves = moves_about(sampler, action);
  if (moves && !moves->tune(sampler, step, seed)) moves.reset();
  FieldSamples<T> samples = collect(sampler, 0, sweeps);
  for (int draw = 0; draw < draws; ++draw) {
    if (moves) moves->move(sampler, step, seed);
    samples.append(collect(sampler, 1, sweeps));
  }
  return samples;
}

template <class T>
void expect_hidden(const Action& action, FieldSamples<T>& samples) {
  if (action.graph->hidden_sites() == 0) return;
  const int own = samples.end() - samples.begin();
  in_parallel(own * samples.draws, samples.threads, [&](int n, int) {
    T* first = samples.fields[n / own].data();
    const std::ptrdiff_t size = static_cast<std::ptrdiff_t>(samples.sites) * samples.lanes;
    expect_hidden(action, FieldBlock<T>{first + n % own * size, samples.sites, samples.lanes});
  });
}

template <class T>
Draws stored_draws(const FieldSamples<T>& samples, const Action& action, int draws) {
  const auto sites = static_cast<std::size_t>(action.graph->visible_sites());
  Draws out{samples.chains(), draws, action.graph->visible_sites(), {}, {}};
  out.phi.resize(static_cast<std::size_t>(samples.own_chains()) * draws * sites);
  in_parallel(samples.own_chains(), samples.threads, [&](int own, int) {
    const int chain = samples.first_chain() + own;
    for (int draw = 0; draw < draws; ++draw) {
      const auto block = samples.block(draw, chain / samples.lanes);
      float* phi = out.phi.data() + (static_cast<std::size_t>(own) * draws + draw) * sites;
      for (std::size_t i = 0; i < sites; ++i)
        phi[i] = static_cast<float>(block.site(static_cast<int>(i))[chain % samples.lanes]);
    }
  });
  out.phi = samples.of_all(out.phi, draws * sites);
  const auto own = by_configuration(samples, draws, [&](const auto& block, std::span<double> s) {
    evaluate_marginal_action(action, block, s);
  });
  out.action_value = samples.of_all(own, draws);
  return out;
}

template FieldSamples<float> gathered(const FieldSamples<float>&);
template FieldSamples<double> gathered(const FieldSamples<double>&);
template Sampler<float> continued(const Sampler<float>&, const Action&, std::uint64_t);
template Sampler<double> continued(const Sampler<double>&, const Action&, std::uint64_t);
template std::optional<GaussianMoves> moves_about(const Sampler<float>&, const Action&);
template std::optional<GaussianMoves> moves_about(const Sampler<double>&, const Action&);
template FieldSamples<float> collect(Sampler<float>&, int, int, const ProgressCallback&);
template FieldSamples<double> collect(Sampler<double>&, int, int, const ProgressCallback&);
template FieldSamples<float> draw_equilibrium(const Sampler<float>&, const Action&, int, int,
                                              std::uint64_t);
template FieldSamples<double> draw_equilibrium(const Sampler<double>&, const Action&, int, int,
                                               std::uint64_t);
template void expect_hidden(const Action&, FieldSamples<float>&);
template void expect_hidden(const Action&, FieldSamples<double>&);
template Draws stored_draws(const FieldSamples<float>&, const Action&, int);
template Draws stored_draws(const FieldSamples<double>&, const Action&, int);

}  // namespace quartic
