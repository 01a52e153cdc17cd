#include "quartic/network/tempering.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "network/path_model.hpp"
#include "quartic/core/error.hpp"

namespace quartic {
namespace {

std::vector<double> checked(std::vector<double> betas) {
  const bool falls =
      std::adjacent_find(betas.begin(), betas.end(), std::less_equal<>()) == betas.end();
  if (betas.size() < 2 || betas.front() != 1 || betas.back() != 0 || !falls)
    throw BadInput("the rungs of a tempered network have to fall from beta = 1 to beta = 0",
                   "give them in falling order, first 1 and last 0");
  return betas;
}

/// Consecutive lanes of one rung within a block.
struct RungPart {
  int rung, first, lanes;
};

}  // namespace

template <class T>
struct NetworkTempering<T>::Parts {
  /// Which end of the ladder a configuration saw last; its journeys begin at the base.
  enum class End : char { none, base, network };

  PathModels<T> models;
  std::vector<double> betas;
  int per_rung;
  std::uint64_t seed;
  std::vector<PathModel<T>> rungs;
  Chains<T> chains;        ///< lane rung * per_rung + chain
  AlignedVector<T> field;  ///< on the hidden units, [hidden][lane]
  /// The same with w of the next rung and of the one before, where that is another.
  AlignedVector<T> field_down, field_up;
  int threads;
  std::vector<NetworkScratch<T>> scratch;
  std::int64_t sweeps = 0;
  std::vector<double> down, up;  ///< works to the next rung and to the one before, by lane
  std::vector<double> accepted;  ///< sums of probabilities, by pair
  std::int64_t counted = 0;      ///< sweeps in them
  std::vector<End> seen;         ///< by lane
  std::int64_t trips = 0;

  Parts(const NetworkPath& path, std::vector<double> at, int count, std::uint64_t seed_in,
        Stream stream, int wanted_threads)
      : models(path),
        betas(checked(std::move(at))),
        per_rung(count),
        seed(seed_in),
        rungs(find_rungs()),
        chains(path.base().visible.size(), path.base().hidden.size(), count * rung_count(), seed,
               stream),
        field(static_cast<std::size_t>(chains.stride()) * chains.hidden_units(), T(0)),
        threads(thread_count(wanted_threads, path.base())),
        scratch(make_scratch(threads, rungs.front().layers)),
        down(chains.size()),
        up(chains.size()) {
    set_rungs();
    for_each_block([&](int block, NetworkScratch<T>& work) {
      for (RungPart part : parts_of(block)) {
        part.rung = rung_count() - 1;
        draw_visible(part, block, work);
        draw_hidden(part);
      }
    });
    reset_counts();
  }

  int rung_count() const { return static_cast<int>(betas.size()); }
  int pairs() const { return rung_count() - 1; }

  std::vector<PathModel<T>> find_rungs() const {
    std::vector<PathModel<T>> out;
    for (const double beta : betas) out.push_back(models.at(beta));
    return out;
  }
  void set_rungs() {
    rungs = find_rungs();
    if (!field_up.empty()) return;
    for (int pair = 0; pair < pairs(); ++pair) {
      if (same_weights(pair, pair + 1)) continue;
      field_down.resize(field.size()), field_up.resize(field.size());
      return;
    }
  }
  bool same_weights(int one, int other) const {
    return rungs[one].layers.w == rungs[other].layers.w;
  }
  void reset_counts() {
    accepted.assign(pairs(), 0.0);
    counted = 0;
    seen.assign(chains.size(), End::none);
    trips = 0;
  }

  template <class F>
  void for_each_block(F&& f) {
    for_each_part(chains.blocks(), threads,
                  [&](int block, int thread) { f(block, scratch[thread]); });
  }
  std::vector<RungPart> parts_of(int block) const {
    std::vector<RungPart> parts;
    const int end = chains.first(block) + chains.count(block);
    for (int first = chains.first(block); first < end;) {
      const int rung = first / per_rung, last = std::min(end, (rung + 1) * per_rung);
      parts.push_back({rung, first, last - first});
      first = last;
    }
    return parts;
  }

