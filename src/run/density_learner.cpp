#include "quartic/run/density_learner.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>
#include <numeric>
#include <optional>
#include <utility>

#include "core/packed_state.hpp"
#include "core/parallel.hpp"
#include "quartic/core/data_source.hpp"
#include "quartic/core/error.hpp"
#include "quartic/core/linear_algebra.hpp"
#include "quartic/core/random.hpp"
#include "quartic/network/path.hpp"
#include "quartic/network/start.hpp"
#include "run/density_remarks.hpp"

namespace quartic {
namespace {

constexpr int iterations_in_round = 10;
constexpr double allowed_errors = 2;  // behind the best, before a candidate is dropped
constexpr int least_rounds = 25, most_splits = 6;

struct Split {
  std::vector<double> train, held_out;
};

/// Rows in a fixed random order, of which every split holds out another 15 %.
std::vector<Split> splits_of(std::span<const double> rows, std::size_t columns, int folds,
                             std::uint64_t seed) {
  const std::size_t count = rows.size() / columns;
  std::vector<std::size_t> order(count);
  std::iota(order.begin(), order.end(), std::size_t{0});
  RandomStream random(seed, Stream::held_out, 1);
  for (std::size_t k = count; k-- > 1;)
    std::swap(order[k], order[static_cast<std::size_t>(random.uniform() * (k + 1.0))]);
  std::vector<Split> out(folds);
  for (int fold = 0; fold < folds; ++fold) {
    const std::size_t begin = fold * count * 15 / 100,
                      end = std::max((fold + 1) * count * 15 / 100, begin + 1);
    for (std::size_t k = 0; k < count; ++k) {
      auto& to = k >= begin && k < end ? out[fold].held_out : out[fold].train;
      const auto row = rows.subspan(order[k] * columns, columns);
      to.insert(to.end(), row.begin(), row.end());
    }
  }
  return out;
}

/// Throws BadInput where rows that a split leaves to learn from all have the same value in a
/// column.
void require_varied(const std::vector<Split>& splits, std::span<const double> rows,
                    std::size_t columns) {
  for (const Split& split : splits)
    for (std::size_t c = 0; c < columns; ++c) {
      const double value = split.train[c];
      const auto differ = [&](std::span<const double> of) {
        std::size_t count = 0;
        for (std::size_t k = c; k < of.size(); k += columns) count += of[k] != value;
        return count;
      };
      if (differ(split.train) > 0) continue;
      const std::size_t all = rows.size() / columns, others = differ(rows);
      if (others == 0) return;  // the scaling says so
      throw BadInput(fmt::format("column {} differs from {:g} in {} of {} rows, too few to have a "
                                 "density",
                                 c, value, others, all),
                     "leave it out, or add noise and learn by chains (a number of epochs)");
    }
}

/// Rows in the units of a model, rounded as it learns from them.
std::vector<float> model_rows(const DataScaling& scaling, std::span<const double> rows,
                              std::size_t columns, double noise, std::uint64_t seed) {
  std::vector<double> out(rows.begin(), rows.end());
  scaling.to_model(std::span(out), columns);
  RandomStream random(seed, Stream::start, 2);
  if (noise > 0)
    for (double& x : out) x += noise * random.normal();
  return {out.begin(), out.end()};
}

DataScaling scaling_by(ScalingMethod method, std::span<const double> rows, std::size_t columns,
                       FewRows few) {
  return method == ScalingMethod::none ? DataScaling{} : fit_scaling(method, rows, columns, few);
}

/// Units alone, with the columns' moments. Rotated columns are Gaussian, of the variance 1 that the
/// shrunk covariance gives them or, `own`, of the rows': of few rows the one or the other is
/// better.
Network without_couplings(Network network, const DataScaling& scaling, bool own,
                          std::span<const float> rows, int columns) {
  std::fill(network.w.begin(), network.w.end(), 0.0);
  std::fill(network.u.begin(), network.u.end(), 0.0);
  const ArraySource source(std::vector<float>(rows.begin(), rows.end()),
                           static_cast<std::size_t>(columns));
  const ColumnMoments moments = column_moments(source);
  if (scaling.rotation.empty()) {
    network.visible = fit_layer(network.visible.unit, moments);
    return network;
  }
  for (int i = 0; i < columns; ++i) {
    const double precision = own ? 1 / moments.variance(i) : 1;
    network.visible.a[i] = precision / 2, network.visible.b[i] = 0;
    network.visible.r[i] = own ? -moments.first[i] * precision : 0;
  }
  return network;
}

/// Whether whitened columns of so few rows have in some directions no variance but the one that
/// shrinkage gives them: there is one Gaussian, and nothing to learn.
bool only_gaussian(const DataScaling& scaling, std::size_t rows, std::size_t columns) {
  return !scaling.rotation.empty() && rows <= columns;
}

Network uncoupled_network(const DensityOptions& o, int columns) {
  Network out(Layer(o.visible, columns), Layer(o.hidden, o.hidden_units));
  if (o.gates) out.u.resize(out.w.size());
  return out;
}

/// One scaling on one fold.
class Trial {
 public:
  Trial(ScalingMethod method, const Split& split, std::size_t columns, const DensityOptions& o,
        int threads, std::uint64_t seed)
      : scaling_(scaling_by(method, split.train, columns, o.few_rows)), held_out_(split.held_out) {
    auto rows = model_rows(scaling_, split.train, columns, o.noise, seed);
    const int width = static_cast<int>(columns);
    if (only_gaussian(scaling_, rows.size() / columns, columns)) {
      const Network alone =
          without_couplings(uncoupled_network(o, width), scaling_, false, rows, width);
      alone_[0] = log_densities(alone, uncoupled_log_z(alone), scaling_, held_out_, threads);
      alone_[1] = alone_[0];
      return;
    }
    const Network start =
        exact_start(o.visible, o.hidden, o.hidden_units, o.gates, rows, width, seed);
    for (const bool own : {false, true}) {
      const Network alone = without_couplings(start, scaling_, own, rows, width);
      alone_[own] = log_densities(alone, uncoupled_log_z(alone), scaling_, held_out_, threads);
    }
    learner_.emplace(std::move(rows), start, ExactOptions{o.ridge, threads});
    threads_ = threads;
  }
  void step(const ProgressCallback& going_on) { learner_->step(iterations_in_round, going_on); }
  std::vector<double> state() const { return learner_->state(); }
  void restore(std::span<const double> state) { learner_->restore(state); }
  bool learns() const { return learner_.has_value(); }
  bool converged() const { return learner_->converged(); }
  const std::vector<double>& alone(bool own) const { return alone_[own]; }
  std::vector<double> scores() const {
    return log_densities(learner_->network(), learner_->log_z(), scaling_, held_out_, threads_);
  }

