// Local moves at the nearly critical point (w = 1, a = 1.52425, b = 0.175), 64 chains in lanes, one
// core: nanoseconds a site and chain as the counter ns_per_site.
#include <benchmark/benchmark.h>

#include <memory>
#include <string>

#include "mcmc/local_moves.hpp"
#include "quartic/core/aligned.hpp"
#include "quartic/core/random.hpp"
#include "quartic/graph/lattice.hpp"

namespace quartic {
namespace {

template <class T>
struct Fixture {
  static constexpr int lanes = 64;
  SweepTable<T> table;
  AlignedVector<T> phi;
  AlignedVector<std::uint32_t> words;

  explicit Fixture(const Action& action)
      : table(*action.graph),
        phi(static_cast<std::size_t>(action.graph->sites()) * lanes),
        words(4 * lanes) {
    table.set(action);
    for (int lane = 0; lane < lanes; ++lane) {
      const auto seed = seed_stream(1, Stream::fields, static_cast<std::uint64_t>(lane));
      for (int k = 0; k < 4; ++k) words[k * lanes + lane] = seed[k];
    }
    heat_bath_sweep(block(0));
    for (int k = 0; k < 50; ++k) independence_sweep(block(1));
  }
  SweepBlock<T> block(T scale) { return {&table, scale, phi.data(), words.data(), lanes, 1}; }
};

template <class T>
using Move = double (*)(const SweepBlock<T>&);

template <class T>
void sweep(benchmark::State& state, Move<T> move, double a, double b) {
  const int extent = static_cast<int>(state.range(0));
  const auto graph =
      std::make_shared<Graph>(make_lattice({"square", {extent, extent}, {true, true}}));
  Fixture<T> fixture(Action::uniform(graph, 1, 0, a, b));
  double accepted = 0;
  for (auto _ : state) accepted += move(fixture.block(1));
  const double updates =
      static_cast<double>(state.iterations()) * extent * extent * Fixture<T>::lanes;
  state.counters["ns_per_site"] =
      benchmark::Counter(updates * 1e-9, benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
  state.counters["acceptance"] = accepted / updates;
}

template <class T>
bool add(const std::string& name, Move<T> move) {
  using benchmark::RegisterBenchmark;
  const auto run = [=](double a, double b) {
    return [=](benchmark::State& state) { sweep<T>(state, move, a, b); };
  };
  RegisterBenchmark((name + "/critical").c_str(), run(1.52425, 0.175))->Arg(8)->Arg(64);
  RegisterBenchmark((name + "/double_well").c_str(), run(-2.0, 0.3))->Arg(64);
  return true;
}

[[maybe_unused]] const bool added =
    add<float>("independence", independence_sweep) && add<float>("reflection", reflection_sweep) &&
    add<float>("metropolis", metropolis_sweep) && add<float>("heat_bath", heat_bath_sweep) &&
    add<float>("flip", flip_sweep) && add<double>("independence_float64", independence_sweep);

}  // namespace
}  // namespace quartic
