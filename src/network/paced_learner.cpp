#include "quartic/network/paced_learner.hpp"

#include <fmt/format.h>

#include <utility>

#include "core/packed_state.hpp"
#include "quartic/core/error.hpp"

namespace quartic {

PacedLearner::PacedLearner(Pace pace, PacedRows rows, Network start, const TrainingOptions& options,
                           std::uint64_t seed)
    : pace_(pace),
      rows_(std::move(rows)),
      start_(std::move(start)),
      options_(options),
      seed_(seed),
      now_{.rate = options.rate} {
  if (pace_ == Pace::chosen) options_.epochs = TrainingWatch::most_epochs;
  begin();
}

/// From the start, at the rate of now.
void PacedLearner::begin() {
  TrainingOptions options = options_;
  options.rate = now_.rate;
  options.final_rate *= now_.rate / options_.rate;
  learner_.emplace(rows_.learned, rows_.moments, start_, options, seed_);
  if (pace_ == Pace::given) return;
  watch_.emplace(rows_.judged, rows_.some, rows_.moments, start_,
                 TrainingWatch::Options{
                     .stops = pace_ == Pace::chosen, .seed = seed_, .threads = options_.threads});
}

std::optional<TrainRow> PacedLearner::step(const ProgressCallback& progress) {
  began_again_ = false;
  try {
    const TrainRow row = learner_->step(progress);
    if (watch_) look();
    if (!began_again_) return row;
  } catch (const Diverged& error) {
    if (!watch_) throw;
    slow_down(error.what());
  }
  return {};
}

void PacedLearner::look() {
  const bool bound = pace_ == Pace::chosen && learner_->updates() >= TrainingWatch::most_updates;
  const auto verdict = watch_->after_epoch(learner_->network(), learner_->epoch(),
                                           learner_->updates(), learner_->finished() || bound);
  now_.enough = verdict == TrainingWatch::Verdict::enough;
  if (verdict == TrainingWatch::Verdict::too_fast) slow_down("ln p of held-out rows fell");
}

void PacedLearner::slow_down(const std::string& why) {
  constexpr int most_halvings = 14;
  if (now_.halvings >= most_halvings)
    throw Diverged(fmt::format("{}, even at a rate of {:.3g}", why, now_.rate),
                   "another kind of units, or other scaling of the data");
  now_ = {.rate = now_.rate / 2, .halvings = now_.halvings + 1};
  began_again_ = true;
  begin();
}

bool PacedLearner::finished() const {
  return now_.enough || learner_->finished();
}

bool PacedLearner::keeps_best() const {
  return pace_ == Pace::chosen && watch_->last_epoch() > 0;
}

Network PacedLearner::network() const {
  return keeps_best() ? watch_->best_network() : learner_->network();
}

std::vector<double> PacedLearner::pace() const {
  if (!watch_) return {};
  StatePacker packer;
  Now now = now_;
  now.watch = watch_->state();
  now.archive(packer);
  return std::move(packer.values);
}

void PacedLearner::restore(const TrainingState& state, std::span<const double> pace) {
  if (watch_) {
    StateUnpacker unpacker(pace, "checkpoint/pace");
    now_.archive(unpacker);
    unpacker.require(now_.rate > 0 && now_.rate <= options_.rate);
    begin();  // at its rate
    watch_->restore(now_.watch, start_);
  }
  learner_->restore(state);
}

}  // namespace quartic