 private:
  DataScaling scaling_;
  std::vector<double> held_out_, alone_[2];
  std::optional<ExactLearner> learner_;
  int threads_ = 1;
};

/// The held-out rows of all splits but one.
struct OtherSplits {
  std::ptrdiff_t begin, end;  ///< of the one, in all held-out rows
  std::vector<double> of(const std::vector<double>& scores) const {
    std::vector<double> out(scores.begin(), scores.begin() + begin);
    out.insert(out.end(), scores.begin() + end, scores.end());
    return out;
  }
};

std::vector<OtherSplits> other_splits(const std::vector<Split>& splits, std::size_t columns) {
  std::vector<OtherSplits> out;
  if (splits.size() < 2) return out;
  std::ptrdiff_t begin = 0;
  for (const Split& split : splits) {
    const auto end = begin + static_cast<std::ptrdiff_t>(split.held_out.size() / columns);
    out.push_back({begin, end});
    begin = end;
  }
  return out;
}

double mean_or_lowest(const std::vector<double>& scores) {
  const double mean = mean_of(scores).value;
  return std::isfinite(mean) ? mean : -std::numeric_limits<double>::infinity();
}

/// One scaling on all folds.
struct Candidate {
  DensityCandidate record;
  std::vector<Trial> trials;
  std::vector<double> at_best, alone;  ///< ln p of every held-out row at the best round, at round 0
  std::vector<std::vector<double>> by_others;  ///< as at_best, of the round best by OtherSplits
  bool ended = false, own = false;             ///< own: of the variances of units alone

