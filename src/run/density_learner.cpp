#include "quartic/run/density_learner.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <optional>
#include <utility>

#include "core/packed_state.hpp"
#include "core/parallel.hpp"
#include "quartic/core/error.hpp"
#include "quartic/network/start.hpp"
#include "run/density_candidate.hpp"
#include "run/density_remarks.hpp"

namespace quartic {
namespace {

constexpr int least_rounds = 25, most_splits = 6;

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
  std::vector<race::OtherSplits> others;
  std::vector<race::Candidate> candidates;
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
        candidates(race::candidates_of(options, varied_splits(), others, width, s, remarks)) {
    if (auto few = remark_on_few(rows.size() / columns, columns); !few.empty())
      remarks.push_back(std::move(few));
    if (options.rounds == 0) decide();
  }

  std::vector<race::Split> varied_splits() {
    auto splits = race::splits_of(rows, columns, options.folds, seed);
    others = race::other_splits(splits, columns);
    if (!Layer(options.visible, 1).discrete()) race::require_varied(splits, rows, columns);
    return splits;
  }

  const DensityCandidate& best() const { return candidates[chosen].record; }
  bool finished() const { return !racing && relearned >= best().best; }

  /// Of the race, at least.
  int rounds_ahead() const {
    int last = raced;
    for (const race::Candidate& one : candidates)
      if (!one.ended)
        last = std::max(last, one.record.best + race::patience_at(raced, options.patience));
    return std::min(last, options.rounds) - raced;
  }

  void race(const ProgressCallback& going_on) {
    std::vector<std::pair<race::Candidate*, int>> live;
    for (race::Candidate& one : candidates)
      for (int fold = 0; fold < static_cast<int>(one.trials.size()); ++fold)
        live.emplace_back(&one, fold);
    std::vector<std::vector<double>> scores(live.size());
    std::atomic<bool> stop = false;
    in_parallel(static_cast<int>(live.size()), options.threads, [&](int k, int thread) {
      race::Trial& trial = live[k].first->trials[live[k].second];
      trial.step([&](double done) {
        if (thread == 0 && going_on && !going_on(done)) stop = true;
        return !stop;
      });
      if (!stop) scores[k] = trial.scores();
    });
    if (stop) throw Interrupted();
    ++raced;
    for (std::size_t k = 0; k < live.size(); k += options.folds) {
      race::Candidate& one = *live[k].first;
      const auto at = scores.begin() + static_cast<std::ptrdiff_t>(k);
      one.take(race::joined(std::vector(at, at + options.folds)), others);
      one.record.improving = raced == options.rounds && race::rises_at_bound(one, options.patience);
      if (one.converged() || race::stalled(one, raced, options.patience)) one.end();
    }
    if (raced >= least_rounds) race::drop_those_behind(candidates);
    const bool over = std::all_of(candidates.begin(), candidates.end(),
                                  [](const race::Candidate& one) { return one.ended; });
    if (over || raced >= options.rounds) decide();
  }

  void decide() {
    racing = false;
    const bool early = raced > 0 && raced == options.rounds && raced < options.patience;
    const bool rising =
        std::any_of(candidates.begin(), candidates.end(),
                    [](const race::Candidate& one) { return one.record.improving; });
    std::vector<std::vector<double>> at_best, alone;
    for (const race::Candidate& one : candidates)
      at_best.push_back(one.at_best), alone.push_back(one.alone);
    const race::Choice choice = race::choose(at_best, alone);
    chosen = choice.candidate;
    if (choice.alone) candidates[chosen].be_alone();
    if (early) candidates[chosen].record.improving = rising;
    for (race::Candidate& one : candidates) one.end();
    prepare();
  }

  /// To learn all rows.
  void prepare() {
    scaling = race::scaling_by(best().scaling, rows, columns, options.few_rows);
    const auto all = race::model_rows(scaling, rows, columns, options.noise, seed);
    const int width = static_cast<int>(columns);
    if (best().best == 0 && race::only_gaussian(scaling, rows.size() / columns, columns)) {
      alone = race::without_couplings(race::uncoupled_network(options, width), scaling, false, all,
                                      width);
      return;
    }
    const Network start = exact_start(options.visible, options.hidden, options.hidden_units,
                                      options.gates, all, width, seed);
    alone = race::without_couplings(start, scaling, candidates[chosen].own, all, width);
    if (best().best > 0) learner.emplace(all, start, ExactOptions{options.ridge, options.threads});
  }

  template <class Archive>
  void archive(Archive& state) {
    state(racing, raced, relearned, chosen);
    state.require(raced >= 0 && relearned >= 0 && chosen < candidates.size());
    for (race::Candidate& one : candidates) {
      one.archive(state);
      state.require(racing ? one.ended || std::ssize(one.record.held_out) == raced + 1 : one.ended);
    }
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
  p.learner->step(race::iterations_in_round, [&](double done) {
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
  return p.racing ? p.rounds_ahead() + race::leader(p.candidates).record.best
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
  for (const race::Candidate& one : p.candidates) {
    out.candidates.push_back(one.record);
    out.candidates.back().error =
        race::mean_of_splits(one.at_best, static_cast<std::size_t>(p.options.folds)).error;
  }
  out.chosen = p.racing ? &race::leader(p.candidates) - p.candidates.data() : p.chosen;
  const auto scores = p.others.empty() ? p.candidates[out.chosen].at_best
                                       : race::unchosen_scores(p.candidates, p.others);
  out.held_out = race::mean_of_splits(scores, static_cast<std::size_t>(p.options.folds));
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
  StateUnpacker unpacker(state, "checkpoint/density");
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
