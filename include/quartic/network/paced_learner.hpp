// Learning by chains, at a rate and for as long as ln p of rows allows.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "quartic/core/words.hpp"
#include "quartic/network/learner.hpp"
#include "quartic/network/training_watch.hpp"

namespace quartic {

/// Who says how long chains learn and how fast.
enum class Pace {
  given,    ///< the options alone: nobody looks, and what diverges is Diverged
  watched,  ///< so many epochs, at half the rate where ln p falls or chains run away
  chosen    ///< likewise, for as long as ln p of the judged rows rises; the best look is kept
};
template <>
inline constexpr auto words_of<Pace> = word_list("given", "watched", "chosen");

/// What a network is learned from and judged by, in its units.
struct PacedRows {
  std::shared_ptr<const DataSource> learned;
  ColumnMoments moments;
  std::vector<float> some;    ///< of `learned`, [row][visible]: where annealing begins
  std::vector<float> judged;  ///< [row][visible]; that are not learned from, where there are such
};

/// A NetworkLearner and, unless the pace is given, the TrainingWatch that looks at it. Where that
/// finds the rate too large, or the training diverges, it begins again from the start at half the
/// rate, 14 times at most. Bounded in updates, never by the clock: the same seed gives the same
/// bits. Costs O() as an epoch and a look do.
class PacedLearner {
 public:
  /// Throws BadInput as NetworkLearner and TrainingWatch do.
  PacedLearner(Pace pace, PacedRows rows, Network start, const TrainingOptions& options,
               std::uint64_t seed);

  /// One epoch and, where it is time, a look. None: it began again, what it did before is void.
  /// Throws Diverged, and Interrupted where `progress` says so, as NetworkLearner does.
  std::optional<TrainRow> step(const ProgressCallback& progress = {});
  bool finished() const;

  double rate() const { return now_.rate; }
  const NetworkLearner<float>& learner() const { return *learner_; }
  const ColumnMoments& moments() const { return rows_.moments; }
  /// Null where nobody looks.
  const TrainingWatch* watch() const { return watch_ ? &*watch_ : nullptr; }
  /// Whether the best look is kept, not the last network.
  bool keeps_best() const;
  /// That, or the network as it is now.
  Network network() const;

  /// All that further steps depend on, to the bit: the learner's, and of the pace.
  TrainingState state() const { return learner_->state(); }
  std::vector<double> pace() const;
  void restore(const TrainingState& state, std::span<const double> pace);

 private:
  struct Now {
    double rate = 0;
    int halvings = 0;
    bool enough = false;
    std::vector<double> watch = {};

    template <class Archive>
    void archive(Archive& state) {
      state(rate, halvings, enough, watch);
    }
  };

  void begin();
  void look();
  void slow_down(const std::string& why);

  Pace pace_;
  PacedRows rows_;
  Network start_;
  TrainingOptions options_;
  std::uint64_t seed_;
  Now now_;
  std::optional<NetworkLearner<float>> learner_;
  std::optional<TrainingWatch> watch_;
  bool began_again_ = false;
};

}  // namespace quartic
