// Configurations of a learned action, for its certificate or evaluation.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "core/parallel.hpp"
#include "learn/feature_statistics.hpp"
#include "quartic/field/draws.hpp"
#include "quartic/field/target.hpp"
#include "quartic/mcmc/gaussian_moves.hpp"
#include "quartic/mcmc/sampler.hpp"

namespace quartic {

/// The fields after every `sweeps` sweeps.
template <class T>
FieldSamples<T> collect(Sampler<T>& sampler, int draws, int sweeps,
                        const ProgressCallback& progress = {});

/// Those of all ranks, nobody's alone.
template <class T>
FieldSamples<T> gathered(const FieldSamples<T>& own);

/// A sampler with the fields of another and random streams of its own.
template <class T>
Sampler<T> continued(const Sampler<T>& equilibrated, const Action& action, std::uint64_t seed);

/// Gaussian moves about the chains' own moments, where there are any.
template <class T>
std::optional<GaussianMoves> moves_about(const Sampler<T>& sampler, const Action& action);

/// `draws` configurations a chain of the action that `equilibrated` samples already: its fields are
/// where they begin, with random streams of their own, and it is left as it is. A fresh start could
/// be trapped in domain walls where the action is deep in the broken phase.
template <class T>
FieldSamples<T> draw_equilibrium(const Sampler<T>& equilibrated, const Action& action, int draws,
                                 int sweeps, std::uint64_t seed);

/// E[h | phi] in the place of hidden sites, so that averages over phi know of h what can be known.
template <class T>
void expect_hidden(const Action& action, FieldSamples<T>& samples);

/// The first `draws` of each chain, of sites that are not hidden, with the action of those alone.
template <class T>
Draws stored_draws(const FieldSamples<T>& samples, const Action& action, int draws);

/// evaluate(block, values by lane) for every configuration of a rank's own chains: [chain][draw],
/// the first `draws`.
template <class T, class Evaluate>
std::vector<double> by_configuration(const FieldSamples<T>& samples, int draws,
                                     Evaluate&& evaluate) {
  std::vector<double> out(static_cast<std::size_t>(samples.own_chains()) * draws);
  in_parallel(samples.end() - samples.begin(), samples.threads, [&](int own, int) {
    std::vector<double> values(samples.lanes);
    for (int draw = 0; draw < draws; ++draw) {
      evaluate(samples.block(draw, samples.begin() + own), std::span<double>(values));
      for (int lane = 0; lane < samples.lanes; ++lane)
        out[(static_cast<std::size_t>(own) * samples.lanes + lane) * draws + draw] = values[lane];
    }
  });
  return out;
}

/// Adds those terms of the target that are functions to the values of by_configuration.
template <class T>
void add_functions(const Target& target, const FieldSamples<T>& samples, int draws,
                   std::vector<double>& values) {
  const Target functions = target.functions();
  for (int k = 0; k < functions.size(); ++k) {
    const int begin = samples.begin(), own = samples.end() - begin;
    std::vector<double> value(values.size());
    evaluate_function<T>(
        *functions.term(k).function(), own * draws,
        [&](int n) { return samples.block(n / own, begin + n % own); }, value);
    const std::size_t chains = samples.own_chains(), all = draws;
    for (std::size_t draw = 0; draw < all; ++draw)
      for (std::size_t chain = 0; chain < chains; ++chain)
        values[chain * all + draw] += functions.coupling(k).real() * value[draw * chains + chain];
  }
}

}  // namespace quartic
