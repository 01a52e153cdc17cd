// The ensemble of fields and the schedule of moves that samples an action.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "quartic/core/hidden.hpp"
#include "quartic/core/progress.hpp"
#include "quartic/core/random.hpp"
#include "quartic/core/team.hpp"
#include "quartic/field/action.hpp"
#include "quartic/field/field_block.hpp"

namespace quartic {

template <class T>
class Ensemble;

/// The local move that a sweep begins with.
enum class LocalMove {
  /// one Gaussian proposal a site, exact for any a, b, j; reflections may follow
  independence,
  metropolis,  ///< many tries a site
  trajectory,  ///< Hamiltonian
};
std::string_view name(LocalMove move);

/// The global move of the signs.
enum class ClusterMove {
  automatic,  ///< chosen in the warm-up: fill, or none where it does not pay
  none,
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

/// Of what a sweep does again and again: reflections, hits, seeds, steps of a trajectory.
inline constexpr int most_in_sweep = 10000;

struct SamplerOptions {
  int chains = 1024;               ///< a multiple of 16
  std::optional<int> reflections;  ///< reflections a sweep; empty: tuned during warm-up
  ClusterMove cluster = ClusterMove::automatic;
  int cluster_seeds = 4;    ///< sites a chain that a fill starts from
  bool flips = true;        ///< a global sign flip a sweep
  int metropolis_hits = 0;  ///< > 0: LocalMove::metropolis with so many tries, no reflections
  int hmc_steps = 0;        ///< > 0: LocalMove::trajectory of so many steps, no reflections
  Integrator integrator = Integrator::omelyan;
  int rungs = 1;    ///< > 1: parallel tempering over so many strengths of w, down to w = 0
  int threads = 0;  ///< 0: all cores; never changes the results
  /// Who shares the chains, by whole blocks of 16, of 64 where their number is a multiple of 64;
  /// outlives the sampler; null: nobody. Never changes the results.
  const Team* team = nullptr;

  LocalMove local_move() const;
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
/// chains of all rungs, the target's first. Of the chains of one rank, or of all.
struct SamplerState {
  std::vector<double> phi;             ///< rungs x chains x sites
  std::vector<std::uint32_t> streams;  ///< rungs x chains x 4
  std::int64_t sweeps = 0;             ///< made so far; its parity says which rungs exchange next
  Schedule schedule;
};

/// Accepted over proposed, by move, since the last reset; NaN for a move that was not made.
struct Acceptance {
  double local = 0;  ///< of Sampler::local_move()
  double reflection = 0;
  double flip = 0;
  double exchange = 0;          ///< between neighbouring rungs
  double flipped_fraction = 0;  ///< of the signs, by cluster moves: no proposals, all are accepted
};

/// Throws BadInput where a Sampler<T> would, before anything is allocated. O(V + E).
template <class T>
void require_samplable(const Action& action, const SamplerOptions& options);

/// Many independent chains of one action. A sweep is one local pass (independence Metropolis, exact
/// for any a, b, j, core/quartic_density.hpp; or many-hit Metropolis; or a Hamiltonian trajectory),
/// reflection passes, a cluster move of the signs before the first and every second one after it,
/// one global flip (where clusters move and every r = 0 they do it), and with several rungs
/// an exchange of fields between neighbours (Swendsen & Wang, Phys. Rev. Lett. 57, 2607, 1986).
/// Fields are stored [block][site][lane], a lane being a chain; blocks run in parallel, and since
/// every chain has its own random stream, results depend on neither threads nor blocks.
///
/// Where ranks share the chains (SamplerOptions::team), a sampler holds those of its own rank:
/// chains, blocks, fields, state are these, chain 0 being first_chain() of all_chains(). All ranks
/// call the same members in the same order; what warm_up and acceptance() find is of all chains.
///
/// Usage:
///
///     const auto graph = std::make_shared<Graph>(make_lattice({"square", {4, 4}, {true, true}}));
///     Sampler<float> sampler(Action::uniform(graph, 1, 0, 1.52425, 0.175), {.chains = 64}, 1);
///     sampler.warm_up(100);
///     sampler.sweep(10);
///     std::vector<float> phi(sampler.sites());
///     sampler.configuration(63, std::span(phi));  // the field of the last chain
template <class T>
class Sampler {
 public:
  /// Throws BadInput for a number of chains that is not a positive multiple of 16, more ranks than
  /// blocks of chains, an action that is not normalisable, negative counts. The fields start as
  /// exact draws of the uncoupled action (w = 0) if that is normalisable, else as independent draws
  /// of unit Gaussians. O(chains (V + E)).
  Sampler(const Action& action, const SamplerOptions& options, std::uint64_t seed,
          Stream stream = Stream::fields);

  /// New couplings on the same graph; fields and streams stay. Throws BadInput if not normalisable.
  void set_action(const Action& action);
  /// Independent exact draws of the uncoupled action (w = 0) for all chains.
  void draw_uncoupled();

  /// Throws Interrupted where a stop is heeded (core/stop.hpp): some chains have then gone further
  /// than others.
  void sweep(int count = 1);
  /// Equilibrates with `sweeps` sweeps; adapts the step size and the rungs; and chooses reflections
  /// and cluster move, where they were not given, for most independent samples of m^2 and phi^2 at
  /// the cost. Costs are nominal, so the choice is reproducible. `progress` hears the fraction
  /// done.
  void warm_up(int sweeps, const ProgressCallback& progress = {});
  const Schedule& schedule() const;
  void set_schedule(const Schedule& schedule);
  /// "independence Metropolis, 2 reflections, cluster fill from 4 seeds, flip".
  std::string describe_schedule() const;

  const SamplerOptions& options() const;
  LocalMove local_move() const { return options().local_move(); }
  int chains() const { return blocks() * lanes(); }
  int all_chains() const { return options().chains; }
  int first_chain() const { return static_cast<int>(shares().begin(team().rank())) * lanes(); }
  const Team& team() const { return options().team ? *options().team : alone(); }
  /// Of all blocks.
  Shares shares() const {
    return {static_cast<std::size_t>(all_chains() / lanes()), team().size()};
  }
  int sites() const;
  int lanes() const;  ///< chains in a block
  int blocks() const;
  int threads() const;
  FieldBlock<const T> block(int index) const;
  /// The field of a chain, out[site]; U is float or double. O(V).
  template <class U>
  void configuration(int chain, std::span<U> out) const;
  /// Calls f(index) for all blocks in parallel; exceptions come out.
  void for_each_block(const std::function<void(int)>& f) const;

  /// Of all ranks' chains.
  Acceptance acceptance() const;
  void reset_acceptance();

  SamplerState state() const;
  /// `own` of every rank as one; on the root, or everywhere.
  SamplerState gathered(const SamplerState& own, bool everywhere) const;
  /// The state of these chains, or of all ranks' chains, of which it takes its own.
  void restore(const SamplerState& state);

 private:
  Hidden<Ensemble<T>> ensemble_;
};

/// [chain][width] of one's own chains to [chain][width] of all; on the root, or everywhere. Where
/// it is not wanted, empty.
template <class V, class T>
std::vector<V> gather_chains(const Sampler<T>& sampler, const std::vector<V>& own,
                             bool everywhere = true) {
  const Team& team = sampler.team();
  if (!team.several()) return own;
  const auto width = own.size() / static_cast<std::size_t>(sampler.chains());
  std::vector<V> all(everywhere || team.root() ? width * sampler.all_chains() : 0);
  gather(team, sampler.shares(), std::span<const V>(own), std::span<V>(all),
         width * sampler.lanes(), everywhere);
  return all;
}

}  // namespace quartic
