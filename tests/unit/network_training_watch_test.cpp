// How long chains learn, and how fast: networks that get better, stand still or get worse, in the
// order of looks; learners that begin again.
#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <optional>
#include <vector>

#include "quartic/core/data_source.hpp"
#include "quartic/core/error.hpp"
#include "quartic/core/random.hpp"
#include "quartic/network/exact_learner.hpp"
#include "quartic/network/paced_learner.hpp"
#include "quartic/network/training_watch.hpp"

namespace quartic {
namespace {

using Verdict = TrainingWatch::Verdict;

/// Three columns that copy one bit with errors of a tenth.
std::vector<float> bits(int rows, std::uint64_t number) {
  std::vector<float> out;
  RandomStream random(3, Stream::fields, number);
  for (int n = 0; n < rows; ++n) {
    const bool x = random.uniform() < 0.5;
    for (int i = 0; i < 3; ++i) out.push_back((random.uniform() < 0.9) == x ? 1.0f : 0.0f);
  }
  return out;
}

struct Scene {
  std::vector<float> learned = bits(300, 1), judged = bits(300, 2);
  ColumnMoments moments = column_moments(ArraySource(learned, 3));
  Network start = initial_network(Unit::binary, Unit::binary, 2, moments);
  ExactLearner learner{
      learned, exact_start(Unit::binary, Unit::binary, 2, false, learned, 3, 1), {}};

