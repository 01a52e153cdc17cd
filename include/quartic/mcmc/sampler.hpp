// The ensemble of fields and the schedule of moves that samples an action.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "quartic/core/aligned.hpp"
#include "quartic/core/random.hpp"
#include "quartic/field/action.hpp"
#include "quartic/field/field_block.hpp"

namespace quartic {

template <class T>
struct SweepTable;

struct SamplerOptions {
  int chains = 1024;               ///< a multiple of 16
  std::optional<int> reflections;  ///< reflections a sweep; empty: tuned during warm-up
  bool flips = true;               ///< a global sign flip a sweep
  int metropolis_hits = 0;         ///< > 0: many-hit Metropolis instead of all other local moves
  int threads = 0;                 ///< 0: all cores; never changes the results
};

/// Exact state of a sampler: fields [chain][site], float fields widened, and the random streams.
struct SamplerState {
  std::vector<double> phi;             ///< chains x sites
  std::vector<std::uint32_t> streams;  ///< chains x 4
  int reflections = 1;
};

/// Accepted over proposed, by move, since the last reset.
struct Acceptance {
  double independence = 0;  ///< or Metropolis, where that was chosen
  double reflection = 0;
  double flip = 0;
};

/// Many independent chains of one action. A sweep is one independence-Metropolis pass (exact for
/// any a, b, j, core/quartic_density.hpp), `reflections` reflection passes and one global flip.
/// Fields are stored [block][site][lane], a lane being a chain; blocks run in parallel, and since
/// every chain has its own random stream, results depend on neither threads nor blocks.
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
  void set_coupling_scale(double scale) { scale_ = scale; }
  /// Independent exact draws of the uncoupled action (w = 0) for all chains.
  void draw_uncoupled();

  void sweep(int count = 1);
  /// Equilibrates with `sweeps` sweeps, and chooses the number of reflections that gives most
  /// independent samples of m^2 and phi^2 for the cost, unless it was given. Costs are nominal, so
  /// the choice is reproducible.
  void warm_up(int sweeps);

  const SamplerOptions& options() const { return options_; }
  int chains() const { return options_.chains; }
  int sites() const { return sites_; }
  int lanes() const { return lanes_; }  ///< chains in a block
  int blocks() const { return options_.chains / lanes_; }
  int threads() const { return threads_; }
  int reflections() const { return reflections_; }
  FieldBlock<T> block(int index) { return {fields_.data() + block_offset(index), sites_, lanes_}; }
  FieldBlock<const T> block(int index) const {
    return {fields_.data() + block_offset(index), sites_, lanes_};
  }
  /// Calls f(index) for all blocks in parallel; exceptions come out.
  void for_each_block(const std::function<void(int)>& f) const;

  Acceptance acceptance() const;
  void reset_acceptance() { accepted_ = {}, proposed_ = {}; }

  SamplerState state() const;
  void restore(const SamplerState& state);

 private:
  std::ptrdiff_t block_offset(int index) const {
    return static_cast<std::ptrdiff_t>(index) * sites_ * lanes_;
  }
  void tune_reflections();
  double cost_per_sample(int reflections);

  SamplerOptions options_;
  int sites_, lanes_, threads_, reflections_;
  double scale_ = 1;
  std::unique_ptr<SweepTable<T>> table_;
  AlignedVector<T> fields_;
  AlignedVector<std::uint32_t> streams_;  ///< [block][word][lane]
  std::array<double, 3> accepted_{}, proposed_{};
};

}  // namespace quartic
