// Learning from data: passes over the rows, estimators, an epoch of Newton.
#include <benchmark/benchmark.h>

#include "learn_fixtures.hpp"
#include "quartic/learn/likelihood.hpp"
#include "quartic/learn/pseudo_likelihood.hpp"
#include "quartic/learn/score_matching.hpp"
#include "quartic/learn/variational.hpp"

namespace quartic {
namespace {

constexpr std::array all_free{Freedom::free, Freedom::free, Freedom::free, Freedom::free};

/// An 8 x 8 king graph: 64 sites, 256 edges, 448 couplings.
struct Setting {
  std::shared_ptr<const Graph> graph = testing::lattice_graph("king", 8);
  Action truth = testing::inhomogeneous_action(graph, 1);
  ArraySource rows = testing::draw_data(truth, 16384, 2, 2);
  Parameters parameters{graph, all_free};
};
const Setting& setting() {
  static const Setting made;
  return made;
}

void count_rows(benchmark::State& state) {
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(setting().rows.rows()));
}

void moments(benchmark::State& state) {
  for (auto _ : state)
    benchmark::DoNotOptimize(DataMoments(setting().rows, setting().graph, {.threads = 1}).rows());
  count_rows(state);
}

void score_matching(benchmark::State& state) {
  for (auto _ : state) {
    const ScoreMatching matching(setting().rows, setting().graph, {.threads = 1});
    benchmark::DoNotOptimize(matching.fit(setting().parameters, setting().truth).theta.data());
  }
  count_rows(state);
}

void pseudo_likelihood(benchmark::State& state) {
  for (auto _ : state) {
    const PseudoLikelihood likelihood(setting().rows, setting().graph, {.threads = 1});
    benchmark::DoNotOptimize(likelihood.value(setting().truth).value);
  }
  count_rows(state);
}

void newton_epoch(benchmark::State& state) {
  SamplerOptions sampler;
  sampler.threads = 1;
  LikelihoodOptions options;
  options.pass.threads = 1, options.warm_up = 20;
  options.start = LikelihoodStart::given, options.stop_early = false;
  options.epochs = 1 << 30, options.max_draws = options.draws;
  LikelihoodLearner<float> learner(setting().rows, nullptr, setting().parameters, setting().truth,
                                   sampler, options, 1);
  learner.warm_up();
  for (auto _ : state) benchmark::DoNotOptimize(learner.step().gain);
}

/// A_4(g' = .25) with free couplings: an epoch of the local solver after its first step.
void local_epoch(benchmark::State& state) {
  const auto graph = testing::lattice_graph("square", static_cast<int>(state.range(0)));
  const std::vector<TermSpec> terms{{"nn", -1, {}, {}, {}},
                                    {"nnn", -0.25, {}, {}, {}},
                                    {"phi2", 1.52425, {}, {}, {}},
                                    {"phi4", 0.175, {}, {}, {}}};
  SamplerOptions sampler;
  sampler.threads = 1, sampler.chains = 256;
  VariationalOptions options;
  options.warm_up = 20, options.solver = Solver::local;
  options.stop_early = false, options.epochs = 1 << 30;
  using enum Freedom;
  VariationalLearner<float> learner(Target(terms, *graph), {graph, {free, frozen, free, free}},
                                    Action::uniform(graph, 1, 0, 1.5, 0.18), sampler, options, 1);
  learner.warm_up();
  learner.step();
  for (auto _ : state) benchmark::DoNotOptimize(learner.step().max_step);
  state.SetItemsProcessed(state.iterations() * graph->sites());
}

BENCHMARK(local_epoch)->Name("learn/local epoch")->Arg(16)->Arg(32)->Unit(benchmark::kMillisecond);
BENCHMARK(moments)->Name("learn/moments")->Unit(benchmark::kMillisecond);
BENCHMARK(score_matching)->Name("learn/score matching")->Unit(benchmark::kMillisecond);
BENCHMARK(pseudo_likelihood)->Name("learn/pseudo-likelihood")->Unit(benchmark::kMillisecond);
BENCHMARK(newton_epoch)->Name("learn/newton epoch")->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace quartic
