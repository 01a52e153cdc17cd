// The ensemble of fields and the schedule of moves that samples an action.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "quartic/core/aligned.hpp"
#include "quartic/core/progress.hpp"
#include "quartic/core/random.hpp"
#include "quartic/field/action.hpp"
#include "quartic/field/field_block.hpp"

namespace quartic {

template <class T>
struct SweepTable;
template <class T>
struct SweepBlock;
template <class T>
struct SamplerScratch;
template <class T>
struct ClusterBlock;
struct ClusterTable;
struct TurnPlan;
struct BondsAhead;

/// The global move of the signs.
enum class ClusterMove {
  automatic,      ///< chosen in the warm-up: fill, or none where it does not pay
  none,           ///<
  fill,           ///< what a few random seeds reach through the bonds turns
  swendsen_wang,  ///< every cluster turns with probability 1/2
};
template <>
inline constexpr auto words_of<ClusterMove> = word_list("auto", "none", "fill", "swendsen-wang");

/// Second-order schemes for one step of size e of a Hamiltonian trajectory.
enum class Integrator {
  leapfrog,  ///< kick e/2, drift e, kick e/2: one force a step
  /// drift l e, kick e/2, drift (1 - 2 l) e, kick e/2, drift l e with l = 0.1931833: two forces a
  /// step, error about ten times smaller (Omelyan, Mryglod & Folk, Phys. Rev. E 65, 056706, 2002;
  /// Takaishi & de Forcrand, Phys. Rev. E 73, 036706, 2006)
  omelyan
};
template <>
inline constexpr auto words_of<Integrator> = word_list("leapfrog", "omelyan");

struct SamplerOptions {
  int chains = 1024;               ///< a multiple of 16
  std::optional<int> reflections;  ///< reflections a sweep; empty: tuned during warm-up
  ClusterMove cluster = ClusterMove::automatic;
  int cluster_seeds = 4;    ///< sites a chain that a fill starts from
  bool flips = true;        ///< a global sign flip a sweep
  int metropolis_hits = 0;  ///< > 0: many-hit Metropolis instead of independence and reflections
  int hmc_steps = 0;        ///< > 0: a Hamiltonian trajectory of so many steps instead of them
  Integrator integrator = Integrator::omelyan;
  int rungs = 1;    ///< > 1: parallel tempering over so many strengths of w, down to w = 0
  int threads = 0;  ///< 0: all cores; never changes the results
};

/// What a sweep is made of, as the warm-up left it.
struct Schedule {
  int reflections = 1;
  ClusterMove cluster = ClusterMove::none;
  double step_size = 0;              ///< of Hamiltonian trajectories
  std::vector<double> scales = {1};  ///< of w, one a rung, the first 1
  /// A cluster move comes before every second local pass: further reflections alone soon bring no
  /// more, since the signs' clusters and |phi| relax each other.
  static constexpr int passes_per_cluster_move = 2;
  int cluster_moves() const { return cluster == ClusterMove::none ? 0 : 1 + reflections / 2; }
  bool operator==(const Schedule&) const = default;
};

/// Exact state of a sampler: fields [chain][site], float fields widened, and the random streams;
/// chains of all rungs, the target's first.
struct SamplerState {
  std::vector<double> phi;             ///< rungs x chains x sites
  std::vector<std::uint32_t> streams;  ///< rungs x chains x 4
  std::int64_t sweeps = 0;             ///< made so far; its parity says which rungs exchange next
  Schedule schedule;
};

/// Accepted over proposed, by move, since the last reset; NaN for a move that was not made.
struct Acceptance {
  double local = 0;  ///< independence Metropolis, Metropolis or trajectories
  double reflection = 0;
  double flip = 0;
  double turned = 0;    ///< fraction of the signs that cluster moves turned
  double exchange = 0;  ///< between neighbouring rungs
};

/// Many independent chains of one action. A sweep is one local pass (independence Metropolis, exact
/// for any a, b, j, core/quartic_density.hpp; or many-hit Metropolis; or a Hamiltonian trajectory),
/// reflection passes, a cluster move of the signs before the first and every second one after it,
/// one global flip (where clusters move and every r = 0 they do it), and with several rungs
/// an exchange of fields between neighbours (Swendsen & Wang, Phys. Rev. Lett. 57, 2607, 1986).
/// Fields are stored
/// [block][site][lane], a lane being a chain; blocks run in parallel, and since every chain has its
/// own random stream, results depend on neither threads nor blocks.
template <class T>
class Sampler {
 public:
  /// Throws BadInput for a number of chains that is not a positive multiple of 16, an action that
  /// is not normalisable, negative counts. The fields start as exact draws of the uncoupled action
  /// (w = 0) if that is normalisable, else as independent draws of unit Gaussians. O(chains (V +
  /// E)).
  Sampler(const Action& action, const SamplerOptions& options, std::uint64_t seed,
          Stream stream = Stream::fields);
  ~Sampler();
  Sampler(Sampler&&) noexcept;
  Sampler& operator=(Sampler&&) noexcept;