  void take(std::vector<double> scores, const std::vector<OtherSplits>& others) {
    const double mean = mean_or_lowest(scores);
    record.held_out.push_back(mean);
    if (alone.empty()) alone = scores, by_others.assign(others.size(), scores);
    for (std::size_t k = 0; k < others.size(); ++k)
      if (mean_or_lowest(others[k].of(scores)) > mean_or_lowest(others[k].of(by_others[k])))
        by_others[k] = scores;
    if (!at_best.empty() && !(mean > record.held_out[record.best])) return;
    record.best = static_cast<int>(record.held_out.size()) - 1;
    at_best = std::move(scores);
  }
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
    state(record.held_out, record.best, record.dropped, record.improving, at_best, alone, ended,
          own, left);
    for (auto& scores : by_others) state(scores);
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

const Candidate& leader(const std::vector<Candidate>& all) {
  return *std::max_element(all.begin(), all.end(), [](const Candidate& x, const Candidate& y) {
    return x.best() < y.best();
  });
}

void drop_those_behind(std::vector<Candidate>& all) {
  const Candidate& first = leader(all);
  for (Candidate& one : all) {
    if (&one == &first || one.ended) continue;
    std::vector<double> behind = first.at_best;
    for (std::size_t k = 0; k < behind.size(); ++k) behind[k] -= one.at_best[k];
    const Estimate gap = mean_of(behind);
    if (gap.value > allowed_errors * gap.error) one.record.dropped = true, one.end();
  }
}

DensityOptions checked(DensityOptions o, std::size_t rows, std::size_t columns) {
  if (rows < 8)
    throw BadInput(fmt::format("{} rows are too few to choose a density by", rows),
                   "give 8 at least, better some hundreds");
  const Layer visible(o.visible, 1), hidden(o.hidden, 1);
  if (visible.discrete()) o.scalings = {ScalingMethod::none};
  if (o.scalings.empty()) throw BadInput("no scaling to choose from", "name one");
  o.gates = o.gates && !visible.discrete() && hidden.discrete();
  if (o.hidden_units == 0)
    o.hidden_units = density_units(o.hidden, static_cast<int>(columns), rows);
  if (o.folds == 0) o.folds = rows < 500 ? 5 : rows < 3000 ? 3 : 1;
  if (o.folds < 1 || o.folds > most_splits)
    throw BadInput(fmt::format("{} splits of 15 % of the rows", o.folds), "1 to 6 of them");
  o.threads = threads_or_all(o.threads);
  return o;
}

/// Rounds without a rise that are waited for: between symmetric saddles, where hidden units are yet
/// alike, plateaus grow as long as what came before.
int patience_at(int round, int least) {
  return std::max(least, round / 3);
}

/// Whether held-out ln p has not risen, by more than nobody would wait for, for `patience` rounds:
/// of tails that one row decides it rises by nats for ever, and these say nothing.
bool stalled(const Candidate& one, int round, int least) {
  const double worth_waiting = std::max(0.005, 0.01 * mean_of(one.at_best).error);  // nats a row
  const int patience = patience_at(round, least);
  if (round < patience) return false;
  const auto& curve = one.record.held_out;
  const double before = *std::max_element(curve.begin(), curve.begin() + (round - patience + 1));
  return one.best() < before + worth_waiting;
}

/// Whether more rounds than the bound would be better, as far as one can see: the best is in the
/// last tenth or, where nobody's patience was over before the bound, the last round was a rise.
/// After a single round, from a random start, nothing is known but that there is more to climb.
bool rises_at_bound(const Candidate& one, int patience) {
  const auto& curve = one.record.held_out;
  const int raced = static_cast<int>(curve.size()) - 1;
  if (10 * one.record.best > 9 * raced) return true;
  if (raced >= patience || one.converged()) return false;
  return raced == 1 || curve.back() > curve[curve.size() - 2];
}

/// The mean over held-out rows of some splits. Splits learn from mostly the same rows, and what is
/// learned depends on them: the error is that of the rows times sqrt(1 + splits .15 / .85) (Nadeau
/// and Bengio, Machine Learning 52 (2003) 239).
Estimate mean_of_splits(const std::vector<double>& scores, std::size_t splits) {
  Estimate out = mean_of(scores);
  out.error *= std::sqrt(1 + static_cast<double>(splits) * .15 / .85);
  return out;
}

struct Choice {
  std::size_t candidate;
  bool alone;  ///< as units alone
};

/// The best candidate, or the best of units alone where nothing is better by more than chance, by
/// ln p of rows at each one's best round and of units alone.
Choice choose(const std::vector<std::vector<double>>& best,
              const std::vector<std::vector<double>>& alone, std::size_t splits) {
  const auto largest = [](const std::vector<std::vector<double>>& all) {
    return std::max_element(all.begin(), all.end(), [](const auto& x, const auto& y) {
      return mean_or_lowest(x) < mean_or_lowest(y);
    });
  };
  const auto first = largest(best), simple = largest(alone);
  std::vector<double> gain = *first;
  for (std::size_t k = 0; k < gain.size(); ++k) gain[k] -= (*simple)[k];
  const Estimate more = mean_of_splits(gain, splits);
  if (more.value > more.error) return {static_cast<std::size_t>(first - best.begin()), false};
  return {static_cast<std::size_t>(simple - alone.begin()), true};
}

/// ln p of every held-out row by the candidate and round that the rows of the other splits choose:
/// what was chosen by a row's own ln p would know it too well (nested cross-validation; Varma and
/// Simon, BMC Bioinformatics 7 (2006) 91). A single split chooses and is told.
std::vector<double> unchosen_scores(const std::vector<Candidate>& all,
                                    const std::vector<OtherSplits>& others) {
  std::vector<double> out;
  for (std::size_t k = 0; k < others.size(); ++k) {
    std::vector<std::vector<double>> best, alone;
    for (const Candidate& one : all) {
      best.push_back(others[k].of(one.by_others[k]));
      alone.push_back(others[k].of(one.alone));
    }
    const Choice by_others = choose(best, alone, others.size() - 1);
    const Candidate& one = all[by_others.candidate];
    const auto& scores = by_others.alone ? one.alone : one.by_others[k];
    out.insert(out.end(), scores.begin() + others[k].begin, scores.begin() + others[k].end);
  }
  return out;
}

/// Those of several scalings that cannot be (linearly dependent columns cannot be whitened) are
/// left out, with a remark.
std::vector<Candidate> candidates_of(const DensityOptions& o, const std::vector<Split>& splits,
                                     const std::vector<OtherSplits>& others, std::size_t columns,
                                     std::uint64_t seed, std::vector<std::string>& remarks) {
  std::vector<Candidate> out;
  std::string left_out, why;
  for (const ScalingMethod scaling : o.scalings) {
    try {
      Candidate one;
      one.record.scaling = scaling;
      std::vector<std::vector<double>> alone[2];
      for (const Split& split : splits) {
        const Trial& trial = one.trials.emplace_back(scaling, split, columns, o, 1, seed);
        for (const bool own : {false, true}) alone[own].push_back(trial.alone(own));
      }
      const auto shrunk = joined(alone[0]), of_rows = joined(alone[1]);
      one.own = mean_of(of_rows).value > mean_of(shrunk).value;
      one.take(one.own ? of_rows : shrunk, others);
      if (!std::all_of(one.trials.begin(), one.trials.end(), [](auto& t) { return t.learns(); }))
        one.end();
      out.push_back(std::move(one));
    } catch (const BadInput& error) {
      if (scaling == o.scalings.back() && out.empty()) throw;
      left_out += fmt::format("{}{}", left_out.empty() ? "" : " and ", name(scaling));
      why = fmt::format("{}; {}", error.what(), error.hint());
    }
  }
  if (!left_out.empty()) remarks.push_back(fmt::format("{} left out: {}", left_out, why));
  return out;
}

}  // namespace

std::vector<double> log_densities(const Network& network, double log_z, const DataScaling& scaling,
                                  std::span<const double> rows, int threads) {
  const auto columns = static_cast<std::size_t>(network.visible.size());
  std::vector<double> model(rows.begin(), rows.end());
  scaling.to_model(std::span(model), columns);
  auto out = free_energies(network, std::span<const double>(model), threads);
  const double shift = scaling.method == ScalingMethod::none ? 0 : scaling.log_jacobian(columns);
  for (std::size_t n = 0; n < out.size(); ++n)
    out[n] = -out[n] - log_z + shift + scaling.log_power(rows.subspan(n * columns, columns));
  return out;
}

int density_units(Unit hidden, int columns, std::size_t rows) {
  constexpr std::size_t rows_a_unit = 15;
  if (!Layer(hidden, 1).discrete()) return columns;
  return std::clamp(static_cast<int>(rows / rows_a_unit), 2, exact_units(columns, rows));
}

struct DensityLearner::Parts {
  std::vector<double> rows;
  std::size_t columns;
  DensityOptions options;
  std::uint64_t seed;
  std::vector<std::string> remarks;
  std::vector<OtherSplits> others;
  std::vector<Candidate> candidates;
  std::size_t chosen = 0;
  bool racing = true;
  int raced = 0, relearned = 0;  ///< rounds
  DataScaling scaling;
  std::optional<Network> alone;  ///< units alone, of all rows in the scaling that was chosen
  std::optional<ExactLearner> learner;