  /// Consecutive parts of a block that have the same w, as one: products of matrices like them
  /// wide.
  template <class F>
  void for_each_product(int block, F&& f) {
    const auto parts = parts_of(block);
    for (std::size_t begin = 0, end = 0; begin < parts.size(); begin = end) {
      RungPart all = parts[begin];
      for (end = begin + 1; end < parts.size() && same_weights(all.rung, parts[end].rung); ++end)
        all.lanes += parts[end].lanes;
      f(all, all.first - chains.first(block));
    }
  }

  UnitKernels<T> hidden_kernels() const {
    return rungs.front().layers.hidden_type->template kernels<T>();
  }
  /// The hidden units of a part with the couplings of some rung, whose w made the field.
  UnitBlock<T> hidden_units(const RungPart& part, int rung, const AlignedVector<T>& from) const {
    return {rungs[rung].layers.hidden.data(), chains.hidden_units(), part.lanes,
            from.data() + part.first,         chains.stride(),       rungs[rung].scale.data()};
  }
  void draw_hidden(const RungPart& part) {
    hidden_kernels().draw(hidden_units(part, part.rung, field), chains.hidden_draws(part.first));
  }
  /// With the field on the visible units of a whole block in scratch.
  void draw_visible(const RungPart& part, int block, NetworkScratch<T>& work) {
    const auto& rung = rungs[part.rung];
    const auto& kernels = rung.layers.visible_type->template kernels<T>();
    const auto from = work.values();
    // At the base units are independent: exact draws forget all before.
    (part.rung == pairs() ? kernels.draw : kernels.step)(
        {rung.layers.visible.data(), chains.visible_units(), part.lanes,
         from.data + part.first - chains.first(block), from.stride, rung.scale.data(),
         rung.layers.gated() ? work.gates.data() + part.first - chains.first(block) : nullptr},
        chains.visible_draws(part.first));
  }
  void find_field(const RungPart& part, int rung, AlignedVector<T>& to, NetworkScratch<T>& work) {
    chains.field_on_hidden(rungs[rung].layers, part.first, part.lanes,
                           {to.data() + part.first, chains.stride()}, work.of_gates());
  }
  void set_field(int block, NetworkScratch<T>& work) {
    for_each_product(block,
                     [&](const RungPart& all, int) { find_field(all, all.rung, field, work); });
  }

  void sweep() {
    for_each_block([&](int block, NetworkScratch<T>& work) {
      for_each_product(block, [&](const RungPart& all, int lane) {
        const auto to = work.values(), gates = work.of_gates();
        chains.field_on_visible(rungs[all.rung].layers, all.first, all.lanes,
                                {to.data + lane, to.stride}, {gates.data + lane, gates.stride});
      });
      for (const RungPart& part : parts_of(block)) draw_visible(part, block, work);
      set_field(block, work);
      for (const RungPart& part : parts_of(block)) find_works(part, work);
    });
    exchange();
    for_each_block([&](int block, NetworkScratch<T>&) {
      for (const RungPart& part : parts_of(block)) draw_hidden(part);
    });
    ++sweeps;
  }

  /// f of the neighbouring rungs less that of a part's own.
  void find_works(const RungPart& part, NetworkScratch<T>& work_space) {
    double own[chains_in_block] = {};
    hidden_kernels().log_normaliser(hidden_units(part, part.rung, field), own);
    const auto work_to = [&](int rung, AlignedVector<T>& other_field, std::vector<double>& work) {
      if (rung < 0 || rung >= rung_count()) return;
      const bool same = same_weights(part.rung, rung);
      if (!same) find_field(part, rung, other_field, work_space);
      double other[chains_in_block] = {}, visible[chains_in_block] = {};
      hidden_kernels().log_normaliser(hidden_units(part, rung, same ? field : other_field), other);
      add_visible_difference(rungs[part.rung].visible, rungs[rung].visible,
                             chains.visible().data + part.first, chains.stride(), part.lanes,
                             visible);
      for (int lane = 0; lane < part.lanes; ++lane)
        work[part.first + lane] = visible[lane] + own[lane] - other[lane];
    };
    work_to(part.rung + 1, field_down, down);
    work_to(part.rung - 1, field_up, up);
  }

