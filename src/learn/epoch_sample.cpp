#include "learn/epoch_sample.hpp"

#include <omp.h>

#include <algorithm>
#include <cmath>
#include <span>
#include <utility>
#include <vector>

#include "core/exact_sum.hpp"
#include "learn/equilibrium_sample.hpp"
#include "quartic/field/features.hpp"

namespace quartic {
namespace {

/// Of so many draws one is kept with its hidden sites as drawn.
constexpr int drawn_of = 8;

/// tau, in draws, of the f_k whose means over a chain's draws scatter most: their variance is
/// 2 tau / draws that of a draw. No more than draws / 2 can be seen. Sums are [k][chain], of a
/// rank's own chains.
double slowest_tau(const Team& team, int threads, std::span<const double> sums,
                   std::span<const double> squares, std::span<const double> mean, int draws) {
  const std::size_t size = mean.size(), chains = sums.size() / size;
  const auto scatter = exact_sums(
      team, threads, 2 * size, chains, 1,
      [&](std::size_t row, std::size_t chain) {
        const std::size_t k = row % size, n = k * chains + chain;
        const double between = sums[n] / draws - mean[k];
        return row < size ? between * between : squares[n] / draws - mean[k] * mean[k];
      },
      [](std::size_t) { return 0; });
  double slowest = 0;
  for (std::size_t k = 0; k < size; ++k)
    if (scatter[size + k] > 0)
      slowest = std::max(slowest, draws * scatter[k] / scatter[size + k] / 2);
  return slowest;
}

}  // namespace

template <class T>
EpochSample<T> sample_epoch(Sampler<T>& sampler, const Parameters& parameters,
                            const EpochPlan& plan, const ProgressCallback& progress) {
  EpochSample<T> out;
  out.draws = plan.draws, out.sweeps = plan.sweeps;
  if (plan.global) out.global_acceptance = 0;
  const bool hidden = plan.action.graph->hidden_sites() > 0;
  const int size = parameters.size(), chains = sampler.chains(), lanes = sampler.lanes();
  constexpr double max_values = 64e6;  // of all ranks, so that their number changes nothing
  const double room = std::max(max_values / (double(sampler.all_chains()) * sampler.sites()), 1.0);
  const int stored = static_cast<int>(std::min({double(plan.draws), double(plan.stored), room}));
  const auto none = [&](int draws) {
    return FieldSamples<T>{sampler.sites(),
                           lanes,
                           static_cast<int>(sampler.shares().count),
                           draws,
                           sampler.threads(),
                           {},
                           sampler.options().team};
  };
  out.samples = none(stored), out.drawn = none(0);
  std::vector<double> sums(static_cast<std::size_t>(size) * chains), squares(sums.size());
  std::vector<std::vector<double>> scratch(sampler.threads());
  sampler.reset_acceptance();
  for (int draw = 0; draw < plan.draws; ++draw) {
    sampler.sweep(plan.sweeps);
    if (plan.global)
      out.global_acceptance += plan.global->move(sampler, plan.global_step, plan.seed) / plan.draws;
    report_progress(progress, 0);
    const T* first = sampler.block(0).data;
    FieldSamples<T> expected = none(1);
    if (draw < stored || hidden) {
      expected.fields.emplace_back(first,
                                   first + static_cast<std::ptrdiff_t>(sampler.sites()) * chains);
      if (hidden && draw < stored && draw % drawn_of == 0)
        out.drawn.fields.push_back(expected.fields.front()), ++out.drawn.draws;
      expect_hidden(plan.action, expected);
    }
    sampler.for_each_block([&](int index) {
      auto& x = scratch[omp_get_thread_num()];
      x.resize(static_cast<std::size_t>(size) * lanes);
      const FieldBlock<const T> block =
          hidden ? expected.block(0, expected.begin() + index) : sampler.block(index);
      evaluate_features(parameters, block, x.data(), lanes);
      for (int k = 0; k < size; ++k) {
        const auto at =
            static_cast<std::ptrdiff_t>(k) * chains + static_cast<std::ptrdiff_t>(index) * lanes;
        double *sum = sums.data() + at, *square = squares.data() + at;
        const double* from = x.data() + static_cast<std::ptrdiff_t>(k) * lanes;
        for (int lane = 0; lane < lanes; ++lane) {
          sum[lane] += from[lane];
          square[lane] += from[lane] * from[lane];
        }
      }
    });
    if (draw < stored) out.samples.fields.push_back(std::move(expected.fields.front()));
  }
  const ChainGroups groups(sampler.all_chains());
  const Team& team = sampler.team();
  out.sampled = sampled_mean(
      sums_of_groups(team, sampler.threads(), groups, sums, size, sampler.first_chain()), size,
      groups, plan.draws);
  out.tau = slowest_tau(team, sampler.threads(), sums, squares, out.sampled.mean, plan.draws);
  return out;
}

template EpochSample<float> sample_epoch(Sampler<float>&, const Parameters&, const EpochPlan&,
                                         const ProgressCallback&);
template EpochSample<double> sample_epoch(Sampler<double>&, const Parameters&, const EpochPlan&,
                                          const ProgressCallback&);

}  // namespace quartic
