#include "quartic/stats/annealing.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "quartic/core/error.hpp"
#include "quartic/stats/overlap.hpp"
#include "stats/energies.hpp"

namespace quartic {
namespace {

template <class T>
std::vector<float> fields(const Sampler<T>& sampler) {
  const auto phi = get_fields(sampler);
  return gather_chains(sampler, std::vector<float>(phi.begin(), phi.end()));
}

}  // namespace

template <class T>
std::vector<double> drive(Sampler<T>& sampler, const ActionPath& path,
                          std::span<const double> stops, const ProgressCallback& progress) {
  const Action difference = path.difference();
  std::vector<double> work(sampler.chains());
  for (std::size_t n = 1; n < stops.size(); ++n) {
    const auto d = energies(sampler, difference);
    for (std::size_t c = 0; c < work.size(); ++c) work[c] += (stops[n] - stops[n - 1]) * d[c];
    sampler.set_action(path.at(stops[n]));
    sampler.sweep(1);
    report_progress(progress, static_cast<double>(n) / static_cast<double>(stops.size() - 1));
  }
  return gather_chains(sampler, work);
}

template <class T>
AnnealedSample anneal_sample(const ActionPath& path, std::span<const float> phi, int chains,
                             const AnnealingOptions& options, std::uint64_t seed) {
  const std::size_t sites = path.from.graph->sites(), row = sites * std::max(chains, 1);
  if (chains < 2 || phi.empty() || phi.size() % row != 0) {
    throw BadInput(fmt::format("annealing: {} field values do not split into {} chains of equal "
                               "length on {} sites, or there are fewer than two chains",
                               phi.size(), chains, sites),
                   "give fields [draw][chain][site] of two chains or more");
  }
  if (!(options.ess > 0 && options.ess < 1))
    throw BadInput(fmt::format("annealing: ess = {:g} is not between 0 and 1", options.ess),
                   "ess = 0.5 keeps half of the samples");
  AnnealedSample out;
  out.chains = chains, out.draws = static_cast<int>(phi.size() / row);
  out.sites = static_cast<int>(sites);
  const std::vector<double> start(phi.begin(), phi.end());
  SamplerOptions moves = moves_along(options.sampler);
  moves.chains = out.chains * out.draws;
  moves = shared_if_many(moves);
  Sampler<T> sampler(path.from, moves, seed, Stream::annealing);
  const auto plan = plan_annealing<T>(path, moves, seed, start);
  // Of work with a normal distribution the weights keep the fraction exp(-variance).
  const int suggested = plan.steps_for(-std::log(options.ess) / 2);
  out.steps = options.steps > 0 ? options.steps : std::min(suggested, options.max_steps);
  for (;;) {
    sampler.set_action(path.from);
    set_fields(sampler, start);
    const auto work = drive(sampler, path, plan.stops(out.steps), options.progress);
    const Overlap overlap = measure_overlap(work, chains);
    out.log_ratio = overlap.log_mean_weight, out.weight_ess = overlap.weight_ess;
    out.log_weight.resize(work.size());
    std::transform(work.begin(), work.end(), out.log_weight.begin(), [](double w) { return -w; });
    out.ok = out.weight_ess.value >= options.ess;
    if (out.ok || options.steps > 0 || out.steps >= options.max_steps) break;
    out.steps = std::min(2 * out.steps, options.max_steps);
  }
  out.phi = fields(sampler);
  if (!out.ok) {
    out.reason = fmt::format(
        "after {} annealing steps the weights keep {:.2g} of their effective "
        "number, wanted {:.2g}",
        out.steps, out.weight_ess.value, options.ess);
  }
  return out;
}

template std::vector<double> drive(Sampler<float>&, const ActionPath&, std::span<const double>,
                                   const ProgressCallback&);
template std::vector<double> drive(Sampler<double>&, const ActionPath&, std::span<const double>,
                                   const ProgressCallback&);
template AnnealedSample anneal_sample<float>(const ActionPath&, std::span<const float>, int,
                                             const AnnealingOptions&, std::uint64_t);
template AnnealedSample anneal_sample<double>(const ActionPath&, std::span<const float>, int,
                                              const AnnealingOptions&, std::uint64_t);

}  // namespace quartic
