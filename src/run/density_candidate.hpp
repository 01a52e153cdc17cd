// One scaling in a density's race on all splits, and what is chosen among them
// (quartic/run/density_learner.hpp).
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "core/packed_state.hpp"
#include "run/density_trial.hpp"

namespace quartic::race {

/// The held-out rows of all splits but one.
struct OtherSplits {
  std::ptrdiff_t begin, end;  ///< of the one, in all held-out rows
  std::vector<double> of(const std::vector<double>& scores) const {
    std::vector<double> out(scores.begin(), scores.begin() + begin);
    out.insert(out.end(), scores.begin() + end, scores.end());
    return out;
  }
};

std::vector<OtherSplits> other_splits(const std::vector<Split>& splits, std::size_t columns);

/// One scaling on all folds.
struct Candidate {
  DensityCandidate record;
  std::vector<Trial> trials;
  std::vector<double> at_best, alone;  ///< ln p of every held-out row at the best round, at round 0
  std::vector<std::vector<double>> by_others;  ///< as at_best, of the round best by OtherSplits
  bool ended = false, own = false;             ///< own: of the variances of units alone

  /// The scores of a round.
  void take(std::vector<double> scores, const std::vector<OtherSplits>& others);
  double best() const { return record.held_out[record.best]; }
  bool converged() const {
    return std::all_of(trials.begin(), trials.end(), [](const Trial& t) { return t.converged(); });
  }
  void be_alone() { record.best = 0, at_best = alone, record.improving = false; }
  /// Its rows go: it has no more rounds.
  void end() { ended = true, trials.clear(); }

  template <class Archive>
  void archive(Archive& state) {
    std::size_t left = trials.size();
    const std::size_t rows = alone.size();
    state(record.held_out, record.best, record.dropped, record.improving, at_best, alone, ended,
          own, left);
    for (auto& scores : by_others) state(scores);
    state.require(record.best >= 0 && record.best < std::ssize(record.held_out) &&
                  at_best.size() == rows && alone.size() == rows &&
                  std::all_of(by_others.begin(), by_others.end(),
                              [&](const auto& scores) { return scores.size() == rows; }));
    state.require(ended ? left == 0 : left == trials.size());
    trials.erase(trials.begin() + static_cast<std::ptrdiff_t>(left), trials.end());
    for (Trial& trial : trials) archive_part(state, trial);
  }
};

template <class Scores>
std::vector<double> joined(const std::vector<Scores>& parts) {
  std::vector<double> out;
  for (const auto& part : parts) out.insert(out.end(), part.begin(), part.end());
  return out;
}

const Candidate& leader(const std::vector<Candidate>& all);

/// Those behind the best by more than 2 errors of the paired difference.
void drop_those_behind(std::vector<Candidate>& all);

/// Rounds without a rise that are waited for: between symmetric saddles, where hidden units are yet
/// alike, plateaus grow as long as what came before.
int patience_at(int round, int least);

/// Whether held-out ln p has not risen, by more than nobody would wait for, for `patience` rounds:
/// of tails that one row decides it rises by nats for ever, and these say nothing.
bool stalled(const Candidate& one, int round, int least);

/// Whether more rounds than the bound would be better, as far as one can see: the best is in the
/// last tenth or, where nobody's patience was over before the bound, the last round was a rise.
/// After a single round, from a random start, nothing is known but that there is more to climb.
bool rises_at_bound(const Candidate& one, int patience);

/// The mean over held-out rows of some splits. Splits learn from mostly the same rows, and what is
/// learned depends on them: the error is that of the rows times sqrt(1 + splits .15 / .85) (Nadeau
/// and Bengio, Machine Learning 52 (2003) 239).
Estimate mean_of_splits(const std::vector<double>& scores, std::size_t splits);

struct Choice {
  std::size_t candidate;
  bool alone;  ///< as units alone
};

/// The best candidate, or the best of units alone where nothing is better by more than the error of
/// the paired difference over these rows, by ln p at each one's best round and of units alone.
/// (That splits overlap widens the error of what is told, mean_of_splits, but is no reason against
/// what is better on the rows at hand.)
Choice choose(const std::vector<std::vector<double>>& best,
              const std::vector<std::vector<double>>& alone);

/// ln p of every held-out row by the candidate and round that the rows of the other splits choose:
/// what was chosen by a row's own ln p would know it too well (nested cross-validation; Varma and
/// Simon, BMC Bioinformatics 7 (2006) 91). A single split chooses and is told.
std::vector<double> unchosen_scores(const std::vector<Candidate>& all,
                                    const std::vector<OtherSplits>& others);

/// Those of several scalings that cannot be (linearly dependent columns cannot be whitened) are
/// left out, with a remark.
std::vector<Candidate> candidates_of(const DensityOptions& o, const std::vector<Split>& splits,
                                     const std::vector<OtherSplits>& others, std::size_t columns,
                                     std::uint64_t seed, std::vector<std::string>& remarks);

}  // namespace quartic::race
