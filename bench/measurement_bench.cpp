// What a measurement adds to a sweep on a nearly critical square lattice, 64 chains, one core:
// nanoseconds a site and chain as the counter ns_per_site. `sweep` is the independence pass alone.
#include <benchmark/benchmark.h>

#include <memory>
#include <vector>

#include "quartic/graph/lattice.hpp"
#include "quartic/mcmc/sampler.hpp"
#include "quartic/stats/measurement.hpp"
#include "stats/lattice_fourier.hpp"
#include "stats/local_sums.hpp"

namespace quartic {
namespace {

constexpr int chains = 64;

Action bal_action(int extent, bool homogeneous) {
  Action action = Action::uniform(
      std::make_shared<Graph>(make_lattice({"square", {extent, extent}, {true, true}})), 1, 0,
      1.52425, 0.175);
  if (!homogeneous) action.w[0] = 0.99;
  return action;
}

Sampler<float> equilibrated(const Action& action) {
  SamplerOptions options;
  options.chains = chains, options.threads = 1, options.reflections = 1;
  Sampler<float> sampler(action, options, 1);
  sampler.sweep(50);
  return sampler;
}

template <class Work>
void measure(benchmark::State& state, Work&& work) {
  for (auto _ : state) work();
  const double extent = static_cast<double>(state.range(0));
  state.counters["ns_per_site"] =
      benchmark::Counter(static_cast<double>(state.iterations()) * extent * extent * chains * 1e-9,
                         benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

void sweep(benchmark::State& state) {
  auto sampler = equilibrated(bal_action(static_cast<int>(state.range(0)), true));
  measure(state, [&] { sampler.sweep(); });
}

void sums(benchmark::State& state, bool homogeneous) {
  const Action action = bal_action(static_cast<int>(state.range(0)), homogeneous);
  const auto sampler = equilibrated(action);
  const LocalSums wanted(action);
  std::vector<double> out(static_cast<std::size_t>(wanted.size()) * chains);
  measure(state, [&] {
    for (int k = 0; k < sampler.blocks(); ++k)
      local_sums(wanted, sampler.block(k), out.data() + k * wanted.size() * sampler.lanes());
    benchmark::DoNotOptimize(out.data());
  });
}

void add(benchmark::State& state, int spectrum_interval) {
  const Action action = bal_action(static_cast<int>(state.range(0)), true);
  const auto sampler = equilibrated(action);
  Measurement measurement(action, chains);
  measurement.set_spectrum_interval(spectrum_interval);
  measure(state, [&] { measurement.add(sampler); });
}

void fourier(benchmark::State& state) {
  const Action action = bal_action(static_cast<int>(state.range(0)), true);
  const auto sampler = equilibrated(action);
  std::vector<double> power(static_cast<std::size_t>(sampler.sites()) * chains);
  measure(state, [&] {
    for (int k = 0; k < sampler.blocks(); ++k)
      add_power(action.graph->lattice()->extent, sampler.block(k), 1, power);
  });
}

BENCHMARK(sweep)->Arg(8)->Arg(64);
BENCHMARK_CAPTURE(sums, homogeneous, true)->Arg(8)->Arg(64);
BENCHMARK_CAPTURE(sums, inhomogeneous, false)->Arg(64);
BENCHMARK_CAPTURE(add, without_spectra, 0)->Arg(8)->Arg(64);
BENCHMARK_CAPTURE(add, as_by_default, 8)->Arg(8)->Arg(64);
BENCHMARK(fourier)->Arg(8)->Arg(64)->Arg(256);

}  // namespace
}  // namespace quartic
