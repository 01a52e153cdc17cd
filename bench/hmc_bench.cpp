// Hybrid Monte Carlo at w = 1, a = 1.52425, b = 0.175, 64 chains in lanes, one core: nanoseconds a
// site and chain of one trajectory of unit length, and its acceptance.
#include <benchmark/benchmark.h>

#include <memory>

#include "mcmc/hmc_move.hpp"
#include "quartic/core/random.hpp"
#include "quartic/graph/lattice.hpp"

namespace quartic {
namespace {

void trajectory(benchmark::State& state, Integrator integrator) {
  constexpr int lanes = 64;
  const int extent = static_cast<int>(state.range(0)), steps = static_cast<int>(state.range(1));
  const auto graph =
      std::make_shared<Graph>(make_lattice({"square", {extent, extent}, {true, true}}));
  SweepTable<float> table(*graph);
  table.set(Action::uniform(graph, 1, 0, 1.52425, 0.175));
  HmcScratch<float> scratch;
  AlignedVector<float> phi(static_cast<std::size_t>(graph->sites()) * lanes);
  AlignedVector<std::uint32_t> words(4 * lanes);
  for (int lane = 0; lane < lanes; ++lane) {
    const auto seed = seed_stream(1, Stream::fields, static_cast<std::uint64_t>(lane));
    for (int k = 0; k < 4; ++k) words[k * lanes + lane] = seed[k];
  }
  const SweepBlock<float> block{&table, 1, phi.data(), words.data(), lanes, 1};
  for (int k = 0; k < 50; ++k) independence_sweep(block);
  double accepted = 0;
  for (auto _ : state) accepted += hmc_sweep(block, scratch, steps, 1.0 / steps, integrator);
  const double chains = static_cast<double>(state.iterations()) * lanes;
  state.counters["ns_per_site"] = benchmark::Counter(
      chains * graph->sites() * 1e-9, benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
  state.counters["acceptance"] = accepted / chains;
}

BENCHMARK_CAPTURE(trajectory, leapfrog, Integrator::leapfrog)->Args({8, 4})->Args({64, 8});
BENCHMARK_CAPTURE(trajectory, omelyan, Integrator::omelyan)->Args({8, 2})->Args({64, 4});

}  // namespace
}  // namespace quartic
