#include "quartic/stats/settled_wells.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace quartic {
namespace {

/// Averages of chains, apart by the wells in which they are.
class WellAverages {
 public:
  WellAverages(const Measurement& window, std::vector<std::int32_t> well, std::size_t wells)
      : well_(std::move(well)), count_(wells) {
    for (const auto w : well_) ++count_[w];
    for (const auto& name : window.names()) {
      const auto means = chain_means(window.series(name), window.chains());
      std::vector<double> sum(wells);
      for (std::size_t c = 0; c < means.size(); ++c) sum[well_[c]] += means[c];
      for (std::size_t w = 0; w < wells; ++w) sum[w] /= std::max(count_[w], 1);
      mean_.push_back(sum);
    }
  }

  int chains_in(std::size_t well) const { return count_[well]; }
  std::size_t observables() const { return mean_.size(); }
  /// By how much a well of this share that nobody visits would move an observable.
  double shift(std::size_t observable, std::size_t well, std::size_t from, double share) const {
    if (count_[well] == 0) return 0;
    return share * std::abs(mean_[observable][well] - mean_[observable][from]);
  }

 private:
  std::vector<std::int32_t> well_;
  std::vector<int> count_;
  std::vector<std::vector<double>> mean_;  // [observable][well]
};

/// How many chains go to each well: by largest remainders.
std::vector<int> chains_by_share(const std::vector<WellShare>& shares, int chains) {
  std::vector<int> out;
  std::vector<std::pair<double, std::size_t>> rest;
  for (std::size_t k = 0; k < shares.size(); ++k) {
    const double wanted = shares[k].share * chains;
    out.push_back(static_cast<int>(wanted));
    rest.emplace_back(wanted - std::floor(wanted), k);
  }
  std::sort(rest.rbegin(), rest.rend());
  int left = chains - std::accumulate(out.begin(), out.end(), 0);
  for (std::size_t k = 0; left > 0; k = (k + 1) % rest.size(), --left) ++out[rest[k].second];
  return out;
}

/// `wanted` chains to every well, as far as there is a chain in it to begin from.
template <class T>
void move_chains(Sampler<T>& sampler, const std::vector<std::int32_t>& well,
                 const std::vector<int>& wanted) {
  const auto sites = static_cast<std::ptrdiff_t>(sampler.sites());
  auto state = sampler.gathered(sampler.state(), true);
  std::vector<std::vector<int>> members(wanted.size());
  for (int chain = 0; chain < sampler.all_chains(); ++chain) members[well[chain]].push_back(chain);
  std::vector<int> spare;
  for (std::size_t w = 0; w < wanted.size(); ++w)
    for (std::size_t k = wanted[w]; k < members[w].size(); ++k) spare.push_back(members[w][k]);
  std::size_t next = 0;
  for (std::size_t w = 0; w < wanted.size(); ++w) {
    if (members[w].empty()) continue;
    for (int k = static_cast<int>(members[w].size()); k < wanted[w] && next < spare.size(); ++k) {
      const int donor = members[w][k % members[w].size()];
      std::copy_n(state.phi.begin() + donor * sites, sites,
                  state.phi.begin() + spare[next++] * sites);
    }
  }
  sampler.restore(state);
}

/// Whether chains go to and fro between the wells that hold any: of each well but the largest a
/// quarter have left, or come, between two looks.
bool wells_exchange(const std::vector<std::int32_t>& before, const std::vector<std::int32_t>& after,
                    std::size_t wells) {
  constexpr int few = 4;
  std::vector<int> members(wells), moved(wells);
  for (std::size_t c = 0; c < after.size(); ++c) {
    ++members[after[c]];
    if (before[c] != after[c]) ++moved[before[c]], ++moved[after[c]];
  }
  const auto largest = std::max_element(members.begin(), members.end()) - members.begin();
  for (std::size_t w = 0; w < wells; ++w)
    if (static_cast<std::ptrdiff_t>(w) != largest && members[w] > 0 &&
        (moved[w] < few || 4 * moved[w] < members[w]))
      return false;
  return true;
}

}  // namespace

template <class T>
SettledWells settle_wells(Sampler<T>& sampler, const Wells& wells, const Action& action,
                          const Measurement& window, const std::vector<std::int32_t>& before,
                          std::uint64_t seed, const ProgressCallback& progress) {
  constexpr double min_effective = 8, negligible = 1e-3;
  const int chains = sampler.all_chains();
  std::vector<std::int32_t> start(chains);
  for (int chain = 0; chain < chains; ++chain) start[chain] = wells.start_of(chain);
  const auto well = wells.nearest(sampler);
  bool joined = wells.forgotten(sampler) && wells_exchange(before, well, wells.minima().size());
  for (const auto& name : window.names())
    joined = joined && !groups_differ(window.series(name), chains, start);
  if (joined) return {};

  const auto shares = well_shares<T>(wells, action, sampler.options(), seed, progress);
  const WellAverages averages(window, well, shares.size());
  const std::size_t top =
      std::max_element(shares.begin(), shares.end(),
                       [](const auto& x, const auto& y) { return x.share < y.share; }) -
      shares.begin();
  const auto stable = std::count_if(shares.begin(), shares.end(),
                                    [](const WellShare& s) { return s.effective > 0; });
  const bool known =
      stable > 1 && std::all_of(shares.begin(), shares.end(), [&](const WellShare& s) {
        return s.effective >= min_effective || s.effective == 0 || s.share < negligible;
      });
  SettledWells out{"", well, {}};
  std::string list;
  const std::string count = fmt::format("{} wells", std::max<std::ptrdiff_t>(stable, 2));
  for (const auto& s : shares)
    if (s.effective > 0) list += fmt::format("{}{:.3g}", list.empty() ? "" : ", ", s.share);
  if (!known || shares[top].effective < min_effective || averages.chains_in(top) == 0) {
    out.text = count + " that the moves do not join; annealing does not know their shares";
    return out;
  }
  if (sampler.options().rungs > 1) {  // the rungs above may not be in equilibrium either
    out.unvisited.assign(averages.observables(), std::numeric_limits<double>::infinity());
    out.text = fmt::format(
        "{} that neither the moves nor the rungs join hold {} of Z, by annealing", count, list);
    return out;
  }
  const auto wanted = chains_by_share(shares, chains);
  move_chains(sampler, well, wanted);
  out.of = wells.nearest(sampler);
  for (std::size_t k = 0; k < averages.observables(); ++k) {
    double sum = 0;
    for (std::size_t w = 0; w < shares.size(); ++w)
      if (wanted[w] == 0) sum += averages.shift(k, w, top, shares[w].share);
    out.unvisited.push_back(sum);
  }
  out.text = fmt::format(
      "{} that the moves do not join hold {} of Z, by annealing; chains go by these shares", count,
      list);
  return out;
}

template SettledWells settle_wells(Sampler<float>&, const Wells&, const Action&, const Measurement&,
                                   const std::vector<std::int32_t>&, std::uint64_t,
                                   const ProgressCallback&);
template SettledWells settle_wells(Sampler<double>&, const Wells&, const Action&,
                                   const Measurement&, const std::vector<std::int32_t>&,
                                   std::uint64_t, const ProgressCallback&);

}  // namespace quartic
