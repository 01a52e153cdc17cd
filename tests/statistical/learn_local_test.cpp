// Learning patch by patch, and its start by regression of the gradient.
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>
#include <vector>

#include "critical_point.hpp"
#include "exact_reference.hpp"
#include "learn/equilibrium_sample.hpp"
#include "learn/local_regression.hpp"
#include "learn/regression.hpp"
#include "learn/score_regression.hpp"
#include "learn_fixtures.hpp"
#include "quartic/core/error.hpp"
#include "quartic/learn/variational.hpp"

namespace quartic {
namespace {

using testing::lattice;
using enum Freedom;

std::vector<TermSpec> longer_range(double diagonal) {
  auto terms = critical_target();
  terms.push_back({"nnn", -diagonal, {}, {}, {}});
  return terms;
}

Action rough_start(const std::shared_ptr<const Graph>& graph) {
  Action start(graph);
  RandomStream random(1, Stream::check, 502);
  for (double& x : start.w) x = 0.2 + 0.4 * random.uniform();
  for (double& x : start.a) x = 1 + random.uniform();
  for (double& x : start.b) x = 0.1 + 0.3 * random.uniform();
  return start;
}

/// Terms that are an inhomogeneous action.
std::vector<TermSpec> as_terms(const Action& action) {
  return {{"edges", -1, {}, {}, action.w},
          {"phi", 1, {}, {}, action.r},
          {"phi2", 1, {}, {}, action.a},
          {"phi4", 1, {}, {}, action.b}};
}

Parameters even_couplings(const std::shared_ptr<const Graph>& graph) {
  return {graph, {free, frozen, free, free}};
}

/// Fields of an action, a few draws of many chains, with A - S of each.
struct Drawn {
  Drawn(const Action& action, const Target& target, int chains = 256, int draws = 4) {
    SamplerOptions options;
    options.chains = chains;
    Sampler<float> sampler(action, options, 5);
    sampler.warm_up(100);
    static_cast<FieldSamples<float>&>(samples) = collect(sampler, draws, 2);
    samples.difference =
        by_configuration(samples, draws, [&](const auto& block, std::span<double> difference) {
          std::vector<double> s(difference.size());
          target.evaluate(block, difference);
          evaluate_action(action, block, s);
          for (std::size_t n = 0; n < s.size(); ++n) difference[n] -= s[n];
        });
    densities = action_difference(SitePart::density, target, action, samples);
  }
  Samples<float> samples;
  SiteSamples densities;
};

double distance(const Action& start, const Action& target, const Parameters& parameters,
                const std::vector<double>& step) {
  const auto from = parameters.gather(start), to = parameters.gather(target);
  double largest = 0;
  for (std::size_t k = 0; k < step.size(); ++k)
    largest = std::max(largest, std::abs(from[k] + step[k] - to[k]));
  return largest;
}

TEST(ScoreRegression, MeetsAnInhomogeneousTargetInItsSpanInOneStep) {
  for (const char* name : {"square", "triangular"}) {
    const auto graph = lattice(name, 6);
    const Action wanted = testing::inhomogeneous_action(graph, 7), start = rough_start(graph);
    const Target target(as_terms(wanted), *graph);
    const Drawn drawn(start, target);
    const Parameters parameters(graph, {free, free, free, free});
    const auto step = score_step(drawn.samples, target, start, parameters);
    EXPECT_LT(distance(start, wanted, parameters, step), 2e-5) << name;
  }
}

TEST(ScoreRegression, TakesTiedAndFrozenCouplings) {
  const auto graph = lattice("square", 6);
  const Action wanted = critical_action(graph), start = Action::uniform(graph, 0.4, 0, 1.3, 0.175);
  const Target target(critical_target(), *graph);
  const Drawn drawn(start, target);
  const Parameters parameters(graph, {tied, frozen, free, frozen});
  const auto step = score_step(drawn.samples, target, start, parameters);
  EXPECT_LT(distance(start, wanted, parameters, step), 2e-5);
}

// <f dS/dphi> = <df/dphi> for every f (Stein): with f = phi_i, 1; with f = phi_i^3, 3 <phi_i^2>.
TEST(ScoreRegression, GradientsOfTheSampledActionObeySteinsIdentity) {
  const auto graph = lattice("square", 4);
  const Action action = critical_action(graph), none(graph);
  const Target target(as_terms(action), *graph);
  const Drawn drawn(action, target, 4096, 8);
  const auto slope = action_difference(SitePart::gradient, target, none, drawn.samples);
  const auto& samples = drawn.samples;
  std::vector<double> one(samples.chains()), three(samples.chains());
  for (int block = 0; block < samples.blocks; ++block)
    for (int draw = 0; draw < samples.draws; ++draw)
      for (int i = 0; i < samples.sites; ++i)
        for (int lane = 0; lane < samples.lanes; ++lane) {
          const double x = samples.block(draw, block).site(i)[lane];
          const double s = slope.site(
              i)[(static_cast<std::size_t>(block) * samples.draws + draw) * samples.lanes + lane];
          one[block * samples.lanes + lane] += x * s - 1;
          three[block * samples.lanes + lane] += x * x * (x * s - 3);
        }
  for (const auto& sums : {one, three}) {
    double mean = 0, square = 0;
    for (const double x : sums) mean += x / samples.chains(), square += x * x / samples.chains();
    EXPECT_LT(std::abs(mean), 4 * std::sqrt(square / samples.chains()));
  }
}

TEST(LocalRegression, IsTheWholeRegressionWhereAPatchHoldsTheGraph) {
  const auto graph = lattice("square", 4);
  const Action start = rough_start(graph);
  const Target target(longer_range(1), *graph);
  const Drawn drawn(start, target);
  const auto parameters = even_couplings(graph);
  Regression<float> whole(drawn.samples, parameters);
  const auto dense = whole.dense(0);
  const auto local =
      local_step(drawn.samples, drawn.densities, parameters, make_patches(parameters, 4), 0);
  for (std::size_t k = 0; k < dense.step.size(); ++k)
    EXPECT_NEAR(local.step[k], dense.step[k], 1e-5 * (1 + std::abs(dense.step[k])));
  EXPECT_NEAR(whole.significance(local), dense.significance, 0.2 * dense.significance);
  auto same = local;
  same.noise = dense.noise;
  const Estimate nothing = whole.gain(dense, same);
  EXPECT_NEAR(nothing.value, 0, 1e-6);
}

/// The step without the chains of one group.
std::vector<double> without_group(const Drawn& drawn, const Parameters& parameters, int group) {
  const Samples<float>& all = drawn.samples;
  const int lanes = all.lanes, groups = all.chains() / lanes;
  Samples<float> rest = all;
  rest.blocks = groups - 1;
  const auto size = static_cast<std::ptrdiff_t>(all.sites) * lanes;
  for (auto& fields : rest.fields)
    fields.erase(fields.begin() + group * size, fields.begin() + (group + 1) * size);
  const auto at = rest.difference.begin() + std::ptrdiff_t{group} * lanes * all.draws;
  rest.difference.erase(at, at + std::ptrdiff_t{lanes} * all.draws);
  return Regression<float>(rest, parameters).dense(0).step;
}

// To first order in the weight of a group, as the correction is: of 64 groups and 4096 samples for
// 144 couplings the second is a tenth of it or so.
TEST(LocalRegression, TellsBiasAndNoiseAsAJackknifeOverTheGroupsDoes) {
  const auto graph = lattice("square", 6);
  const Action start = rough_start(graph);
  const Target target(longer_range(0.5), *graph);
  const auto parameters = even_couplings(graph);
  const int groups = 64;
  const Drawn drawn(start, target, 64 * groups, 1);
  ASSERT_EQ(drawn.samples.blocks, groups);
  Regression<float> whole(drawn.samples, parameters);
  const auto dense = whole.dense(0);
  const auto local =
      local_step(drawn.samples, drawn.densities, parameters, make_patches(parameters, 6), 0);
  const std::size_t size = dense.step.size();
  std::vector<double> bias(size), mean(size);
  std::vector<std::vector<double>> left(groups);
  for (int g = 0; g < groups; ++g) {
    left[g] = without_group(drawn, parameters, g);
    for (std::size_t k = 0; k < size; ++k) mean[k] += left[g][k] / groups;
  }
  double size_of_bias = 0, off = 0, plain = 0, corrected = 0;
  for (std::size_t k = 0; k < size; ++k) {
    const double by_jackknife = (groups - 1) * (mean[k] - dense.step[k]);
    size_of_bias += by_jackknife * by_jackknife;
    off += std::pow(local.bias[k] - by_jackknife, 2);
    double squares[3] = {};
    for (int g = 0; g < groups; ++g) {
      squares[0] += std::pow(dense.noise[g * size + k], 2);
      squares[1] += std::pow(local.noise[g * size + k], 2);
      squares[2] += std::pow(left[g][k] - mean[k], 2) * (groups - 1) / groups;
    }
    plain += std::sqrt(squares[0] / squares[2]) / size;
    corrected += std::sqrt(squares[1] / squares[2]) / size;
  }
  EXPECT_LT(off, 0.1 * size_of_bias);
  EXPECT_LT(plain, 0.97);
  EXPECT_NEAR(corrected, 1, 0.2 * (1 - plain));
}

TEST(WholeRegression, MatrixFreeSolutionEqualsTheDenseOne) {
  const auto graph = lattice("square", 4);
  const Action start = rough_start(graph);
  const Target target(longer_range(0.5), *graph);
  const Drawn drawn(start, target);
  const auto parameters = even_couplings(graph);
  Regression<float> whole(drawn.samples, parameters);
  const auto dense = whole.dense(0), free_of_matrix = whole.matrix_free(0);
  for (std::size_t k = 0; k < dense.step.size(); ++k)
    EXPECT_NEAR(free_of_matrix.step[k], dense.step[k], 1e-6);
}

// Two sites a side and two edges around: 24 sites with a and b, 36 edges among them.
TEST(LocalRegression, PatchesShareTheSitesAndHoldWhatIsNear) {
  const auto graph = lattice("square", 10);
  const auto patches = make_patches(even_couplings(graph), 2);
  EXPECT_EQ(patches.most_couplings, 84);
  std::vector<int> times(graph->sites());
  for (const Patch& patch : patches.all) {
    EXPECT_EQ(patch.couplings.size(), 84U);
    for (const int site : patch.core) ++times[site];
  }
  EXPECT_EQ(times, std::vector<int>(graph->sites(), 1));
}

// Patches that end before the lattice does.
TEST(LocalRegression, MeetsAnInhomogeneousTargetInItsSpanInOneStep) {
  const auto graph = lattice("square", 10);
  const Action wanted = testing::inhomogeneous_action(graph, 7), start = rough_start(graph);
  const Target target(as_terms(wanted), *graph);
  const Drawn drawn(start, target);
  const Parameters parameters(graph, {free, free, free, free});
  const auto patches = make_patches(parameters, 2);
  ASSERT_LT(patches.most_couplings, parameters.size() / 3);
  const auto step = local_step(drawn.samples, drawn.densities, parameters, patches, 0).step;
  EXPECT_LT(distance(start, wanted, parameters, step), 1e-4);
}

// The slope of the sampled variance of D - step.f at the step, by differences of what is left over.
TEST(LocalRegression, LeavesTheLeastVariance) {
  const auto graph = lattice("square", 4);
  const Action start = rough_start(graph);
  const Target target(longer_range(0.5), *graph);
  const Drawn drawn(start, target);
  const auto parameters = even_couplings(graph);
  const auto step =
      local_step(drawn.samples, drawn.densities, parameters, make_patches(parameters, 4), 0).step;
  const FeatureStatistics<float> features(drawn.samples, parameters);
  const auto& d = drawn.samples.difference;
  const double mean = std::accumulate(d.begin(), d.end(), 0.0) / static_cast<double>(d.size());
  const auto left = [&](const std::vector<double>& theta) {
    const auto fit = features.project(theta);
    double sum = 0;
    for (std::size_t n = 0; n < d.size(); ++n) sum += std::pow(d[n] - mean - fit[n], 2) / d.size();
    return sum;
  };
  const double least = left(step);
  for (const int k : {0, 17, 40, 60}) {
    auto more = step, less = step;
    more[k] += 0.01, less[k] -= 0.01;
    EXPECT_GT(left(more), least);
    EXPECT_NEAR(left(more), left(less), 1e-3 * (left(more) - least)) << parameters.label(k);
  }
}

VariationalLearner<float> local_learner(const std::shared_ptr<const Graph>& graph,
                                        const std::vector<TermSpec>& terms,
                                        const VariationalOptions& options, int threads = 0) {
  SamplerOptions sampler;
  sampler.chains = 512, sampler.threads = threads;
  return {Target(terms, *graph), even_couplings(graph), rough_start(graph), sampler, options, 3};
}

/// Var(A - S) a site in the last epoch.
double learn(VariationalLearner<float>& learner, LearnRow& last) {
  learner.warm_up();
  while (!learner.finished()) last = learner.step();
  return last.action_variance.value / learner.sampler().sites();
}

// Couplings of a homogeneous target are all equal; what is learned of them scatters by its error.
TEST(LearnLocally, MeetsALongerRangeTargetAsWellAsOnASmallLattice) {
  const auto small = lattice("square", 8), large = lattice("square", 16);
  auto whole = local_learner(small, longer_range(0.25), {});
  auto local = local_learner(large, longer_range(0.25), {});
  LearnRow of_whole, of_local;
  const double wanted = learn(whole, of_whole), found = learn(local, of_local);
  EXPECT_EQ(of_whole.solver, "dense");
  EXPECT_EQ(of_local.solver, "local");
  EXPECT_EQ(local.reason(), StopReason::converged);
  EXPECT_LT(found, 1.1 * wanted);
  EXPECT_LT(of_local.wider_gain.value, 0.02 * of_local.action_variance.value);
  const auto mean_of = [](const std::vector<double>& x) {
    return std::accumulate(x.begin(), x.end(), 0.0) / static_cast<double>(x.size());
  };
  const Action &one = whole.action(), &other = local.action();
  EXPECT_NEAR(mean_of(other.w), mean_of(one.w), 0.02);
  EXPECT_NEAR(mean_of(other.a), mean_of(one.a), 0.05);
  EXPECT_NEAR(mean_of(other.b), mean_of(one.b), 0.005);
  const auto theta = local.theta();
  for (const auto kind : {CouplingKind::w, CouplingKind::a, CouplingKind::b}) {
    const auto& parameters = local.parameters();
    const double mean = mean_of(other.couplings(kind));
    double square = 0;
    const int begin = parameters.begin(kind), end = parameters.end(kind);
    for (int k = begin; k < end; ++k)
      square += std::pow((theta[k] - mean) / local.theta_error()[k], 2) / (end - begin);
    EXPECT_GT(std::sqrt(square), 0.75) << name(kind);
    EXPECT_LT(std::sqrt(square), 1.3) << name(kind);
  }
}

// A radius of 1 is too short for diagonal pairs. Held there, the run says so; else it goes on.
TEST(LearnLocally, WidensUntilThatGainsNothing) {
  const auto graph = lattice("square", 10);
  VariationalOptions narrow;
  narrow.solver = Solver::local, narrow.radius = 1;
  auto held = local_learner(graph, longer_range(0.25), narrow);
  LearnRow of_held, last;
  const double before = learn(held, of_held);
  EXPECT_EQ(of_held.radius, 1);
  EXPECT_GT(of_held.wider_gain.value, 5 * of_held.wider_gain.error);
  EXPECT_GT(of_held.wider_gain.value, 0.1 * of_held.action_variance.value / 2);
  VariationalOptions free_radius;
  free_radius.solver = Solver::local;
  auto state = held.state();
  state.quiet_epochs = 2;
  auto learner = local_learner(graph, longer_range(0.25), free_radius);
  learner.restore(state);
  while (!learner.finished()) last = learner.step();
  EXPECT_EQ(learner.reason(), StopReason::converged);
  EXPECT_GT(last.radius, 1);
  EXPECT_LT(last.action_variance.value / graph->sites(), before / 10);
  EXPECT_LT(last.wider_gain.value,
            std::max(2 * last.wider_gain.error, 0.01 * last.action_variance.value / 2));
}

TEST(LearnLocally, SameBitsForAnyNumberOfThreadsAndAfterARestart) {
  const auto graph = lattice("square", 10);
  VariationalOptions options;
  options.solver = Solver::local, options.stop_early = false, options.epochs = 6;
  const auto make = [&](int threads) {
    return local_learner(graph, longer_range(0.25), options, threads);
  };
  auto whole = make(1), first = make(2), second = make(1);
  whole.warm_up(), first.warm_up();
  for (int k = 0; k < 6; ++k) whole.step();
  for (int k = 0; k < 3; ++k) first.step();
  second.restore(first.state());
  for (int k = 0; k < 3; ++k) second.step();
  EXPECT_EQ(whole.theta(), second.theta());
  EXPECT_EQ(whole.theta_error(), second.theta_error());
  EXPECT_EQ(whole.state().sampler.phi, second.state().sampler.phi);
  EXPECT_EQ(whole.state().radius, second.state().radius);
}

TEST(LearnLocally, IsChosenWhereItCanBeAndPays) {
  const auto small = lattice("square", 8), large = lattice("square", 16);
  const auto chosen = [](const std::shared_ptr<const Graph>& graph,
                         const std::vector<TermSpec>& terms, const Parameters& parameters,
                         double samples = 8192) {
    return chosen_solver({}, Target(terms, *graph), parameters, samples);
  };
  const auto terms = longer_range(1);
  EXPECT_EQ(chosen(small, terms, even_couplings(small)), Solver::dense);
  EXPECT_EQ(chosen(large, terms, even_couplings(large)), Solver::local);
  EXPECT_EQ(chosen(large, terms, {large, {tied, frozen, free, free}}), Solver::dense);
  EXPECT_EQ(chosen(large, terms, even_couplings(large), 256), Solver::dense);
  auto opaque = terms;
  opaque.push_back({"function", 1, {}, {}, {}});
  opaque.back().function.value = [](FieldBlock<const double>, std::span<double> out) {
    std::fill(out.begin(), out.end(), 0.0);
  };
  EXPECT_EQ(chosen(large, opaque, even_couplings(large)), Solver::dense);
  opaque.back().function.densities = [](FieldBlock<const double> phi, FieldBlock<double> out) {
    std::fill_n(out.data, phi.sites * phi.lanes, 0.0);
  };
  EXPECT_EQ(chosen(large, opaque, even_couplings(large)), Solver::local);
  opaque.back().function.densities = [](FieldBlock<const double> phi, FieldBlock<double> out) {
    for (int i = 0; i < phi.sites; ++i)  // upside down
      for (int lane = 0; lane < phi.lanes; ++lane)
        out.site(phi.sites - 1 - i)[lane] = std::pow(phi.site(i)[lane], 2);
  };
  EXPECT_EQ(chosen(large, opaque, even_couplings(large)), Solver::dense);
  VariationalOptions wanted;
  wanted.solver = Solver::local;
  SamplerOptions sampler;
  EXPECT_THROW(VariationalLearner<float>(Target(terms, *large), {large, {tied, frozen, free, free}},
                                         rough_start(large), sampler, wanted, 1),
               BadInput);
}

}  // namespace
}  // namespace quartic