  Parts(std::span<const double> of, std::size_t width, const DensityOptions& o, std::uint64_t s)
      : rows(of.begin(), of.end()),
        columns(width),
        options(checked(o, of.size() / width, width)),
        seed(s),
        remarks(Layer(options.visible, 1).discrete() || o.noise > 0
                    ? std::vector<std::string>{}
                    : remarks_on(rows, width, options.names)),
        candidates(candidates_of(options, varied_splits(), others, width, s, remarks)) {
    if (auto few = remark_on_few(rows.size() / columns, columns); !few.empty())
      remarks.push_back(std::move(few));
    if (options.rounds == 0) decide();
  }

  std::vector<Split> varied_splits() {
    auto splits = splits_of(rows, columns, options.folds, seed);
    others = other_splits(splits, columns);
    if (!Layer(options.visible, 1).discrete()) require_varied(splits, rows, columns);
    return splits;
  }

  const DensityCandidate& best() const { return candidates[chosen].record; }
  bool finished() const { return !racing && relearned >= best().best; }

  /// Of the race, at least.
  int rounds_ahead() const {
    int last = raced;
    for (const Candidate& one : candidates)
      if (!one.ended) last = std::max(last, one.record.best + patience_at(raced, options.patience));
    return std::min(last, options.rounds) - raced;
  }