  TrainingWatch watch(const TrainingWatch::Options& options = {}) const {
    return {judged, learned, moments, start, options};
  }
  Network better(int iterations) {
    learner.step(iterations);
    return learner.network();
  }
  Network worse() const {
    Network out = start;
    for (double& w : out.w) w = 9;
    return out;
  }
};

/// After an epoch of 50 updates.
Verdict look(TrainingWatch& watch, const Network& now, int epoch, bool last) {
  return watch.after_epoch(now, epoch, 50 * epoch, last);
}

TEST(TrainingWatch, EndsWhereLooksGetNoBetterAndKeepsTheBest) {
  Scene scene;
  TrainingWatch watch = scene.watch();
  const Network first = scene.start, best = scene.better(100);
  EXPECT_EQ(look(watch, first, 1, false), Verdict::go_on);
  EXPECT_FALSE(watch.rising());
  EXPECT_EQ(look(watch, best, 2, false), Verdict::go_on);
  EXPECT_GT(watch.best().value, watch.before().value + 3 * watch.best().error);
  EXPECT_EQ(look(watch, first, 3, false), Verdict::go_on);
  EXPECT_EQ(look(watch, first, 4, false), Verdict::go_on);
  EXPECT_EQ(look(watch, first, 5, false), Verdict::enough);
  EXPECT_EQ(watch.best_epoch(), 2);
  EXPECT_EQ(watch.best_network().w, best.w);
}

TEST(TrainingWatch, FewUpdatesAreNotEnough) {
  Scene scene;
  TrainingWatch watch = scene.watch();
  for (int epoch = 1; epoch <= 12; ++epoch)
    EXPECT_EQ(watch.after_epoch(scene.start, epoch, 8 * epoch, false), Verdict::go_on);
  EXPECT_EQ(watch.after_epoch(scene.start, 16, 128, false), Verdict::enough);
}

TEST(TrainingWatch, TheStartIsTheBestUntilSomethingIsBetter) {
  Scene scene;
  TrainingWatch watch = scene.watch();
  Network slightly_worse = scene.start;
  for (double& w : slightly_worse.w) w += 0.5;
  for (int epoch = 1; epoch <= 3; ++epoch) look(watch, slightly_worse, epoch, false);
  EXPECT_LT(watch.last().value, watch.before().value);
  EXPECT_EQ(watch.best_epoch(), 0);
  EXPECT_EQ(watch.best().value, watch.before().value);
  EXPECT_EQ(watch.best_network().w, scene.start.w);
  EXPECT_FALSE(watch.rising());
}

/// Judged rows that are all alike are most likely where everything else is not.
TEST(TrainingWatch, WhatCostsTheLearnedRowsIsNotTheBest) {
  Scene scene;
  scene.judged.assign(30, 1.0f);
  TrainingWatch watch = scene.watch();
  Network ones = scene.start;
  for (double& r : ones.visible.r) r = -5;
  look(watch, ones, 1, false);
  EXPECT_GT(watch.last().value, watch.before().value);
  EXPECT_EQ(watch.best_epoch(), 0);
  EXPECT_EQ(watch.best_network().visible.r, scene.start.visible.r);
}

TEST(TrainingWatch, LooksMoreSeldomAsItGoesOn) {
  Scene scene;
  TrainingWatch watch = scene.watch({.patience = 100});
  const Network network = scene.better(20);
  std::vector<int> looks;
  for (int epoch = 1; epoch <= 20; ++epoch) {
    look(watch, network, epoch, epoch == 20);
    if (watch.last_epoch() == epoch) looks.push_back(epoch);
  }
  EXPECT_EQ(looks, (std::vector{1, 2, 3, 4, 5, 7, 9, 12, 16, 20}));
}

TEST(TrainingWatch, ThreeFallsInARowAreTooFast) {
  Scene scene;
  TrainingWatch watch = scene.watch();
  const Network worse = scene.worse(), better = scene.better(50);
  EXPECT_EQ(look(watch, worse, 1, false), Verdict::go_on);
  EXPECT_EQ(look(watch, worse, 2, false), Verdict::go_on);
  EXPECT_EQ(look(watch, better, 3, false), Verdict::go_on);  // it only overshot
  TrainingWatch other = scene.watch({.stops = false});
  EXPECT_EQ(look(other, worse, 1, false), Verdict::go_on);
  EXPECT_EQ(look(other, worse, 2, false), Verdict::go_on);
  EXPECT_EQ(look(other, worse, 3, false), Verdict::too_fast);
  TrainingWatch third = scene.watch();
  EXPECT_EQ(look(third, worse, 1, true), Verdict::too_fast);  // and the last look
}

TEST(TrainingWatch, GoesOnFromItsState) {
  Scene scene;
  TrainingWatch watch = scene.watch();
  const Network network = scene.better(30);
  look(watch, network, 1, false), look(watch, network, 2, false);
  TrainingWatch again = scene.watch();
  again.restore(watch.state(), scene.start);
  EXPECT_EQ(again.state(), watch.state());
  EXPECT_EQ(again.best_network().w, network.w);
  EXPECT_EQ(look(again, network, 3, false), look(watch, network, 3, false));
  EXPECT_EQ(again.last().value, watch.last().value);
  EXPECT_THROW(TrainingWatch({}, scene.learned, scene.moments, scene.start, {}), BadInput);
}

PacedLearner paced(const Scene& scene, Pace pace, double rate, int epochs = 8) {
  return {pace,
          {.learned = std::make_shared<ArraySource>(scene.learned, 3),
           .moments = scene.moments,
           .some = scene.learned,
           .judged = scene.judged},
          scene.start,
          {.epochs = epochs, .batch = 20, .rate = rate, .threads = 1},
          5};
}

TEST(PacedLearner, GoesOnFromItsStateToTheSameBitsThroughHalvings) {
  const Scene scene;
  for (const double rate : {0.3, 2000.0}) {
    PacedLearner whole = paced(scene, Pace::watched, rate);
    int again = 0;
    while (!whole.finished()) again += !whole.step();
    EXPECT_EQ(again > 0, whole.rate() < rate);
    EXPECT_DOUBLE_EQ(whole.rate(), std::ldexp(rate, -again));
    std::optional<PacedLearner> parts(paced(scene, Pace::watched, rate));
    while (!parts->finished()) {
      const TrainingState state = parts->state();
      const auto pace = parts->pace();
      parts->step();  // gets further, and then goes on from where it was
      parts.emplace(paced(scene, Pace::watched, rate));
      parts->restore(state, pace);
      parts->step();
    }
    EXPECT_EQ(parts->network().w, whole.network().w);
    EXPECT_EQ(parts->state().chains.streams, whole.state().chains.streams);
    EXPECT_EQ(parts->pace(), whole.pace());
  }
}

TEST(PacedLearner, ARateThatIsTooLargeIsHalvedUnlessThePaceIsGiven) {
  const Scene scene;
  PacedLearner learner = paced(scene, Pace::watched, 2000);
  int again = 0;
  while (!learner.finished()) again += !learner.step();
  EXPECT_GT(again, 0);
  EXPECT_FALSE(learner.keeps_best());
  EXPECT_GE(learner.watch()->last().value,
            learner.watch()->before().value - 3 * learner.watch()->last().error);
  PacedLearner given = paced(scene, Pace::given, 2000, 1);
  EXPECT_EQ(given.watch(), nullptr);
  EXPECT_TRUE(given.pace().empty());
  EXPECT_THROW(given.step(), Diverged);
}

TEST(PacedLearner, KeepsTheBestWhereRowsSayHowLong) {
  const Scene scene;
  PacedLearner learner = paced(scene, Pace::chosen, 3, 0);
  while (!learner.finished()) learner.step();
  ASSERT_TRUE(learner.keeps_best());
  EXPECT_LT(learner.learner().epoch(), TrainingWatch::most_epochs);
  EXPECT_EQ(learner.network().w, learner.watch()->best_network().w);
  EXPECT_GT(learner.watch()->best().value, learner.watch()->before().value + 0.1);
}

}  // namespace
}  // namespace quartic
