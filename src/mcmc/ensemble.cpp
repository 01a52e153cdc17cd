#include "mcmc/ensemble.hpp"

#include <fmt/format.h>
#include <omp.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "core/parallel.hpp"
#include "mcmc/hidden_moves.hpp"
#include "quartic/core/error.hpp"
#include "quartic/core/memory.hpp"

namespace quartic {
namespace {

/// 64 chains a block hide latencies, and are one word of the cluster moves; 16 where there are
/// fewer, so that threads have blocks to share. Independent of threads.
int lanes_for(int chains) {
  return chains % 64 == 0 ? 64 : 16;
}

/// Fields of a block beyond this stream through the cache in every pass.
constexpr std::size_t cache_bytes = 1 << 20;

/// What a large block's streams are split for.
enum Purpose : std::uint32_t { for_moves, for_bonds };

/// Options that hold where sites are hidden: they take no part in cluster moves, and flip with the
/// field only where S stays the same. Throws BadInput for the moves that move real values alone.
SamplerOptions suited(SamplerOptions options, const Graph& graph) {
  if (graph.hidden_sites() == 0) return options;
  require_hidden_moves(options);
  options.cluster = ClusterMove::none;
  const bool odd = graph.hidden_values() == HiddenValues::spin && !graph.gated();
  options.flips = options.flips && odd;
  return options;
}

/// Throws BadInput where a rank would have no chains.
void require_chains_for_all(const Team& team, int blocks, int lanes) {
  if (team.size() <= blocks) return;
  throw BadInput(fmt::format("{} ranks for {} chains, which ranks share by blocks of {}",
                             team.size(), blocks * lanes, lanes),
                 fmt::format("start at most {} rank{}, or set sampler.chains to {} or more", blocks,
                             blocks == 1 ? "" : "s", 64 * team.size()));
}

/// What sweeps are made of before a warm-up has measured anything: clusters where there is a bulk.
template <class T>
Schedule first_schedule(const SamplerOptions& options, const LocalMoveKind<T>& move,
                        const Graph& graph) {
  Schedule schedule;
  schedule.reflections = move.in_bands ? options.reflections.value_or(1) : 0;
  schedule.cluster = options.cluster;
  if (options.cluster == ClusterMove::automatic) {
    const bool bulk = graph.sites() >= 64 && graph.edge_count() > 0;
    schedule.cluster = bulk ? ClusterMove::fill : ClusterMove::none;
  }
  if (move.first_step_size != nullptr) schedule.step_size = move.first_step_size(options);
  for (int rung = 1; rung < options.rungs; ++rung)
    schedule.scales.push_back(1 - static_cast<double>(rung) / (options.rungs - 1));
  return schedule;
}

}  // namespace

template <class T>
Ensemble<T>::Ensemble(const Action& action, const SamplerOptions& options, std::uint64_t seed,
                      Stream stream)
    : options_(suited(options, *action.graph)),
      local_move_(local_move_kind<T>(options_.local_move())),
      sites_(action.graph->sites()),
      lanes_(lanes_for(options_.chains)),
      schedule_(first_schedule(options_, local_move_, *action.graph)) {
  require_chains_for_all(team(), options_.chains / lanes_, lanes_);
  blocks_ = static_cast<int>(shares().size(team().rank()));
  first_chain_ = static_cast<int>(shares().begin(team().rank())) * lanes_;
  const int own = options.rungs * chains();
  require_memory(sizeof(T) * static_cast<double>(sites_) * own,
                 fmt::format("{} chains of {} sites", own, sites_),
                 options.rungs > 1 ? "lower sampler.chains or sampler.rungs"
                                   : "lower sampler.chains or the graph's sites");
  threads_ = std::min(threads_or_all(options.threads), all_blocks());
  table_ = std::make_unique<SweepTable<T>>(*action.graph);
  if (options_.cluster != ClusterMove::none) {
    cluster_table_ = std::make_unique<ClusterTable>(*action.graph);
    turn_plan_ =
        std::make_unique<TurnPlan>(plan_turns(*action.graph, cluster_table_->order, band_sites()));
    edges_behind_ = edges_behind(*cluster_table_, band_sites());
  }
  scratch_.resize(threads_);
  if (static_cast<std::size_t>(sites_) * lanes_ * sizeof(T) > cache_bytes)
    ahead_.resize(all_blocks());
  fields_.resize(static_cast<std::size_t>(sites_) * own);
  streams_.resize(4 * static_cast<std::size_t>(own));
  for (int chain = 0; chain < own; ++chain) {
    const int number = chain / chains() * options.chains + first_chain_ + chain % chains();
    const auto words = seed_stream(seed, stream, static_cast<std::uint64_t>(number));
    for (int k = 0; k < 4; ++k)
      streams_[(chain / lanes_ * 4 + k) * lanes_ + chain % lanes_] = words[k];
  }
  set_action(action);
  draw_uncoupled();
}

template <class T>
void Ensemble<T>::set_action(const Action& action) {
  require_normalisable(action);
  forget_bonds();
  table_->set(action, threads_);
  if (cluster_table_) cluster_table_->set(action);
  if (options_.rungs > 1) {
    coupling_part_ = std::make_unique<Action>(action.graph);
    coupling_part_->w = action.w;
  }
}

template <class T>
void Ensemble<T>::for_all_blocks(int count, const std::function<void(int)>& f, int sweeps) const {
  // A parallel region costs some 10 microseconds, as much as a few thousand sites of a sweep.
  const bool worth_it = static_cast<double>(sites_) * count * lanes_ * sweeps > 2e4;
  in_parallel(count, worth_it ? threads_ : 1, [&](int index, int) { f(index); });
}

template <class T>
SweepBlock<T> Ensemble<T>::sweep_block(int index) {
  return {table_.get(), T(schedule_.scales[index / blocks()]), fields_.data() + block_offset(index),
          streams_.data() + 4 * static_cast<std::ptrdiff_t>(index) * lanes_, lanes_};
}

/// A band of all the block's chains is 64 KiB of fields, in whole tiles of the cluster moves and
/// runs of the sweep order.
template <class T>
int Ensemble<T>::band_sites() const {
  constexpr int bytes = 1 << 16;
  return bytes / (lanes_ * static_cast<int>(sizeof(T)));
}

template <class T>
void Ensemble<T>::draw_uncoupled() {
  forget_bonds();
  // Validity makes every b > 0, or a > 0 where b = 0: each site alone is normalisable.
  for_all_blocks(all_blocks(), [&](int index) {
    auto block = sweep_block(index);
    block.scale = 0;
    for (; block.begin < sites_; block.begin += band_sites()) {
      heed_stop();
      block.end = std::min(sites_, block.begin + band_sites());
      heat_bath_sweep(block);
    }
  });
}

template <class T>
typename Ensemble<T>::Tally& Ensemble<T>::Tally::operator+=(const Tally& other) {
  for (int k = 0; k < moves; ++k)
    accepted[k] += other.accepted[k], proposed[k] += other.proposed[k];
  return *this;
}

/// Streams of their own for one purpose, in the coming part of a sweep of a large block. A part
/// moves the chain's own stream on by one number only, so that what the next draws from is known
/// ahead.
template <class T>
void Ensemble<T>::split_streams(int index, std::uint32_t purpose,
                                AlignedVector<std::uint32_t>& words) const {
  words.resize(4 * static_cast<std::size_t>(lanes_));
  for (int lane = 0; lane < lanes_; ++lane) {
    const auto split = split_stream(stream_of(index * lanes_ + lane).state(), purpose);
    for (int k = 0; k < 4; ++k) words[k * lanes_ + lane] = split[k];
  }
}

template <class T>
void Ensemble<T>::advance_streams(int index) {
  for (int lane = 0; lane < lanes_; ++lane) {
    RandomStream random = stream_of(index * lanes_ + lane);
    random();
    set_stream(index * lanes_ + lane, random);
  }
}

/// Bonds can be drawn a cluster move ahead, where that saves a pass over memory, if nothing moves
/// the fields between the local passes and them: no flip (there is none without a ghost), no
/// exchange.
template <class T>
bool Ensemble<T>::can_look_ahead() const {
  return !ahead_.empty() && schedule_.cluster == ClusterMove::fill &&
         cluster_table_->has_boards() && cluster_table_->ghost.empty() && options_.rungs == 1 &&
         local_move_.in_bands;
}

template <class T>
void Ensemble<T>::forget_bonds() {
  for (auto& ahead : ahead_) ahead.drawn = false;
  steady_ = false;
}

template <class T>
ClusterBlock<T> Ensemble<T>::cluster_block(const SweepBlock<T>& block) {
  return {cluster_table_.get(),
          block.scale,
          block.phi,
          block.words,
          lanes_,
          options_.cluster_seeds,
          &scratch_[omp_get_thread_num()].cluster};
}

template <class T>
void Ensemble<T>::choose_signs(const ClusterBlock<T>& signs, Tally& tally) {
  tally.accepted[flipped] +=
      schedule_.cluster == ClusterMove::fill ? choose_fill(signs) : choose_swendsen_wang(signs);
  tally.proposed[flipped] += static_cast<double>(sites_) * lanes_;
}

/// `again`: another sweep of the same fields is to be expected.
template <class T>
void Ensemble<T>::sweep_block_once(int index, bool again, Tally& tally) {
  const auto block = sweep_block(index);
  const bool clusters = schedule_.cluster != ClusterMove::none && block.scale > 0;
  const bool look_ahead = can_look_ahead();
  const int passes = 1 + schedule_.reflections;
  const int part = clusters ? Schedule::passes_per_cluster_move : passes;
  for (int first = 0; first < passes; first += part) {
    const int last = std::min(first + part, passes);
    sweep_part(index, {first, last}, clusters, look_ahead && (again || last < passes), tally);
  }
  // Cluster moves turn the whole field by a coin of their own where nothing holds it.
  if (!options_.flips || (clusters && cluster_table_->ghost.empty())) return;
  tally.accepted[flip] += flip_sweep(block);
  tally.proposed[flip] += lanes_ / 2.0;  // a fair coin decides whether a flip is tried
}

/// A cluster move and local passes; the first pass of a sweep is the one that is not a reflection.
template <class T>
void Ensemble<T>::sweep_part(int index, std::array<int, 2> passes, bool clusters, bool look_ahead,
                             Tally& tally) {
  auto block = sweep_block(index);
  auto& scratch = scratch_[omp_get_thread_num()];
  BondsAhead* ahead = ahead_.empty() ? nullptr : &ahead_[index];
  std::optional<ClusterBlock<T>> signs;
  if (clusters) {
    signs = cluster_block(block);
    if (ahead != nullptr) {
      if (ahead->drawn) signs->bonds = &ahead->bonds;
      if (!ahead->drawn) split_streams(index, for_bonds, ahead->words);
      signs->words = ahead->words.data();
    }
    choose_signs(*signs, tally);
  }
  if (ahead != nullptr) {
    split_streams(index, for_moves, scratch.words);
    block.words = scratch.words.data();
    advance_streams(index);
    ahead->drawn = look_ahead;
    if (look_ahead) split_streams(index, for_bonds, ahead->words);
  }
  if (local_move_.in_bands) {
    follow_bands(block, passes, clusters ? &*signs : nullptr, look_ahead ? ahead : nullptr, tally);
    return;
  }
  if (clusters) turn_signs(*signs);
  tally.add(local, local_move_.sweep(block, options_, schedule_, scratch));
}

/// Passes follow each other band by band while the fields are in the cache: signs turn, then the
/// local moves, then the next cluster move's bonds are drawn. Any order of sites that is fixed
/// beforehand is exact.
template <class T>
void Ensemble<T>::follow_bands(SweepBlock<T> block, std::array<int, 2> passes,
                               ClusterBlock<T>* signs, BondsAhead* ahead, Tally& tally) {
  const int turns = band_sites(), bands = (sites_ + turns - 1) / turns;
  const int count = passes[1] - passes[0];
  auto& scratch = scratch_[omp_get_thread_num()];
  int step = 0;
  for (int wave = 0; wave < bands + count - 1; ++wave) {
    heed_stop();
    for (; signs != nullptr && wave < bands && step < turn_plan_->before[wave]; ++step) {
      signs->begin = turn_plan_->steps[step][0], signs->end = turn_plan_->steps[step][1];
      turn_signs(*signs);
    }
    for (int k = std::max(0, wave - bands + 1); k <= std::min(wave, count - 1); ++k) {
      block.begin = (wave - k) * turns, block.end = std::min(sites_, block.begin + turns);
      if (passes[0] + k == 0)
        tally.add(local, local_move_.sweep(block, options_, schedule_, scratch));
      else
        tally.add(reflection, {reflection_sweep(block), block.updates()});
    }
    const int left = wave - count + 1;  // the band that no pass comes back to
    if (ahead == nullptr || left < 0) continue;
    auto next = cluster_block(block);
    next.words = ahead->words.data();
    draw_board_bonds(next, left > 0 ? edges_behind_[left - 1] : 0, edges_behind_[left],
                     ahead->bonds);
  }
}

template <class T>
void Ensemble<T>::sweep(int count) {
  try {
    sweep_all(count);
  } catch (...) {  // stopped within: what was drawn ahead is of other fields
    forget_bonds();
    throw;
  }
}

template <class T>
void Ensemble<T>::sweep_all(int count) {
  // Rungs meet after every sweep; without them a block may run ahead.
  const int stride = options_.rungs > 1 ? 1 : count;
  for (int done = 0; done < count; done += stride) {
    std::vector<Tally> tallies(all_blocks());
    const auto sweep_block_often = [&](int index) {
      for (int k = 0; k < stride; ++k) {
        heed_stop();
        sweep_block_once(index, steady_ || k + 1 < stride, tallies[index]);
      }
    };
    for_all_blocks(all_blocks(), sweep_block_often, stride);
    sweeps_ += stride;
    if (options_.rungs > 1) exchange_rungs();
    for (int index = 0; index < blocks(); ++index) tally_ += tallies[index];  // the target's alone
  }
  steady_ = true;  // who sweeps again and again leaves the fields alone
}

template <class T>
Acceptance Ensemble<T>::acceptance() const {
  Tally all = tally_;
  if (team().several()) {  // counts of whole and half moves: exact in any order
    team().add_counts(all.accepted);
    team().add_counts(all.proposed);
  }
  const auto rate = [&](Move move) {
    return all.proposed[move] > 0 ? all.accepted[move] / all.proposed[move] : NAN;
  };
  // Flips are tried by a coin, and counted as half of the sweeps: where all are accepted the count
  // can exceed that.
  return {rate(local), rate(reflection), std::min(rate(flip), 1.0), rate(exchange), rate(flipped)};
}

template <class T>
std::string Ensemble<T>::describe_schedule() const {
  std::string text = local_move_.describe(options_, schedule_);
  if (schedule_.reflections > 0)
    text += fmt::format(", {} reflection{}", schedule_.reflections,
                        schedule_.reflections == 1 ? "" : "s");
  const int clusters = schedule_.cluster_moves();
  const char* several = clusters == 1 ? "" : "s";
  if (clusters > 0) text += clusters == 1 ? ", " : fmt::format(", {} ", clusters);
  if (schedule_.cluster == ClusterMove::fill)
    text += fmt::format("cluster fill{} from {} seeds", several, options_.cluster_seeds);
  if (schedule_.cluster == ClusterMove::swendsen_wang)
    text += fmt::format("Swendsen-Wang move{}", several);
  if (options_.flips) text += ", flip";
  if (options_.rungs > 1) text += fmt::format(", {} rungs", options_.rungs);
  return text;
}

template <class T>
SamplerState Ensemble<T>::state() const {
  SamplerState state{std::vector<double>(fields_.size()),
                     std::vector<std::uint32_t>(streams_.size()), sweeps_, schedule_};
  for (int chain = 0; chain < options_.rungs * chains(); ++chain) {
    for (int site = 0; site < sites_; ++site)
      state.phi[static_cast<std::size_t>(chain) * sites_ + site] = field_of(chain)[site * lanes_];
    for (int k = 0; k < 4; ++k)
      state.streams[4 * static_cast<std::size_t>(chain) + k] = words_of(chain)[k * lanes_];
  }
  return state;
}

/// [rung][own chain][width] of so many rungs as [rung][chain][width].
template <class T>
std::vector<double> Ensemble<T>::gather_by_chain(const std::vector<double>& own, int rungs) const {
  if (!team().several()) return own;
  const std::size_t mine = own.size() / rungs, width = mine / chains(),
                    rung_size = width * options_.chains;
  std::vector<double> all(rungs * rung_size);
  for (int rung = 0; rung < rungs; ++rung)
    gather(team(), shares(), std::span(own).subspan(rung * mine, mine),
           std::span(all).subspan(rung * rung_size, rung_size), width * lanes_, true);
  return all;
}

template <class T>
SamplerState Ensemble<T>::gathered(const SamplerState& own, bool everywhere) const {
  if (!team().several()) return own;
  SamplerState all{{}, {}, own.sweeps, own.schedule};
  const bool here = everywhere || team().root();
  const auto collect = [&](const auto& part, auto& whole, std::size_t width) {
    using V = typename std::decay_t<decltype(whole)>::value_type;
    const std::size_t mine = width * chains(), size = width * options_.chains;
    whole.resize(here ? options_.rungs * size : 0);
    for (int rung = 0; rung < options_.rungs; ++rung)
      gather(team(), shares(), std::span<const V>(part).subspan(rung * mine, mine),
             here ? std::span<V>(whole).subspan(rung * size, size) : std::span<V>(), width * lanes_,
             everywhere);
  };
  collect(own.phi, all.phi, static_cast<std::size_t>(sites_));
  collect(own.streams, all.streams, 4);
  return all;
}

template <class T>
SamplerState Ensemble<T>::own_part(const SamplerState& all) const {
  SamplerState own{{}, {}, all.sweeps, all.schedule};
  const auto take = [&](const auto& whole, auto& part, std::size_t width) {
    for (int rung = 0; rung < options_.rungs; ++rung) {
      const auto first =
          whole.begin() +
          static_cast<std::ptrdiff_t>(width * (std::size_t(rung) * options_.chains + first_chain_));
      part.insert(part.end(), first, first + static_cast<std::ptrdiff_t>(width * chains()));
    }
  };
  take(all.phi, own.phi, static_cast<std::size_t>(sites_));
  take(all.streams, own.streams, 4);
  return own;
}

namespace {

/// What a warm-up may leave.
void require_possible(const SamplerState& state) {
  const Schedule& s = state.schedule;
  const auto scale = [](double x) { return x >= 0 && x <= 1; };
  if (s.reflections < 0 || s.reflections > most_in_sweep || state.sweeps < 0 ||
      !(s.step_size >= 0 && std::isfinite(s.step_size)) ||
      !std::all_of(s.scales.begin(), s.scales.end(), scale))
    throw BadInput("the saved sampler state has a schedule of moves that no warm-up leaves",
                   "resume from a file that no other program has changed");
}

}  // namespace

template <class T>
void Ensemble<T>::restore(const SamplerState& state) {
  const std::size_t all = static_cast<std::size_t>(options_.rungs) * options_.chains;
  if (team().several() && state.phi.size() == all * sites_ && state.streams.size() == 4 * all)
    return restore(own_part(state));
  if (state.phi.size() != fields_.size() || state.streams.size() != streams_.size() ||
      state.schedule.scales.size() != schedule_.scales.size()) {
    throw BadInput(
        "the saved sampler state has another number of chains, sites or rungs than this run",
        "resume with the configuration that the run file holds");
  }
  require_possible(state);
  forget_bonds();
  schedule_ = state.schedule, sweeps_ = state.sweeps;
  for (int chain = 0; chain < options_.rungs * chains(); ++chain) {
    for (int site = 0; site < sites_; ++site)
      field_of(chain)[site * lanes_] =
          static_cast<T>(state.phi[static_cast<std::size_t>(chain) * sites_ + site]);
    for (int k = 0; k < 4; ++k)
      words_of(chain)[k * lanes_] = state.streams[4 * static_cast<std::size_t>(chain) + k];
  }
}

template class Ensemble<float>;
template class Ensemble<double>;

}  // namespace quartic
