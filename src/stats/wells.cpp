#include "quartic/stats/wells.hpp"

#include <algorithm>
#include <boost/math/distributions/fisher_f.hpp>
#include <cmath>
#include <limits>
#include <numeric>

#include "quartic/core/quartic_density.hpp"
#include "quartic/field/action_path.hpp"
#include "quartic/stats/annealing.hpp"
#include "stats/energies.hpp"

namespace quartic {
namespace {

constexpr int trajectories = 128, first_steps = 256, settling_sweeps = 8;
constexpr double max_updates = 2e9;  // of all annealing together

/// ln Z of one well as the trajectories of one start see it, and how many carry it.
struct PartialSum {
  double log_z = -std::numeric_limits<double>::infinity(), effective = 0;
};

/// By the wells that trajectories end in.
std::vector<PartialSum> partial_sums(double log_z_of_start, const std::vector<double>& work,
                                     const std::vector<std::int32_t>& end, std::size_t wells) {
  std::vector<PartialSum> out(wells);
  for (std::size_t well = 0; well < wells; ++well) {
    double least = std::numeric_limits<double>::infinity(), sum = 0, square = 0;
    for (std::size_t c = 0; c < work.size(); ++c)
      if (end[c] == static_cast<int>(well)) least = std::min(least, work[c]);
    for (std::size_t c = 0; c < work.size(); ++c) {
      if (end[c] != static_cast<int>(well)) continue;
      const double weight = std::exp(least - work[c]);
      sum += weight, square += weight * weight;
    }
    if (sum == 0) continue;
    out[well] = {log_z_of_start - least + std::log(sum / static_cast<double>(work.size())),
                 sum * sum / square};
  }
  return out;
}

/// The trajectories of one start, with more steps until those into its own wells are effective.
template <class T>
std::vector<PartialSum> anneal(Sampler<T>& sampler, const Wells& wells, const ActionPath& path,
                               double most) {
  std::vector<PartialSum> best;
  for (int steps = first_steps;; steps *= 4) {
    sampler.set_action(path.from);
    sampler.draw_uncoupled();
    std::vector<double> stops;
    // Denser near the ends, where a path from a mean field changes most.
    for (int n = 0; n <= steps; ++n)
      stops.push_back(0.5 - 0.5 * std::cos(M_PI * static_cast<double>(n) / steps));
    const auto work = drive(sampler, path, stops);
    sampler.sweep(settling_sweeps);
    best = partial_sums(-uncoupled_free_energy(path.from), work, wells.nearest(sampler),
                        wells.minima().size());
    double effective = 0;
    for (const auto& sum : best) effective = std::max(effective, sum.effective);
    const double next = 4.0 * steps * sampler.chains() * sampler.sites();
    if (effective > sampler.chains() / 4.0 || next > most) return best;
  }
}

}  // namespace

std::vector<double> chain_means(std::span<const double> bins, int chains) {
  const auto count = static_cast<std::ptrdiff_t>(bins.size()) / chains;
  std::vector<double> means(chains);
  for (int c = 0; c < chains; ++c) {
    const auto own = bins.subspan(c * count, count);
    means[c] = std::accumulate(own.begin(), own.end(), 0.0) / static_cast<double>(count);
  }
  return means;
}

bool groups_differ(std::span<const double> series, int chains,
                   std::span<const std::int32_t> group) {
  constexpr double by_chance = 1e-6;
  const auto means = chain_means(series, chains);
  const int groups = 1 + *std::max_element(group.begin(), group.end());
  std::vector<double> sum(groups), count(groups);
  for (int c = 0; c < chains; ++c) sum[group[c]] += means[c], ++count[group[c]];
  const double all = std::accumulate(means.begin(), means.end(), 0.0) / chains;
  double between = 0, within = 0;
  int there = 0;
  for (int g = 0; g < groups; ++g) {
    if (count[g] == 0) continue;
    ++there;
    between += count[g] * std::pow(sum[g] / count[g] - all, 2);
  }
  for (int c = 0; c < chains; ++c)
    within += std::pow(means[c] - sum[group[c]] / count[group[c]], 2);
  const double freedom = chains - there;
  if (there < 2 || freedom < 1) return false;
  if (within == 0) return between > 0;
  const double ratio = between / (there - 1) / (within / freedom);
  const boost::math::fisher_f distribution(there - 1, freedom);
  return boost::math::cdf(boost::math::complement(distribution, ratio)) < by_chance;
}

Wells::Wells(const Action& action, int chains)
    : action_(action),
      minima_(mean_fields(action, std::clamp(chains / 4 - 1, 1, 8))),
      several_(!one_up_to_sign(action, minima_)) {
  for (int i = 0; i < action.graph->sites(); ++i)
    width_.push_back(std::sqrt(quartic_moments(action.a[i], action.b[i], 0).second));
}

template <class T>
void Wells::start(Sampler<T>& sampler) const {
  const auto sites = static_cast<std::size_t>(sampler.sites());
  auto state = sampler.state();
  for (int k = 0; k < starts(); ++k) {
    sampler.set_action(k == 0 ? action_ : minima_[k - 1].action);
    sampler.draw_uncoupled();
    const auto drawn = sampler.state();
    const int chains = static_cast<int>(drawn.phi.size() / sites);  // of all rungs
    for (int chain = 0; chain < chains; ++chain)
      if (start_of(sampler.first_chain() + chain % sampler.chains()) == k)
        std::copy_n(drawn.phi.begin() + static_cast<std::ptrdiff_t>(chain * sites), sites,
                    state.phi.begin() + static_cast<std::ptrdiff_t>(chain * sites));
    state.streams = drawn.streams;
  }
  sampler.set_action(action_);
  sampler.restore(state);
}

template <class T>
int Wells::nearest(FieldBlock<const T> block, int lane) const {
  int best = 0;
  double least = std::numeric_limits<double>::infinity();
  for (std::size_t k = 0; k < minima_.size(); ++k) {
    double distance = 0;
    for (int i = 0; i < block.sites && distance < least; ++i)
      distance += std::pow((block.site(i)[lane] - minima_[k].mean[i]) / width_[i], 2);
    if (distance < least) least = distance, best = static_cast<int>(k);
  }
  return best;
}

template <class T>
std::vector<std::int32_t> Wells::nearest(const Sampler<T>& sampler) const {
  std::vector<std::int32_t> out(sampler.chains());
  sampler.for_each_block([&](int index) {
    for (int lane = 0; lane < sampler.lanes(); ++lane)
      out[index * sampler.lanes() + lane] = nearest(sampler.block(index), lane);
  });
  return gather_chains(sampler, out);
}

template <class T>
bool Wells::forgotten(const Sampler<T>& sampler) const {
  std::vector<std::int32_t> start(sampler.all_chains());
  for (int chain = 0; chain < sampler.all_chains(); ++chain) start[chain] = start_of(chain);
  std::vector<double> product(sampler.chains());
  for (const auto& minimum : minima_) {
    sampler.for_each_block([&](int index) {
      const auto block = sampler.block(index);
      for (int lane = 0; lane < block.lanes; ++lane) {
        double sum = 0;
        for (int i = 0; i < block.sites; ++i)
          sum += block.site(i)[lane] * minimum.mean[i] / (width_[i] * width_[i]);
        product[index * block.lanes + lane] = sum;
      }
    });
    if (groups_differ(gather_chains(sampler, product), sampler.all_chains(), start)) return false;
  }
  return true;
}

template <class T>
std::vector<WellShare> well_shares(const Wells& wells, const Action& action,
                                   const SamplerOptions& sampler, std::uint64_t seed,
                                   const ProgressCallback& progress) {
  SamplerOptions options = moves_along(sampler);
  options.chains = trajectories;
  options.team = nullptr;  // few: every rank makes them all
  Sampler<T> driven(action, options, seed, Stream::annealing);
  std::vector<PartialSum> best(wells.minima().size());
  for (int k = 0; k < wells.starts(); ++k) {
    const Action from = k == 0 ? uncoupled(action) : wells.minima()[k - 1].action;
    const auto sums = anneal(driven, wells, {from, action}, max_updates / wells.starts());
    for (std::size_t well = 0; well < best.size(); ++well)
      if (sums[well].effective > best[well].effective) best[well] = sums[well];
    report_progress(progress, (k + 1.0) / wells.starts());
  }
  double most = -std::numeric_limits<double>::infinity(), total = 0;
  for (const auto& sum : best) most = std::max(most, sum.log_z);
  for (const auto& sum : best) total += std::exp(sum.log_z - most);
  std::vector<WellShare> out;
  for (const auto& sum : best) out.push_back({std::exp(sum.log_z - most) / total, sum.effective});
  return out;
}

#define QUARTIC_INSTANTIATE(T)                                                \
  template void Wells::start(Sampler<T>&) const;                              \
  template int Wells::nearest(FieldBlock<const T>, int) const;                \
  template std::vector<std::int32_t> Wells::nearest(const Sampler<T>&) const; \
  template bool Wells::forgotten(const Sampler<T>&) const;                    \
  template std::vector<WellShare> well_shares<T>(                             \
      const Wells&, const Action&, const SamplerOptions&, std::uint64_t, const ProgressCallback&);
QUARTIC_INSTANTIATE(float)
QUARTIC_INSTANTIATE(double)
#undef QUARTIC_INSTANTIATE

}  // namespace quartic
