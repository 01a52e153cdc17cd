// Cluster updates against an oracle that knows nothing of their layout: bonds from the chains' own
// random streams and exp() in float64, clusters by union-find. Bit for bit, on every SIMD target.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <numeric>
#include <vector>

#include "cluster_sweeps.hpp"
#include "critical_point.hpp"
#include "mcmc/local_moves.hpp"
#include "quartic/core/random.hpp"
#include "quartic/core/simd.hpp"
#include "quartic/mcmc/sampler.hpp"
#include "unit/graph_fixtures.hpp"

namespace quartic {
namespace {

using testing::all_lattices;
using testing::random_graph;

constexpr std::uint64_t seed = 21;

class UnionFind {
 public:
  explicit UnionFind(int sites) : parent_(sites) { std::iota(parent_.begin(), parent_.end(), 0); }
  int find(int i) {
    while (parent_[i] != i) i = parent_[i] = parent_[parent_[i]];
    return i;
  }
  void join(int i, int j) { parent_[find(i)] = find(j); }

 private:
  std::vector<int> parent_;
};

/// Couplings of both signs and rough fields; every third site in a field r where `fields`.
Action random_action(std::shared_ptr<const Graph> graph, bool fields, std::uint64_t which) {
  Action action(std::move(graph));
  RandomStream random(which, Stream::start, 0);
  for (double& w : action.w) w = 1.4 * random.uniform() - 0.5;
  for (std::size_t i = 0; i < action.r.size(); ++i)
    action.r[i] = fields && i % 3 == 0 ? 0.6 * random.normal() : 0;
  return action;
}

bool bit(std::uint64_t word, int lane) {
  return (word >> lane & 1) != 0;
}

template <class T>
struct ClusterCase {
  const Action& action;
  int lanes;
  ClusterTable table;
  ClusterScratch scratch;
  AlignedVector<T> start, phi;
  AlignedVector<std::uint32_t> words;
  T scale = T(0.8);
  bool boards = false;  ///< where the last sweep kept its bonds
  static constexpr int seeds = 3;

