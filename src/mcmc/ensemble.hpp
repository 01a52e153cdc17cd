// What is behind a sampler: the fields of all chains, their streams, and the passes of a sweep.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "mcmc/local_move_kind.hpp"
#include "mcmc/sweep_table.hpp"
#include "quartic/core/aligned.hpp"
#include "quartic/mcmc/sampler.hpp"

namespace quartic {

/// What a block keeps between its sweeps: bonds that were drawn while the fields were in the cache.
/// No part of the state: they are drawn again, to the same bits, where they are not here.
struct BondsAhead {
  AlignedVector<std::uint32_t> bonds;  ///< boards
  AlignedVector<std::uint32_t> words;  ///< the bonds' streams, behind them
  bool drawn = false;
};

template <class T>
class Ensemble {
 public:
  Ensemble(const Action& action, const SamplerOptions& options, std::uint64_t seed, Stream stream);

  void set_action(const Action& action);
  void draw_uncoupled();
  void sweep(int count);
  void warm_up(int sweeps, const ProgressCallback& progress);
  const Schedule& schedule() const { return schedule_; }
  void set_schedule(const Schedule& schedule) { schedule_ = schedule, forget_bonds(); }
  std::string describe_schedule() const;

  const SamplerOptions& options() const { return options_; }
  int sites() const { return sites_; }
  int lanes() const { return lanes_; }
  int blocks() const { return blocks_; }
  int threads() const { return threads_; }
  FieldBlock<const T> block(int index) const {
    return {fields_.data() + block_offset(index), sites_, lanes_};
  }
  void for_each_block(const std::function<void(int)>& f) const { for_all_blocks(blocks(), f); }

  Acceptance acceptance() const;
  void reset_acceptance() { tally_ = {}; }

  SamplerState state() const;
  SamplerState gathered(const SamplerState& own, bool everywhere) const;
  void restore(const SamplerState& state);

 private:
  enum Move { local, reflection, flip, exchange, flipped, moves };
  struct Tally {
    std::array<double, moves> accepted{}, proposed{};
    void add(Move move, const MoveCount& count) {
      accepted[move] += count.accepted, proposed[move] += count.proposed;
    }
    Tally& operator+=(const Tally& other);
  };

  int chains() const { return blocks_ * lanes_; }
  const Team& team() const { return options_.team ? *options_.team : alone(); }
  Shares shares() const {
    return {static_cast<std::size_t>(options_.chains / lanes_), team().size()};
  }
  int all_blocks() const { return options_.rungs * blocks(); }  ///< the target's first
  std::vector<double> gather_by_chain(const std::vector<double>& own, int rungs) const;
  SamplerState own_part(const SamplerState& all) const;
  std::ptrdiff_t block_offset(int index) const {
    return static_cast<std::ptrdiff_t>(index) * sites_ * lanes_;
  }
  /// Of a chain of any rung; sites and words are lanes() apart.
  T* field_of(int chain) { return fields_.data() + block_offset(chain / lanes_) + chain % lanes_; }
  const T* field_of(int chain) const { return const_cast<Ensemble*>(this)->field_of(chain); }
  std::uint32_t* words_of(int chain) {
    return streams_.data() + static_cast<std::ptrdiff_t>(chain / lanes_) * 4 * lanes_ +
           chain % lanes_;
  }
  const std::uint32_t* words_of(int chain) const {
    return const_cast<Ensemble*>(this)->words_of(chain);
  }

  RandomStream stream_of(int chain) const {
    const auto* own = words_of(chain);
    return RandomStream({own[0], own[lanes_], own[2 * lanes_], own[3 * lanes_]});
  }
  void set_stream(int chain, const RandomStream& random) {
    for (int k = 0; k < 4; ++k) words_of(chain)[k * lanes_] = random.state()[k];
  }

  /// f(index), which is as long as so many sweeps of a block.
  void for_all_blocks(int count, const std::function<void(int)>& f, int sweeps = 1) const;
  SweepBlock<T> sweep_block(int index);
  int band_sites() const;
  void sweep_all(int count);
  void sweep_block_once(int index, bool again, Tally& tally);
  ClusterBlock<T> cluster_block(const SweepBlock<T>& block);
  void choose_signs(const ClusterBlock<T>& signs, Tally& tally);
  void sweep_part(int index, std::array<int, 2> passes, bool clusters, bool look_ahead,
                  Tally& tally);
  void follow_bands(SweepBlock<T> block, std::array<int, 2> passes, ClusterBlock<T>* signs,
                    BondsAhead* ahead, Tally& tally);
  void split_streams(int index, std::uint32_t purpose, AlignedVector<std::uint32_t>& words) const;
  void advance_streams(int index);
  bool can_look_ahead() const;
  void forget_bonds();
  std::vector<double> coupling_energies() const;
  void exchange_rungs();
  void adapt_rungs();
  void adapt_step_size();
  void tune_schedule(const ProgressCallback& progress);
  double cost_per_sample();

  SamplerOptions options_;
  const LocalMoveKind<T>& local_move_;
  int sites_, lanes_, blocks_, first_chain_, threads_;
  Schedule schedule_;
  std::unique_ptr<SweepTable<T>> table_;
  std::unique_ptr<ClusterTable> cluster_table_;  ///< none where clusters are switched off
  std::unique_ptr<TurnPlan> turn_plan_;          ///< likewise
  std::unique_ptr<Action> coupling_part_;        ///< w alone, for exchanges; none with one rung
  std::vector<std::int32_t> edges_behind_;       ///< by band, for bonds drawn ahead
  std::vector<EnsembleScratch<T>> scratch_;      ///< one a thread
  std::vector<BondsAhead> ahead_;  ///< one a block where fields outgrow the cache, else none
  bool steady_ = false;            ///< nothing was changed from outside since the last sweep
  AlignedVector<T> fields_;
  AlignedVector<std::uint32_t> streams_;  ///< [block][word][lane]
  std::int64_t sweeps_ = 0;
  Tally tally_;
};

}  // namespace quartic