  /// New couplings on the same graph; fields and streams stay. Throws BadInput if not normalisable.
  void set_action(const Action& action);
  /// Multiplies every w from now on (annealing from the uncoupled action); 1 by default.
  void set_coupling_scale(double scale) { scale_ = scale, forget_bonds(); }
  /// Independent exact draws of the uncoupled action (w = 0) for all chains.
  void draw_uncoupled();

  void sweep(int count = 1);
  /// Equilibrates with `sweeps` sweeps; adapts the step size and the rungs; and chooses reflections
  /// and cluster move, where they were not given, for most independent samples of m^2 and phi^2 at
  /// the cost. Costs are nominal, so the choice is reproducible. `progress` hears the fraction
  /// done.
  void warm_up(int sweeps, const ProgressCallback& progress = {});
  const Schedule& schedule() const { return schedule_; }
  void set_schedule(const Schedule& schedule) { schedule_ = schedule, forget_bonds(); }
  /// "independence Metropolis, 2 reflections, cluster fill from 4 seeds, flip".
  std::string describe_schedule() const;

  const SamplerOptions& options() const { return options_; }
  int chains() const { return options_.chains; }
  int sites() const { return sites_; }
  int lanes() const { return lanes_; }  ///< chains in a block
  int blocks() const { return options_.chains / lanes_; }
  int threads() const { return threads_; }
  FieldBlock<const T> block(int index) const {
    return {fields_.data() + block_offset(index), sites_, lanes_};
  }
  /// Calls f(index) for all blocks in parallel; exceptions come out.
  void for_each_block(const std::function<void(int)>& f) const;

  Acceptance acceptance() const;
  void reset_acceptance() { tally_ = {}; }

  SamplerState state() const;
  void restore(const SamplerState& state);

 private:
  enum Move { local, reflection, flip, turned, exchange, moves };
  struct Tally {
    std::array<double, moves> accepted{}, proposed{};
    Tally& operator+=(const Tally& other);
  };

  int all_blocks() const { return options_.rungs * blocks(); }  ///< the target's first
  std::ptrdiff_t block_offset(int index) const {
    return static_cast<std::ptrdiff_t>(index) * sites_ * lanes_;
  }
  /// Of a chain of any rung; sites and words are lanes() apart.
  T* field_of(int chain) { return fields_.data() + block_offset(chain / lanes_) + chain % lanes_; }
  const T* field_of(int chain) const { return const_cast<Sampler*>(this)->field_of(chain); }
  std::uint32_t* words_of(int chain) {
    return streams_.data() + static_cast<std::ptrdiff_t>(chain / lanes_) * 4 * lanes_ +
           chain % lanes_;
  }
  const std::uint32_t* words_of(int chain) const {
    return const_cast<Sampler*>(this)->words_of(chain);
  }

  void for_all_blocks(int count, const std::function<void(int)>& f) const;
  SweepBlock<T> sweep_block(int index);
  int band_sites() const;
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
  int sites_, lanes_, threads_;
  double scale_ = 1;
  Schedule schedule_;
  std::unique_ptr<SweepTable<T>> table_;
  std::unique_ptr<ClusterTable> cluster_table_;  ///< none where clusters are switched off
  std::unique_ptr<TurnPlan> turn_plan_;          ///< likewise
  std::unique_ptr<Action> coupling_part_;        ///< w alone, for exchanges; none with one rung
  std::vector<std::int32_t> edges_behind_;       ///< by band, for bonds drawn ahead
  std::vector<SamplerScratch<T>> scratch_;       ///< one a thread
  std::vector<BondsAhead> ahead_;  ///< one a block where fields outgrow the cache, else none
  bool steady_ = false;            ///< nothing was changed from outside since the last sweep
  AlignedVector<T> fields_;
  AlignedVector<std::uint32_t> streams_;  ///< [block][word][lane]
  std::int64_t sweeps_ = 0;
  Tally tally_;
};

}  // namespace quartic