  void race(const ProgressCallback& going_on) {
    std::vector<std::pair<Candidate*, int>> live;
    for (Candidate& one : candidates)
      for (int fold = 0; fold < static_cast<int>(one.trials.size()); ++fold)
        live.emplace_back(&one, fold);
    std::vector<std::vector<double>> scores(live.size());
    std::atomic<bool> stop = false;
    in_parallel(static_cast<int>(live.size()), options.threads, [&](int k, int thread) {
      Trial& trial = live[k].first->trials[live[k].second];
      trial.step([&](double done) {
        if (thread == 0 && going_on && !going_on(done)) stop = true;
        return !stop;
      });
      if (!stop) scores[k] = trial.scores();
    });
    if (stop) throw Interrupted();
    ++raced;
    for (std::size_t k = 0; k < live.size(); k += options.folds) {
      Candidate& one = *live[k].first;
      const auto at = scores.begin() + static_cast<std::ptrdiff_t>(k);
      one.take(joined(std::vector(at, at + options.folds)), others);
      one.record.improving = raced == options.rounds && rises_at_bound(one, options.patience);
      if (one.converged() || stalled(one, raced, options.patience)) one.end();
    }
    if (raced >= least_rounds) drop_those_behind(candidates);
    const bool over = std::all_of(candidates.begin(), candidates.end(),
                                  [](const Candidate& one) { return one.ended; });
    if (over || raced >= options.rounds) decide();
  }

  void decide() {
    racing = false;
    const bool early = raced > 0 && raced == options.rounds && raced < options.patience;
    const bool rising = std::any_of(candidates.begin(), candidates.end(),
                                    [](const Candidate& one) { return one.record.improving; });
    std::vector<std::vector<double>> at_best, alone;
    for (const Candidate& one : candidates)
      at_best.push_back(one.at_best), alone.push_back(one.alone);
    const Choice choice = choose(at_best, alone, static_cast<std::size_t>(options.folds));
    chosen = choice.candidate;
    if (choice.alone) candidates[chosen].be_alone();
    if (early) candidates[chosen].record.improving = rising;
    for (Candidate& one : candidates) one.end();
    prepare();
  }

