// Cluster updates at the nearly critical point (w = 1, a = 1.52425, b = 0.175), 64 chains in lanes,
// one core: nanoseconds a site and chain as the counter ns_per_site.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <memory>
#include <numeric>

#include "cluster_sweeps.hpp"
#include "mcmc/local_moves.hpp"
#include "quartic/core/aligned.hpp"
#include "quartic/core/random.hpp"
#include "quartic/graph/lattice.hpp"

namespace quartic {
namespace {

constexpr int lanes = 64;

std::shared_ptr<const Graph> square(int extent) {
  return std::make_shared<Graph>(make_lattice({"square", {extent, extent}, {true, true}}));
}

/// The same as an edge list, which hides the geometry; in lattice order, or with its sites
/// numbered at random.
std::shared_ptr<const Graph> edge_list(int extent, bool shuffled) {
  const auto lattice = square(extent);
  std::vector<int> to(lattice->sites());
  std::iota(to.begin(), to.end(), 0);
  RandomStream random(1, Stream::check, 0);
  if (shuffled) std::shuffle(to.begin(), to.end(), random);
  std::vector<Edge> edges;
  for (const auto& [i, j] : lattice->edges()) edges.push_back({to[i], to[j]});
  return std::make_shared<Graph>(lattice->sites(), edges);
}

/// Chains brought near equilibrium by local and cluster moves.
template <class T>
struct Chains {
  SweepTable<T> local_table;
  ClusterTable table;
  ClusterScratch scratch;
  AlignedVector<T> phi;
  AlignedVector<std::uint32_t> words;

  explicit Chains(const std::shared_ptr<const Graph>& graph)
      : local_table(*graph),
        table(*graph),
        phi(static_cast<std::size_t>(graph->sites()) * lanes),
        words(4 * lanes) {
    const auto action = Action::uniform(graph, 1, 0, 1.52425, 0.175);
    local_table.set(action);
    table.set(action);
    for (int lane = 0; lane < lanes; ++lane) {
      const auto seed = seed_stream(1, Stream::fields, static_cast<std::uint64_t>(lane));
      for (int k = 0; k < 4; ++k) words[k * lanes + lane] = seed[k];
    }
    heat_bath_sweep(local(0));
    for (int k = 0; k < 60; ++k) {
      independence_sweep(local(1));
      reflection_sweep(local(1));
      fill_sweep(block());
    }
  }
  SweepBlock<T> local(T scale) { return {&local_table, scale, phi.data(), words.data(), lanes, 1}; }
  ClusterBlock<T> block() { return {&table, 1, phi.data(), words.data(), lanes, 4, &scratch}; }
};

template <class T>
void run(benchmark::State& state, const std::shared_ptr<const Graph>& graph,
         double (*move)(const ClusterBlock<T>&), int seeds = 4) {
  Chains<T> chains(graph);
  auto block = chains.block();
  block.seeds = seeds;
  double turned = 0;
  for (auto _ : state) {
    turned += move(block);
    state.PauseTiming();
    independence_sweep(chains.local(1));
    state.ResumeTiming();
  }
  const double updates = static_cast<double>(state.iterations()) * graph->sites() * lanes;
  state.counters["ns_per_site"] =
      benchmark::Counter(updates * 1e-9, benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
  state.counters["turned"] = turned / updates;
}

void fill(benchmark::State& state) {
  run<float>(state, square(static_cast<int>(state.range(0))), fill_sweep<float>);
}
/// Without seeds: the bonds, one visit of every block, and no signs to turn.
void bonds(benchmark::State& state) {
  run<float>(state, square(static_cast<int>(state.range(0))), fill_sweep<float>, 0);
}
void fill_float64(benchmark::State& state) {
  run<double>(state, square(static_cast<int>(state.range(0))), fill_sweep<double>);
}
void fill_edge_list(benchmark::State& state) {
  run<float>(state, edge_list(static_cast<int>(state.range(0)), false), fill_sweep<float>);
}
void fill_shuffled(benchmark::State& state) {
  run<float>(state, edge_list(static_cast<int>(state.range(0)), true), fill_sweep<float>);
}
void labels(benchmark::State& state) {
  run<float>(state, square(static_cast<int>(state.range(0))), swendsen_wang_sweep<float>);
}
void labels_edge_list(benchmark::State& state) {
  run<float>(state, edge_list(static_cast<int>(state.range(0)), false), swendsen_wang_sweep<float>);
}
void labels_shuffled(benchmark::State& state) {
  run<float>(state, edge_list(static_cast<int>(state.range(0)), true), swendsen_wang_sweep<float>);
}

BENCHMARK(fill)->Arg(64)->Arg(128)->Arg(256);
BENCHMARK(bonds)->Arg(64)->Arg(256);
BENCHMARK(fill_float64)->Arg(64);
BENCHMARK(fill_edge_list)->Arg(64)->Arg(256);
BENCHMARK(fill_shuffled)->Arg(64);
BENCHMARK(labels)->Arg(64)->Arg(128)->Arg(256);
BENCHMARK(labels_edge_list)->Arg(64)->Arg(256);
BENCHMARK(labels_shuffled)->Arg(64);

}  // namespace
}  // namespace quartic