  void exchange() {
    std::vector<int> exchanged;  // the upper lane of a pair
    for (int pair = 0; pair < pairs(); ++pair) {
      for (int chain = 0; chain < per_rung; ++chain) {
        const int lane = pair * per_rung + chain;
        const double probability = std::min(1.0, std::exp(-down[lane] - up[lane + per_rung]));
        accepted[pair] += probability;
        if ((pair + sweeps) % 2 != 0) continue;
        const auto number = static_cast<std::uint64_t>(sweeps * chains.size() + lane);
        if (RandomStream(seed, Stream::exchange, number).uniform() < probability)
          exchanged.push_back(lane);
      }
    }
    ++counted;
    in_parallel(chains.visible_units(), threads, [&](int unit, int) {
      T* row = chains.visible().unit(unit);
      for (const int lane : exchanged) std::swap(row[lane], row[lane + per_rung]);
    });
    in_parallel(chains.hidden_units(), threads,
                [&](int unit, int) { exchange_fields(unit * chains.stride(), exchanged); });
    for (const int lane : exchanged) std::swap(seen[lane], seen[lane + per_rung]);
    for (int chain = 0; chain < per_rung; ++chain) {
      if (seen[chain] == End::base) seen[chain] = End::network;
      End& at_base = seen[pairs() * per_rung + chain];
      if (at_base == End::network) ++trips;
      at_base = End::base;
    }
  }

  /// Of one hidden unit: with the configuration comes the field that the new rung's w makes.
  void exchange_fields(std::ptrdiff_t at, const std::vector<int>& exchanged) {
    T* row = field.data() + at;
    for (const int lane : exchanged) {
      if (same_weights(lane / per_rung, lane / per_rung + 1)) {
        std::swap(row[lane], row[lane + per_rung]);
      } else {
        row[lane] = field_up[at + lane + per_rung];
        row[lane + per_rung] = field_down[at + lane];
      }
    }
  }

