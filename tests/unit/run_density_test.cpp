// The choice of a density on held-out rows: beats a Gaussian where there is more to see, never
// falls below it, the same bits for any threads.
#include <gtest/gtest.h>

#include <cmath>
#include <numbers>
#include <span>
#include <string>
#include <vector>

#include "quartic/core/data_source.hpp"
#include "quartic/core/error.hpp"
#include "quartic/core/random.hpp"
#include "quartic/data/gaussian_density.hpp"
#include "quartic/network/exact.hpp"
#include "quartic/run/density_learner.hpp"
#include "quartic/run/learning_way.hpp"

namespace quartic {
namespace {

/// Correlation .95; with `clusters` two of them, apart in the narrow direction.
std::vector<double> sample_rows(int count, bool clusters, std::uint64_t number) {
  std::vector<double> out;
  RandomStream random(17, Stream::fields, number);
  for (int n = 0; n < count; ++n) {
    const double x = random.normal(), y = 0.31 * random.normal();
    const double shift = clusters ? (random.uniform() < 0.4 ? 1.5 : -1.5) : 0;
    out.push_back(10 + x + y + shift), out.push_back(x - y - shift), out.push_back(x);
  }
  return out;
}

double mean(const std::vector<double>& values) {
  double sum = 0;
  for (const double x : values) sum += x / static_cast<double>(values.size());
  return sum;
}

double score(const DensityFit& fit, const std::vector<double>& rows) {
  return mean(log_densities(fit.network, fit.log_z, fit.scaling, rows));
}

/// Entropies: of x, of y and of the two clusters, times the volume |d(row) / d(x, y, noise)|.
TEST(DensityLearner, GaussianRowsScoreLikeTheirGaussian) {
  std::vector<double> rows, others;
  for (const int which : {1, 2}) {
    auto& to = which == 1 ? rows : others;
    to = sample_rows(600, false, which);
    RandomStream random(5, Stream::fields, which);
    for (std::size_t n = 2; n < to.size(); n += 3) to[n] += 0.1 * random.normal();
  }
  const DensityFit fit = learn_density(rows, 3, {.hidden_units = 6, .rounds = 20, .threads = 2}, 1);
  // ln p = - sum of the entropies of x, .31 y and .1 z, with |det| = 2 for (x + y, x - y).
  const double truth = -1.5 * std::log(2 * std::numbers::pi * std::numbers::e) - std::log(0.31) -
                       std::log(0.1) - std::log(2.0);
  EXPECT_NEAR(score(fit, others), truth, 0.12);  // 9 couplings of 600 rows, 600 rows to test
  EXPECT_NEAR(fit.choice.held_out.value, truth, 5 * fit.choice.held_out.error);
}

TEST(DensityLearner, FindsClustersThatAGaussianMisses) {
  std::vector<double> rows = sample_rows(600, true, 3), others = sample_rows(600, true, 4);
  RandomStream random(5, Stream::fields, 9);
  for (auto* some : {&rows, &others})
    for (std::size_t n = 2; n < some->size(); n += 3) (*some)[n] += 0.1 * random.normal();
  const DensityFit fit = learn_density(rows, 3, {.hidden_units = 6, .rounds = 40, .threads = 2}, 1);
  const double share = -0.4 * std::log(0.4) - 0.6 * std::log(0.6);
  const double truth = -1.5 * std::log(2 * std::numbers::pi * std::numbers::e) - std::log(0.31) -
                       std::log(0.1) - std::log(2.0) - share;
  EXPECT_GT(score(fit, others), truth - 0.2);
  EXPECT_LT(score(fit, others), truth + 0.15);
  EXPECT_GT(fit.choice.iterations, 0);
}

TEST(DensityLearner, FewRowsGetTheShrunkGaussian) {
  // 40 rows of 10 independent columns: the Gaussian of their own covariance overfits by nats.
  std::vector<double> rows, others;
  RandomStream random(8, Stream::fields, 0);
  for (int k = 0; k < 400; ++k) rows.push_back(random.normal());
  for (int k = 0; k < 4000; ++k) others.push_back(random.normal());
  const DensityFit fit = learn_density(rows, 10, {.rounds = 20, .threads = 2}, 1);
  const double truth = -5 * std::log(2 * std::numbers::pi * std::numbers::e);
  EXPECT_GT(score(fit, others), truth - 1);
}

TEST(DensityLearner, DependentColumnsAreNotWhitened) {
  auto rows = sample_rows(100, false, 6);  // the third is half the sum of the others, but for 10
  for (std::size_t n = 2; n < rows.size(); n += 3) rows[n] = rows[n - 2] - rows[n - 1];
  const DensityFit fit = learn_density(rows, 3, {.hidden_units = 2, .rounds = 4}, 1);
  EXPECT_LE(fit.choice.candidates.size(), 3u);
  EXPECT_TRUE(fit.scaling.rotation.empty() || fit.scaling.method == ScalingMethod::power_whiten);
  EXPECT_THROW(
      learn_density(rows, 3, {.hidden_units = 2, .scalings = {ScalingMethod::whiten}, .rounds = 4},
                    1),
      BadInput);
}

TEST(DensityLearner, SameBitsForAnyNumberOfThreads) {
  const auto rows = sample_rows(200, true, 5);
  std::vector<double> first_two;  // the third column is the first two's sum
  for (std::size_t n = 0; n < rows.size(); n += 3)
    first_two.push_back(rows[n]), first_two.push_back(rows[n + 1]);
  const auto learned = [&](int threads) {
    return learn_density(first_two, 2, {.hidden_units = 4, .rounds = 6, .threads = threads}, 3);
  };
  const DensityFit one = learned(1), many = learned(3);
  EXPECT_EQ(one.network.w, many.network.w);
  EXPECT_EQ(one.choice.chosen, many.choice.chosen);
  EXPECT_EQ(one.choice.candidates[0].held_out, many.choice.candidates[0].held_out);
}

/// In the race and after it.
TEST(DensityLearner, GoesOnFromItsStateToTheSameBits) {
  const auto rows = sample_rows(150, true, 7);
  std::vector<double> first_two;
  for (std::size_t n = 0; n < rows.size(); n += 3)
    first_two.push_back(rows[n]), first_two.push_back(rows[n + 1]);
  const DensityOptions options{.hidden_units = 3, .rounds = 6, .threads = 1};
  const DensityFit whole = learn_density(first_two, 2, options, 3);
  DensityLearner learner(first_two, 2, options, 3);
  int restarts = 0;
  for (; !learner.finished(); ++restarts) {
    const auto state = learner.state();
    learner.step();  // it gets further, and then begins again from where it was
    learner = DensityLearner(first_two, 2, options, 3);
    learner.restore(state);
    EXPECT_EQ(learner.state(), state);
    learner.step();
  }
  EXPECT_GT(restarts, 6);  // there are rounds with all rows, too
  EXPECT_EQ(learner.fit().network.w, whole.network.w);
  EXPECT_EQ(learner.fit().log_z, whole.log_z);
  EXPECT_EQ(learner.choice().held_out.value, whole.choice.held_out.value);
  auto cut = learner.state();
  cut.pop_back();
  EXPECT_THROW(learner.restore(cut), BadInput);
}

/// What a file holds may have been edited: no number in it leads out of a list, or to work without
/// end.
void expect_edits_survived(const std::vector<double>& rows, const DensityOptions& options,
                           int steps) {
  const auto learner_at = [&](const std::vector<double>& state) {
    DensityLearner learner(rows, 2, options, 3);
    learner.restore(state);
    return learner;
  };
  DensityLearner learner(rows, 2, options, 3);
  for (int k = 0; k < steps && !learner.finished(); ++k) learner.step();
  const auto good = learner.state();
  int refused = 0, taken = 0;
  const std::vector<double> all{-1, 0.5, 3, 1e9, 1e300, std::nan("")};
  for (std::size_t k = 0; k < good.size(); ++k) {
    const bool counts = good[k] == std::round(good[k]);  // a size, a number, a flag
    for (const double odd : counts ? all : std::vector<double>{all[k % all.size()]}) {
      auto state = good;
      state[k] = odd;
      try {
        DensityLearner edited = learner_at(state);
        edited.step();
        edited.choice();
        if (edited.finished()) edited.fit();
        ++taken;
      } catch (const BadInput&) {
        ++refused;
      }
    }
  }
  EXPECT_GT(refused, 50);
  EXPECT_GT(taken, 50);
}

TEST(DensityLearner, AStateWithAnyNumberChangedIsRefusedOrGoesOn) {
  const auto sampled = sample_rows(40, true, 7);
  std::vector<double> rows;
  for (std::size_t n = 0; n < sampled.size(); n += 3)
    rows.push_back(sampled[n]), rows.push_back(sampled[n + 1]);
  DensityOptions options{.hidden_units = 1, .gates = false, .folds = 2, .rounds = 3, .threads = 1};
  options.scalings = {ScalingMethod::standardise, ScalingMethod::whiten};
  expect_edits_survived(rows, options, 1);  // in the race
  expect_edits_survived(rows, options, 4);  // after it
  options.hidden = Unit::quartic;           // integrated over boxes
  options.scalings = {ScalingMethod::standardise};
  expect_edits_survived(rows, options, 1);
}

TEST(DensityLearner, ColumnsThatHardlyEverVaryAreNamed) {
  auto rows = sample_rows(100, false, 6);
  for (std::size_t n = 2; n < rows.size(); n += 3) rows[n] = n == 5 ? 1 : 0;
  try {
    learn_density(rows, 3, {.hidden_units = 2, .rounds = 2}, 1);
    FAIL() << "a column that differs in one row";
  } catch (const BadInput& error) {
    EXPECT_NE(std::string(error.what()).find("column 2 differs from 0 in 1 of 100 rows"),
              std::string::npos)
        << error.what();
  }
}

TEST(DensityLearner, UnscaledColumnsFarFromZeroAreRefused) {
  auto rows = sample_rows(100, true, 6);
  for (std::size_t n = 1; n < rows.size(); n += 3) rows[n] = 5e4 + 1e3 * rows[n];
  const DensityOptions none{.hidden_units = 2, .scalings = {ScalingMethod::none}, .rounds = 2};
  try {
    learn_density(rows, 3, none, 1);
    FAIL() << "a column 25 spreads from 0";
  } catch (const BadInput& error) {
    EXPECT_NE(std::string(error.what()).find("column 1 lies"), std::string::npos) << error.what();
  }
}

TEST(DensityLearner, StopsWithinARound) {
  const auto rows = sample_rows(150, true, 7);
  DensityLearner learner(rows, 3, {.scalings = {ScalingMethod::standardise}, .threads = 2}, 3);
  const auto state = learner.state();
  int asked = 0;
  EXPECT_THROW(learner.step([&](double) { return ++asked < 3; }), Interrupted);
  learner.restore(state);
  learner.step();
  EXPECT_EQ(learner.rounds(), 1);
}

TEST(DensityLearner, BitsAndRefusals) {
  std::vector<double> bits;
  RandomStream random(3, Stream::fields, 0);
  for (int n = 0; n < 400; ++n) {
    const double x = random.uniform() < 0.5 ? 1 : 0;
    for (int i = 0; i < 3; ++i) bits.push_back(random.uniform() < 0.9 ? x : 1 - x);
  }
  const DensityOptions binary{.visible = Unit::binary, .hidden_units = 3, .rounds = 20};
  const DensityFit fit = learn_density(bits, 3, binary, 1);
  EXPECT_FALSE(fit.network.gated());
  // Three columns that copy one bit with errors of a tenth.
  double truth = 0;
  for (int same = 0; same <= 3; ++same) {
    const double a = std::pow(0.9, same) * std::pow(0.1, 3 - same),
                 b = std::pow(0.1, same) * std::pow(0.9, 3 - same), p = (a + b) / 2;
    const double states[] = {1, 3, 3, 1};
    truth += states[same] * p * std::log(p);
  }
  EXPECT_NEAR(score(fit, bits), truth, 0.1);
  EXPECT_THROW(learn_density(std::vector<double>(9, 1.0), 3, {}, 1), BadInput);
  EXPECT_THROW(learn_density(bits, 3, {.hidden_units = 30}, 1), BadInput);
  const auto stop = [](double) { return false; };
  EXPECT_THROW(learn_density(bits, 3, binary, 1, stop), Interrupted);
}

TEST(DensityLearner, WithoutRoundsItTellsScalingsApartByUnitsAlone) {
  auto rows = sample_rows(300, false, 11);
  RandomStream random(5, Stream::fields, 3);
  for (std::size_t n = 2; n < rows.size(); n += 3) rows[n] += 0.1 * random.normal();
  DensityLearner learner(rows, 3, {.hidden_units = 1, .rounds = 0, .threads = 1}, 1);
  EXPECT_TRUE(learner.finished());
  const DensityFit fit = learner.fit();
  EXPECT_FALSE(fit.scaling.rotation.empty());
  EXPECT_EQ(fit.network.w, std::vector<double>(3, 0.0));
  EXPECT_GT(score(fit, rows), -1.5 * std::log(2 * std::numbers::pi * std::numbers::e) -
                                  std::log(0.31) - std::log(0.1) - std::log(2.0) - 0.15);
}

/// Of Cauchy's distribution, whose ln p rises by nats for as long as one likes, and by its error's
/// hundredth for no longer.
TEST(DensityLearner, TailsThatOneRowDecidesAreNotWaitedFor) {
  RandomStream random(5, Stream::fields, 4);
  std::vector<double> rows;
  for (int k = 0; k < 2 * 120; ++k) rows.push_back(random.normal() / random.normal());
  DensityLearner learner(rows, 2, {.hidden_units = 3, .threads = 1}, 1);
  while (!learner.finished()) learner.step();
  EXPECT_LT(learner.rounds(), 150);
}

/// Of Gaussian rows units alone are better than ten iterations from a random start.
TEST(DensityLearner, OneRoundKnowsNothingOfHowLong) {
  const auto rows = sample_rows(300, false, 12);
  std::vector<double> first_two;
  for (std::size_t n = 0; n < rows.size(); n += 3)
    first_two.push_back(rows[n]), first_two.push_back(rows[n + 1]);
  const auto best = [&](int rounds) {
    DensityOptions o{.hidden_units = 4, .rounds = rounds, .threads = 1};
    o.scalings = {ScalingMethod::whiten};
    return learn_density(first_two, 2, o, 1).choice.best();
  };
  EXPECT_EQ(best(1).best, 0);
  EXPECT_TRUE(best(1).improving);
  EXPECT_FALSE(best(150).improving);
}

/// Where the further units have no couplings; three small ones' ln Z is a sum of 8 terms.
TEST(ChainStart, AGrownNetworkIsTheSmallOne) {
  RandomStream random(4, Stream::fields, 0);
  Network small(Layer(Unit::quartic, 4), Layer(Unit::spin, 3));
  for (auto* list : {&small.w, &small.visible.r, &small.hidden.r})
    for (double& x : *list) x = random.normal();
  const Network wide = grown(small, Network(Layer(Unit::quartic, 4), Layer(Unit::spin, 7)));
  std::vector<double> rows(40);
  for (double& x : rows) x = random.normal();
  const auto one = log_densities(small, exact_log_z(small), {}, rows, 1),
             other = log_densities(wide, exact_log_z(wide), {}, rows, 1);
  for (std::size_t n = 0; n < one.size(); ++n) EXPECT_NEAR(one[n], other[n], 1e-9);
  EXPECT_THROW(grown(wide, small), BadInput);
  EXPECT_THROW(grown(small, Network(Layer(Unit::quartic, 4), Layer(Unit::binary, 7))), BadInput);
  Network gated(Layer(Unit::quartic, 4), Layer(Unit::spin, 7));
  gated.u.assign(gated.w.size(), 0.1);
  EXPECT_THROW(grown(small, gated), BadInput);
}

TEST(ChainStart, IsTheDensityOrItsUnitsAlone) {
  const auto rows = sample_rows(200, true, 13);
  std::vector<double> first_two;
  for (std::size_t n = 0; n < rows.size(); n += 3)
    first_two.push_back(rows[n]), first_two.push_back(rows[n + 1]);
  DensityOptions o = start_options({.hidden_units = 30, .columns = 2}, DensityOptions{}.scalings);
  o.rounds = 30, o.threads = 1;
  const DensityFit fit = learn_density(first_two, 2, o, 3);
  ASSERT_GT(fit.choice.best().best, 0);
  std::vector<double> model = first_two;
  fit.scaling.to_model(std::span(model), 2);
  const ColumnMoments moments =
      column_moments(ArraySource(std::vector<float>(model.begin(), model.end()), 2));
  const Network start = chain_start(fit, Unit::binary, 30, moments, 1);
  const int small = fit.network.hidden.size();
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(start.w[30 * i], fit.network.w[small * i]);
    EXPECT_NE(start.w[30 * i + small], 0);
    EXPECT_LT(std::abs(start.w[30 * i + small]), 0.1);
  }
  EXPECT_EQ(start.visible.b, fit.network.visible.b);
  const Network other = chain_start(fit, Unit::quartic, 9, moments, 1);
  EXPECT_EQ(other.visible.a, fit.network.visible.a);
  EXPECT_EQ(other.hidden.size(), 9);
}

TEST(LearningWay, IsExactWhereLnZIsAndBeginsSoWhereColumnsAreReal) {
  using enum Unit;
  using enum LearningWay;
  const auto way = [](Unit visible, Unit hidden, int units, std::size_t columns, bool noisy) {
    return learning_way({visible, hidden, units, columns, noisy});
  };
  EXPECT_EQ(way(quartic, binary, 14, 9, false), exactly);
  EXPECT_EQ(way(binary, spin, 0, 900, false), exactly);
  EXPECT_EQ(way(quartic, binary, 40, 2, true), exactly);
  EXPECT_EQ(way(gaussian, gaussian, 500, 900, false), exactly);
  EXPECT_EQ(way(quartic, binary, 15, 9, false), chains_from_exact);
  EXPECT_EQ(way(gaussian, quartic, 0, 9, false), chains_from_exact);
  EXPECT_EQ(way(quartic, binary, 15, 9, true), chains);
  EXPECT_EQ(way(binary, binary, 15, 9, false), chains);
  EXPECT_EQ(way(quartic, binary, 64, 1024, false), chains_from_exact);
  EXPECT_EQ(way(quartic, binary, 64, 1025, false), chains);
}

TEST(GaussianDensity, IsComparedWithRowByRow) {
  auto rows = sample_rows(200, false, 14);
  RandomStream random(5, Stream::fields, 4);
  for (std::size_t n = 2; n < rows.size(); n += 3) rows[n] += 0.1 * random.normal();
  const auto gaussian = gaussian_log_density(rows, rows, 3);
  auto levels = gaussian;
  for (std::size_t n = 0; n < levels.size(); ++n) levels[n] += n % 2 == 0 ? 1 : 3;
  const auto above = above_gaussian(levels, {0.5, 0.1}, rows, rows, 3);
  ASSERT_TRUE(above);
  EXPECT_NEAR(above->value, 1.5, 1e-12);
  EXPECT_NEAR(above->error, std::hypot(1 / std::sqrt(199.0), 0.1), 1e-12);
  EXPECT_FALSE(below_gaussian({-0.29, 0.1}));
  EXPECT_TRUE(below_gaussian({-0.31, 0.1}));
  EXPECT_FALSE(below_gaussian({-0.009, 0}));
  auto dependent = rows;
  for (std::size_t n = 2; n < dependent.size(); n += 3) dependent[n] = dependent[n - 1];
  EXPECT_FALSE(above_gaussian(levels, {0.5, 0.1}, dependent, dependent, 3));
}

}  // namespace
}  // namespace quartic