  /// To learn all rows.
  void prepare() {
    scaling = scaling_by(best().scaling, rows, columns, options.few_rows);
    const auto all = model_rows(scaling, rows, columns, options.noise, seed);
    const int width = static_cast<int>(columns);
    if (best().best == 0 && only_gaussian(scaling, rows.size() / columns, columns)) {
      alone = without_couplings(uncoupled_network(options, width), scaling, false, all, width);
      return;
    }
    const Network start = exact_start(options.visible, options.hidden, options.hidden_units,
                                      options.gates, all, width, seed);
    alone = without_couplings(start, scaling, candidates[chosen].own, all, width);
    if (best().best > 0) learner.emplace(all, start, ExactOptions{options.ridge, options.threads});
  }

  template <class Archive>
  void archive(Archive& state) {
    state(racing, raced, relearned, chosen);
    for (Candidate& one : candidates) one.archive(state);
    if (racing) return;
    if (!alone) prepare();
    if (learner) archive_part(state, *learner);
  }
};

DensityLearner::DensityLearner(std::span<const double> rows, std::size_t columns,
                               const DensityOptions& options, std::uint64_t seed)
    : parts_(make_hidden<Parts>(rows, columns, options, seed)) {}

void DensityLearner::step(const ProgressCallback& going_on) {
  const SerialBlas serial;  // threads work on candidates side by side
  auto& p = *parts_;
  if (p.racing) return p.race(going_on);
  if (p.finished()) return;
  bool stop = false;
  p.learner->step(iterations_in_round, [&](double done) {
    stop = going_on && !going_on(done);
    return !stop;
  });
  if (stop) throw Interrupted();
  ++p.relearned;
}

bool DensityLearner::finished() const {
  return parts_->finished();
}
int DensityLearner::rounds() const {
  return parts_->raced + parts_->relearned;
}
int DensityLearner::rounds_left() const {
  const auto& p = *parts_;
  return p.racing ? p.rounds_ahead() + leader(p.candidates).record.best
                  : p.best().best - p.relearned;
}
double DensityLearner::share_done() const {
  constexpr double race = 0.85;
  const auto& p = *parts_;
  if (p.racing) return race * p.raced / std::max(p.raced + p.rounds_ahead(), 1);
  return p.finished() ? 1 : race + (1 - race) * p.relearned / p.best().best;
}

DensityChoice DensityLearner::choice() const {
  const auto& p = *parts_;
  DensityChoice out;
  for (const Candidate& one : p.candidates) {
    out.candidates.push_back(one.record);
    out.candidates.back().error =
        mean_of_splits(one.at_best, static_cast<std::size_t>(p.options.folds)).error;
  }
  out.chosen = p.racing ? &leader(p.candidates) - p.candidates.data() : p.chosen;
  const auto scores =
      p.others.empty() ? p.candidates[out.chosen].at_best : unchosen_scores(p.candidates, p.others);
  out.held_out = mean_of_splits(scores, static_cast<std::size_t>(p.options.folds));
  out.iterations = p.learner ? p.learner->iterations() : 0;
  out.remarks = p.remarks;
  if (!p.racing && one_row_decides(p.candidates[out.chosen].at_best, p.columns))
    out.remarks.emplace_back(
        "one held-out row decides ln p and its error: the tails are heavier than "
        "those of the density, or the row is wrong");
  return out;
}

DensityFit DensityLearner::fit() const {
  const auto& p = *parts_;
  if (!p.finished()) throw Error(ErrorCode::internal, "a density that is not learned yet");
  if (!p.learner) return {p.scaling, *p.alone, uncoupled_log_z(*p.alone), choice()};
  return {p.scaling, p.learner->network(), p.learner->log_z(), choice()};
}

std::vector<double> DensityLearner::state() const {
  StatePacker packer;
  parts_->archive(packer);
  return std::move(packer.values);
}
void DensityLearner::restore(std::span<const double> state) {
  StateUnpacker unpacker(state);
  parts_->archive(unpacker);
}

DensityFit learn_density(std::span<const double> rows, std::size_t columns,
                         const DensityOptions& options, std::uint64_t seed,
                         const ProgressCallback& progress) {
  DensityLearner learner(rows, columns, options, seed);
  while (!learner.finished()) {
    learner.step([&](double) { return !progress || progress(learner.share_done()); });
    report_progress(progress, learner.share_done());
  }
  return learner.fit();
}

}  // namespace quartic