  /// The rows of one rung among those of all.
  template <class X>
  std::span<X> rows_of(int rung, std::span<X> all) const {
    const std::size_t size = all.size() / rung_count();
    return all.subspan(rung * size, size);
  }
  std::vector<double> part(int rung, const std::vector<double>& all) const {
    const auto rows = rows_of(rung, std::span(all));
    return {rows.begin(), rows.end()};
  }
};

template <class T>
NetworkTempering<T>::NetworkTempering(const NetworkPath& path, std::vector<double> betas,
                                      int chains, std::uint64_t seed, Stream stream, int threads) {
  if (chains < 1 || chains % 16 != 0) {
    throw BadInput(fmt::format("tempering with {} chains a rung", chains),
                   "a rung takes a positive multiple of 16");
  }
  parts_ = make_hidden<Parts>(path, std::move(betas), chains, seed, stream, threads);
}

template <class T>
int NetworkTempering<T>::chains() const {
  return parts_->per_rung;
}
template <class T>
int NetworkTempering<T>::rungs() const {
  return parts_->rung_count();
}
template <class T>
std::span<const double> NetworkTempering<T>::betas() const {
  return parts_->betas;
}

template <class T>
void NetworkTempering<T>::set_path(const NetworkPath& path) {
  auto& p = *parts_;
  require_same_units(path.base(), p.models.path().base());
  p.models.set_path(path);
  p.set_rungs();
}
template <class T>
void NetworkTempering<T>::set_betas(std::vector<double> betas) {
  auto& p = *parts_;
  if (betas.size() != p.betas.size())
    throw BadInput(fmt::format("{} places for {} rungs", betas.size(), p.betas.size()),
                   "give one beta a rung");
  p.betas = checked(std::move(betas));
  p.set_rungs();
  p.reset_counts();
}

template <class T>
void NetworkTempering<T>::set_visible(int rung, std::span<const double> rows) {
  auto& p = *parts_;
  const std::size_t size = static_cast<std::size_t>(p.per_rung) * p.chains.visible_units();
  if (rung < 0 || rung >= p.rung_count() || rows.size() != size) {
    throw BadInput(
        fmt::format("{} values for rung {} of {} with {} chains of {} visible units", rows.size(),
                    rung, p.rung_count(), p.per_rung, p.chains.visible_units()),
        "give [chain][visible] of one rung, counted from 0");
  }
  auto all = p.chains.visible_rows();
  std::copy(rows.begin(), rows.end(), p.rows_of(rung, std::span(all)).begin());
  p.chains.set_visible_rows(all);
  p.for_each_block([&](int block, NetworkScratch<T>& work) {
    p.set_field(block, work);
    for (const RungPart& part : p.parts_of(block))
      if (part.rung == rung) p.draw_hidden(part);
  });
}

template <class T>
void NetworkTempering<T>::sweep(int count) {
  for (int k = 0; k < count; ++k) parts_->sweep();
}
template <class T>
void NetworkTempering<T>::adapt() {
  auto& p = *parts_;
  if (p.counted == 0) return;
  constexpr double least = 0.01;  // of a rejection, so that no two rungs fall together
  std::vector<double> passed{0};
  for (const double accept : acceptance())
    passed.push_back(passed.back() + std::max(1 - accept, least));
  auto next = p.betas;
  for (int rung = 1, k = 0; rung < p.pairs(); ++rung) {
    const double wanted = passed.back() * rung / p.pairs();
    while (passed[k + 1] < wanted) ++k;
    const double fraction = (wanted - passed[k]) / (passed[k + 1] - passed[k]);
    next[rung] = p.betas[k] + fraction * (p.betas[k + 1] - p.betas[k]);
  }
  p.betas = next;
  p.set_rungs();
  p.reset_counts();
}

template <class T>
std::vector<double> NetworkTempering<T>::visible(int rung) const {
  return parts_->part(rung, parts_->chains.visible_rows());
}
template <class T>
std::vector<double> NetworkTempering<T>::hidden(int rung) const {
  return parts_->part(rung, parts_->chains.hidden_rows());
}

template <class T>
std::span<const double> NetworkTempering<T>::down(int pair) const {
  return parts_->rows_of(pair, std::span<const double>(parts_->down));
}
template <class T>
std::span<const double> NetworkTempering<T>::up(int pair) const {
  return parts_->rows_of(pair + 1, std::span<const double>(parts_->up));
}
template <class T>
std::vector<double> NetworkTempering<T>::acceptance() const {
  std::vector<double> out;
  for (const double sum : parts_->accepted)
    out.push_back(sum / (static_cast<double>(parts_->counted) * parts_->per_rung));
  return out;
}
template <class T>
std::int64_t NetworkTempering<T>::round_trips() const {
  return parts_->trips;
}
template <class T>
void NetworkTempering<T>::reset_counts() {
  parts_->reset_counts();
}

template <class T>
NetworkTemperingState NetworkTempering<T>::state() const {
  const auto& p = *parts_;
  return {p.betas, p.chains.state(), p.sweeps};
}

template <class T>
void NetworkTempering<T>::restore(const NetworkTemperingState& state) {
  auto& p = *parts_;
  if (state.betas.size() != p.betas.size() || !p.chains.fits(state.chains))
    throw BadInput("the state of a tempered network is of another shape",
                   "restore a state of the same network, chains and rungs");
  p.betas = checked(state.betas);
  p.set_rungs();
  p.chains.restore(state.chains);
  p.sweeps = state.sweeps;
  p.reset_counts();
}

template class NetworkTempering<float>;
template class NetworkTempering<double>;

}  // namespace quartic