  ClusterCase(const Action& a, int chains)
      : action(a), lanes(chains), table(*a.graph), words(4 * static_cast<std::size_t>(chains)) {
    table.set(action);
    start.resize(static_cast<std::size_t>(table.sites()) * lanes);
    for (int lane = 0; lane < lanes; ++lane) {
      const auto chain = static_cast<std::uint64_t>(lane);
      const auto state = seed_stream(seed, Stream::fields, chain);
      for (int k = 0; k < 4; ++k) words[k * lanes + lane] = state[k];
      RandomStream random(seed, Stream::check, chain);
      for (int i = 0; i < table.sites(); ++i)
        start[static_cast<std::size_t>(i) * lanes + lane] = static_cast<T>(
            0.9 * std::copysign(1.0, random.uniform() - 0.3) + 0.4 * random.normal());
    }
    phi = start;
  }
  ClusterBlock<T> block() {
    return {&table, scale, phi.data(), words.data(), lanes, seeds, &scratch};
  }
  /// The chains that the oracle follows: not all of a large graph.
  int lane_step() const { return table.sites() > 400 ? 9 : 1; }
  double at(int site, int lane) const {
    return start[static_cast<std::size_t>(site) * lanes + lane];
  }
  static bool on_board(const AlignedVector<std::uint32_t>& board, int words, BoardBit place,
                       int lane) {
    return (board[ClusterBoards::index(place.word, words, lane)] & place.bit) != 0;
  }
  /// An edge of the table became a bond.
  bool bond(std::size_t e, int lane) const {
    return boards ? on_board(scratch.board_bonds, table.boards.words, table.boards.edge[e], lane)
                  : bit(scratch.bonds[e], lane);
  }
  bool turned(int k, int lane) const {
    return boards ? on_board(scratch.board_turned, table.boards.tiles, {k / 32, 1U << k % 32}, lane)
                  : bit(scratch.turned[k], lane);
  }
};

struct Pair {
  bool first, second;
};

/// The bonds of probabilities p, q that one uniform number gives.
Pair bond_pair(double v, double p, double q) {
  return {v < p, v < p * q || v >= 1 - (1 - p) * q};
}

/// Float rounding decides within 1e-6 of a threshold.
bool on_the_edge(double v, double p, double q) {
  return std::min({std::abs(v - p), std::abs(v - p * q), std::abs(v - 1 + (1 - p) * q)}) < 1e-6;
}

double uniform24(RandomStream& random) {
  return (random() >> 8) * 0x1p-24;
}

/// Follows the chain's stream through the bonds of a sweep, and joins what they bond. Site
/// `sites` is the ghost.
template <class T>
UnionFind follow_bonds(const ClusterCase<T>& c, int lane, RandomStream& random) {
  const auto& table = c.table;
  const auto p = [&](double w, double x, double y) {
    return w * x * y > 0 ? 1 - std::exp(-2 * w * x * y) : 0.0;
  };
  std::vector<double> bond(table.edges.size()), tie(table.ghost.size());
  for (std::size_t e = 0; e < table.slot.size(); ++e) {
    const auto [i, j] = c.action.graph->edges()[e];
    bond[table.slot[e]] = p(c.scale * c.action.w[e], c.at(i, lane), c.at(j, lane));
  }
  std::vector<bool> seen(table.sites());
  for (std::size_t k = 0; k < tie.size(); ++k) {
    const int site = table.ghost[k].site;
    if (!seen[site] && c.action.r[site] != 0) tie[k] = p(-c.action.r[site], c.at(site, lane), 1);
    seen[site] = true;
  }
  UnionFind clusters(table.sites() + 1);
  int wrong = 0;
  for (std::size_t e = 0; e < bond.size(); e += 2) {
    const double v = uniform24(random);
    const auto [first, second] = bond_pair(v, bond[e], bond[e + 1]);
    wrong += (c.bond(e, lane) != first || c.bond(e + 1, lane) != second) &&
             !on_the_edge(v, bond[e], bond[e + 1]);
  }
  for (std::size_t e = 0; e < table.slot.size(); ++e) {
    const auto [i, j] = c.action.graph->edges()[e];
    if (c.bond(table.slot[e], lane)) clusters.join(i, j);
  }
  for (std::size_t k = 0; k < tie.size(); k += 2) {
    const double v = uniform24(random);
    const auto [first, second] = bond_pair(v, tie[k], tie[k + 1]);
    if (first) clusters.join(table.ghost[k].site, table.sites());
    if (second) clusters.join(table.ghost[k + 1].site, table.sites());
    wrong += !c.boards && !on_the_edge(v, tie[k], tie[k + 1]) &&
             (bit(c.scratch.ties[k], lane) != first || bit(c.scratch.ties[k + 1], lane) != second);
  }
  EXPECT_EQ(wrong, 0) << "bonds";
  return clusters;
}

/// The fields must be the start with the signs of `turned` changed, nothing else.
template <class T>
void expect_turned(const ClusterCase<T>& c, int lane, const std::vector<bool>& turned) {
  int wrong = 0;
  for (int k = 0; k < c.table.sites(); ++k) {
    const int site = c.table.order[k];
    const auto at = static_cast<std::size_t>(site) * c.lanes + lane;
    wrong += c.turned(k, lane) != turned[site];
    wrong += c.phi[at] != (turned[site] ? -c.start[at] : c.start[at]);
  }
  EXPECT_EQ(wrong, 0);
}

template <class T>
void expect_stream(const ClusterCase<T>& c, int lane, RandomStream& random) {
  AlignedVector<std::uint32_t> words(c.words);
  const std::uint32_t a = words[lane], d = words[3 * c.lanes + lane], sum = a + d;
  EXPECT_EQ(random(), (sum << 7 | sum >> 25) + a) << "another number of draws";
}

template <class T>
void check_fill(const Action& action, int lanes, bool boards) {
  ClusterCase<T> c(action, lanes);
  if (!boards) c.table.boards = {};
  const double count = fill_sweep(c.block());
  c.boards = c.table.has_boards();
  double expected_count = 0;
  const int sites = c.table.sites();
  for (int lane = 0; lane < lanes; lane += c.lane_step()) {
    RandomStream random(seed, Stream::fields, static_cast<std::uint64_t>(lane));
    auto clusters = follow_bonds(c, lane, random);
    std::vector<bool> hit(sites + 1), turned(sites);
    for (int k = 0; k < ClusterCase<T>::seeds; ++k) {
      const auto position = (std::uint64_t{random()} * static_cast<std::uint64_t>(sites)) >> 32;
      hit[clusters.find(c.table.order[position])] = true;
    }
    hit[clusters.find(sites)] = false;
    for (int i = 0; i < sites; ++i) turned[i] = hit[clusters.find(i)];
    if (c.table.ghost.empty() && random() >> 31 != 0) turned.flip();
    expected_count += static_cast<double>(std::count(turned.begin(), turned.end(), true));
    expect_turned(c, lane, turned);
    expect_stream(c, lane, random);
  }
  if (c.lane_step() == 1) {
    EXPECT_EQ(count, expected_count);
  }
}

template <class T>
void check_labels(const Action& action, int lanes) {
  ClusterCase<T> c(action, lanes);
  swendsen_wang_sweep(c.block());
  const int sites = c.table.sites();
  for (int lane = 0; lane < lanes; lane += c.lane_step()) {
    RandomStream random(seed, Stream::fields, static_cast<std::uint64_t>(lane));
    auto clusters = follow_bonds(c, lane, random);
    std::vector<int> largest(sites + 1);
    std::uint32_t bits = 0;
    for (int k = 0; k < sites; ++k) {
      if (k % 8 == 0) bits = random();
      const int label = c.table.level[k] << 4 | (bits >> 4 * (k % 8) & 15);
      int& most = largest[clusters.find(c.table.order[k])];
      most = std::max(most, label);
    }
    largest[clusters.find(sites)] = 0xFE;
    std::vector<bool> turned(sites);
    int wrong = 0;
    for (int k = 0; k < sites; ++k) {
      const int site = c.table.order[k], label = largest[clusters.find(site)];
      turned[site] = label % 2 != 0;
      wrong += label != c.scratch.labels[static_cast<std::size_t>(k) * 64 + lane];
    }
    EXPECT_EQ(wrong, 0);
    expect_turned(c, lane, turned);
    expect_stream(c, lane, random);
  }
}

std::vector<std::pair<std::string, std::shared_ptr<const Graph>>> graphs() {
  std::vector<std::pair<std::string, std::shared_ptr<const Graph>>> list;
  auto lattices = all_lattices();
  for (const Lattice& more : std::vector<Lattice>{{"square", {4, 4}, {true, true}},
                                                  {"square", {8, 8}, {true, true}},
                                                  {"square", {64, 64}, {true, true}},
                                                  {"square", {5, 33}, {true, false}},
                                                  {"square", {3, 130}, {true, true}},
                                                  {"square", {17, 19}, {false, true}},
                                                  {"square", {6, 32}, {true, true}},
                                                  {"square", {4, 16}, {true, true}},
                                                  {"square", {10, 10}, {true, true}},
                                                  {"square", {2, 64}, {true, true}},
                                                  {"chain", {32}, {true}},
                                                  {"chain", {100}, {true}},
                                                  {"triangular", {9, 16}, {true, true}},
                                                  {"king", {7, 20}, {true, true}},
                                                  {"cubic", {5, 6, 16}, {true, true, true}},
                                                  {"complete", {70}, {}}})
    lattices.push_back(more);
  for (const auto& lattice : lattices) {
    const auto graph = std::make_shared<Graph>(make_lattice(lattice));
    list.emplace_back(graph->description(), graph);
  }
  list.emplace_back("no edges", std::make_shared<Graph>(5, std::vector<Edge>{}));
  list.emplace_back("sparse", std::make_shared<Graph>(random_graph(300, 0.006, 1)));
  list.emplace_back("dense", std::make_shared<Graph>(random_graph(90, 0.2, 2)));
  return list;
}

/// The same lattice as an edge list with its sites in random order.
std::shared_ptr<const Graph> permuted(const Graph& graph) {
  std::vector<int> to(graph.sites());
  std::iota(to.begin(), to.end(), 0);
  RandomStream random(4, Stream::check, 0);
  std::shuffle(to.begin(), to.end(), random);
  std::vector<Edge> edges;
  for (const auto& [i, j] : graph.edges()) edges.push_back({to[i], to[j]});
  return std::make_shared<Graph>(graph.sites(), edges);
}

void check_everywhere(const std::shared_ptr<const Graph>& graph, std::uint64_t which) {
  for (const bool fields : {false, true}) {
    const Action action = random_action(graph, fields, which);
    check_fill<float>(action, 64, true);
    check_fill<float>(action, 64, false);
    check_labels<float>(action, 64);
    if (graph->sites() > 400) continue;
    check_fill<double>(action, 32, true);
    check_fill<double>(action, 32, false);
    check_labels<double>(action, 16);
    check_fill<float>(action, 16, true);
    check_labels<float>(action, 48);
  }
}

TEST(ClusterMoves, EqualUnionFindBitForBit) {
  for (const auto& target : simd_targets()) {
    restrict_simd_target(target);
    std::uint64_t which = 0;
    for (const auto& [name, graph] : graphs()) {
      SCOPED_TRACE(name + ", " + target);
      check_everywhere(graph, ++which);
      if (graph->sites() <= 100) check_everywhere(permuted(*graph), ++which);
      if (HasFailure()) return restrict_simd_target("");
    }
  }
  restrict_simd_target("");
}

// What a chain does depends on its own field and stream alone.
TEST(ClusterMoves, LanesAreIndependent) {
  const auto graph = std::make_shared<Graph>(make_lattice({"triangular", {8, 8}, {true, true}}));
  const Action action = random_action(graph, true, 5);
  for (const auto move : {fill_sweep<float>, swendsen_wang_sweep<float>}) {
    ClusterCase<float> a(action, 64), b(action, 64);
    constexpr int kept = 37;
    for (int i = 0; i < graph->sites(); ++i)
      for (int lane = 0; lane < 64; ++lane)
        if (lane != kept) b.phi[i * 64 + lane] = static_cast<float>(i % 5) - 2.0F;
    for (int k = 0; k < 4; ++k)
      for (int lane = 0; lane < 64; ++lane)
        if (lane != kept) b.words[k * 64 + lane] += 77U;
    for (int n = 0; n < 5; ++n) move(a.block()), move(b.block());
    for (int i = 0; i < graph->sites(); ++i)
      ASSERT_EQ(a.phi[i * 64 + kept], b.phi[i * 64 + kept]) << i;
    for (int k = 0; k < 4; ++k) ASSERT_EQ(a.words[k * 64 + kept], b.words[k * 64 + kept]);
  }
}

// A randomly numbered lattice is put back into an order in which neighbours are close.
TEST(ClusterTable, OrdersAPermutedLatticeLocally) {
  const Graph lattice = make_lattice({"square", {64, 64}, {true, true}});
  const auto shuffled = permuted(lattice);
  const ClusterTable table(*shuffled);
  std::vector<int> position(table.sites());
  for (int k = 0; k < table.sites(); ++k) position[table.order[k]] = k;
  double distance = 0;
  for (const auto& [i, j] : shuffled->edges()) distance += std::abs(position[i] - position[j]);
  EXPECT_LT(distance / shuffled->edge_count(), 2 * 64);  // lattice order: 64.5, random order: 1365
  EXPECT_EQ(ClusterTable(lattice).order, local_order(lattice));
  const auto kept = local_order(lattice);
  EXPECT_TRUE(std::is_sorted(kept.begin(), kept.end()));
}

TEST(TurnPlan, TurnsEverySiteOnceAndNeighboursBeforeTheLocalPass) {
  constexpr int band = 32;
  std::vector<Graph> graphs;
  for (const auto& lattice : all_lattices()) graphs.push_back(make_lattice(lattice));
  graphs.push_back(make_lattice({"square", {16, 24}, {true, true}}));
  graphs.push_back(random_graph(150, 0.03, 3));
  graphs.push_back(*permuted(graphs[graphs.size() - 2]));
  for (const Graph& graph : graphs) {
    const auto order = local_order(graph);
    const TurnPlan plan = plan_turns(graph, order, band);
    const int sites = graph.sites(), bands = (sites + band - 1) / band;
    std::vector<int> step(sites, -1);  // at which each site's sign turns
    for (int k = 0; k < static_cast<int>(plan.steps.size()); ++k) {
      EXPECT_EQ(plan.steps[k][0] % 32, 0);
      for (int p = plan.steps[k][0]; p < plan.steps[k][1]; ++p) {
        EXPECT_EQ(step[order[p]], -1);
        step[order[p]] = k;
      }
    }
    ASSERT_EQ(static_cast<int>(plan.before.size()), bands);
    for (int site = 0; site < sites; ++site) {
      const int ready = plan.before[site / band];
      ASSERT_GE(step[site], 0);
      EXPECT_LT(step[site], ready);
      for (const auto& n : graph.neighbours(site)) EXPECT_LT(step[n.site], ready);
    }
  }
}

/// A sampler's passes go band by band; without reflections that is the order of whole passes, so
/// fields and streams have to agree with these to the last bit.
TEST(Sampler, BandsMakeTheSameSweepAsWholePasses) {
  const std::shared_ptr<const Graph> graphs[] = {
      std::make_shared<Graph>(make_lattice({"square", {32, 32}, {true, true}})),
      std::make_shared<Graph>(make_lattice({"triangular", {28, 30}, {true, true}})),
      permuted(make_lattice({"square", {32, 32}, {true, true}}))};
  for (const auto& graph : graphs) {
    const Action action = critical_action(graph);
    for (const auto cluster : {ClusterMove::fill, ClusterMove::swendsen_wang}) {
      SamplerOptions options;
      options.chains = 64, options.reflections = 0, options.cluster = cluster;
      Sampler<float> sampler(action, options, 4);
      AlignedVector<float> phi;
      AlignedVector<std::uint32_t> words(4 * 64);
      const auto block = sampler.block(0);
      phi.assign(block.data, block.data + static_cast<std::ptrdiff_t>(graph->sites()) * 64);
      const auto streams = sampler.state().streams;
      for (int chain = 0; chain < 64; ++chain)
        for (int k = 0; k < 4; ++k) words[k * 64 + chain] = streams[4 * chain + k];

      SweepTable<float> sweeps(*graph);
      sweeps.set(action);
      ClusterTable clusters(*graph);
      clusters.set(action);
      ClusterScratch scratch;
      const ClusterBlock<float> signs{
          &clusters, 1, phi.data(), words.data(), 64, options.cluster_seeds, &scratch};
      for (int sweep = 0; sweep < 3; ++sweep) {
        cluster == ClusterMove::fill ? fill_sweep(signs) : swendsen_wang_sweep(signs);
        independence_sweep(SweepBlock<float>{&sweeps, 1, phi.data(), words.data(), 64, 1});
      }
      sampler.sweep(3);
      const auto after = sampler.block(0);
      EXPECT_TRUE(std::equal(phi.begin(), phi.end(), after.data));
      const auto moved = sampler.state().streams;
      for (int chain = 0; chain < 64; ++chain)
        EXPECT_EQ(words[chain], moved[4 * static_cast<std::size_t>(chain)]);
    }
  }
}

/// Fields that outgrow the cache have the next sweep's bonds drawn behind the last pass of a sweep,
/// if nothing was changed meanwhile; the bits are those of bonds drawn when the sweep begins,
/// however sweeps are put into calls, and after a restart.
TEST(Sampler, BondsDrawnAheadAreThoseDrawnAnew) {
  const auto square = make_lattice({"square", {72, 64}, {true, true}});
  const std::shared_ptr<const Graph> graphs[] = {
      std::make_shared<Graph>(square),
      std::make_shared<Graph>(make_lattice({"triangular", {70, 72}, {true, true}})),
      permuted(square)};
  for (const auto& graph : graphs) {
    for (const int reflections : {0, 2}) {
      SamplerOptions options;
      options.chains = 128, options.reflections = reflections, options.cluster = ClusterMove::fill;
      const Action action = critical_action(graph);
      Sampler<float> ahead(action, options, 4), anew(action, options, 4),
          resumed(action, options, 5);
      ahead.sweep(1), ahead.sweep(3), ahead.sweep(2);
      for (int k = 0; k < 6; ++k) {
        anew.set_schedule(anew.schedule());  // may have changed it
        anew.sweep(1);
      }
      EXPECT_EQ(ahead.state().phi, anew.state().phi);
      EXPECT_EQ(ahead.state().streams, anew.state().streams);

      resumed.restore(ahead.state());
      ahead.sweep(2), resumed.sweep(1), resumed.sweep(1);
      EXPECT_EQ(ahead.state().phi, resumed.state().phi);
      EXPECT_EQ(ahead.state().streams, resumed.state().streams);
      // What was drawn for the fields before the restart is not used on those after it.
      ahead.restore(anew.state());
      ahead.sweep(2), anew.sweep(2);
      EXPECT_EQ(ahead.state().phi, anew.state().phi);
    }
  }
}

}  // namespace
}  // namespace quartic
