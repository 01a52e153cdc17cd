// How long chains should learn, and whether they do: ln p of rows that are not learned from.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "quartic/core/estimate.hpp"
#include "quartic/network/network.hpp"
#include "quartic/network/start.hpp"

namespace quartic {

/// Looks at ln p after epochs 1, 2, 3, 4, 5, 7, 9, 12, ... (ratio 1.4), roughly: where ln Z is not
/// exact by 128 annealed chains and mean-field modes, by a tenth of the effort where nothing stops
/// by it and w has more than 4096 entries. O(rows visible hidden) a look, and that of annealing;
/// networks of more than 65536 weights are never looked at.
///
/// too_fast: three looks in a row, or the last one, lie below that of the start by more than 3
/// errors of the difference on the same rows (the first updates overshoot). enough: the best look,
/// the first of which is the start, is `patience` looks and 100 updates ago, or the epochs are
/// over. No look is best that costs the rows to learn from, since the start, more than it brings
/// the judged ones: few of these may lack the row that pays for it.
class TrainingWatch {
 public:
  static constexpr int most_epochs = 500;
  static constexpr std::int64_t most_updates = 30'000;
  static constexpr std::size_t most_weights = 65'536;  ///< of networks that are looked at

  enum class Verdict { go_on, enough, too_fast };

  struct Options {
    bool stops = true;  ///< say `enough` before the last epoch
    int patience = 3;
    std::uint64_t seed = 1;
    int threads = 0;
  };

  /// judged[row][visible]: rows that say how long. learned[row][visible] and `moments`: some of the
  /// rows that are learned from and their columns' moments, where annealing begins. `start`: the
  /// network to be trained. Throws BadInput for no rows or rows of another width.
  TrainingWatch(std::vector<float> judged, std::vector<float> learned, ColumnMoments moments,
                const Network& start, const Options& options);

  /// Looks where it is time to; `enough` after the last epoch even where nothing was seen.
  Verdict after_epoch(const Network& now, int epoch, std::int64_t updates, bool last);
  bool stops() const { return options_.stops; }

  /// ln p of the judged rows: at the start, at the last look (error: of the difference to the
  /// start) and at the best.
  const Estimate& before() const { return before_; }
  const Estimate& last() const { return last_; }
  const Estimate& best() const { return best_; }
  /// ln Z at the last look and at the best.
  const Estimate& last_log_z() const { return last_log_z_; }
  const Estimate& best_log_z() const { return best_log_z_; }
  int best_epoch() const { return best_epoch_; }  ///< 0: nothing was better than the start
  int last_epoch() const { return last_epoch_; }  ///< of the last look, 0: none
  const Network& best_network() const { return best_network_; }
  static constexpr double worth_telling = 0.005;  ///< nats a row
  /// Whether the best is above the start by that.
  bool gained() const { return best_.value > before_.value + worth_telling; }
  bool rising() const { return best_epoch_ > 0 && since_ == 0; }  ///< the last look is the best

  /// All that further looks depend on; `like`: a network of the same units.
  std::vector<double> state() const;
  void restore(std::span<const double> state, const Network& like);

 private:
  Estimate likelihood(const Network& network);
  template <class Archive>
  void archive(Archive& state);

  std::vector<float> judged_, some_;
  ColumnMoments moments_;
  Options options_;
  std::size_t weights_;
  std::vector<double> levels_before_;        ///< - free energies of the judged rows at the start
  double learned_ = 0, learned_before_ = 0;  ///< ln p of the rows to learn from, now and then
  Estimate before_, last_, best_, last_log_z_, best_log_z_;
  Network best_network_;
  int best_epoch_ = 0, last_epoch_ = 0, since_ = 0, fallen_ = 0, next_ = 1;
  std::int64_t best_updates_ = 0;
};

}  // namespace quartic
