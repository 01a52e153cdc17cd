// Cluster updates leave the exact distribution of a frustrated triangle invariant (chains start as
// exact draws of it), and mixed with local moves they meet the exact averages of small lattices.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "cluster_sweeps.hpp"
#include "exact_reference.hpp"
#include "mcmc/local_moves.hpp"
#include "quartic/core/aligned.hpp"
#include "quartic/core/random.hpp"
#include "quartic/core/simd.hpp"
#include "quartic/graph/lattice.hpp"
#include "quartic/mcmc/sampler.hpp"
#include "statistical/triangle.hpp"

namespace quartic {
namespace {

using testing::lanes;
using testing::open_3x3;
using testing::reference;
using testing::triangle_starts;

constexpr int cluster_lanes = 64;

template <class T>
using ClusterKernel = double (*)(const ClusterBlock<T>&);

template <class T>
void expect_invariant(ClusterKernel<T> move, const char* name) {
  constexpr int sites = 3, sweeps = 3;
  for (std::size_t which = 0; which < std::size(testing::triangles); ++which) {
    const auto& triangle = testing::triangles[which];
    const Action action = testing::triangle_action(triangle);
    ClusterTable table(*action.graph);
    table.set(action);
    ClusterScratch scratch;
    testing::ProbeChanges changes;
    double turned = 0;
    for (int first = 0; first < testing::triangle_chains; first += lanes) {
      AlignedVector<T> phi(sites * lanes);
      AlignedVector<std::uint32_t> words(4 * lanes);
      for (int lane = 0; lane < lanes; ++lane) {
        const auto chain = static_cast<std::uint64_t>(first + lane);
        const auto seed = seed_stream(11, Stream::fields, chain);
        for (int k = 0; k < 4; ++k) words[k * lanes + lane] = seed[k];
        for (int i = 0; i < sites; ++i)
          phi[i * lanes + lane] = static_cast<T>(triangle_starts(which)[chain][i]);
      }
      for (int k = 0; k < sweeps; ++k)
        turned += move(
            {&table, static_cast<T>(triangle.scale), phi.data(), words.data(), lanes, 1, &scratch});
      for (int lane = 0; lane < lanes; ++lane)
        changes.add(triangle_starts(which)[first + lane],
                    {phi[lane], phi[lanes + lane], phi[2 * lanes + lane]});
    }
    const auto place = ::testing::Message()
                       << name << ", " << triangle.name << ", " << simd_target();
    EXPECT_GT(turned, 0.05 * sites * sweeps * testing::triangle_chains) << place;
    EXPECT_LT(changes.largest(), 4.2) << place;
  }
}

TEST(ClusterMoves, LeaveAFrustratedTriangleInvariant) {
  for (const auto& target : simd_targets()) {
    restrict_simd_target(target);
    expect_invariant<float>(fill_sweep<float>, "fill, float");
    expect_invariant<float>(swendsen_wang_sweep<float>, "Swendsen-Wang, float");
    expect_invariant<double>(fill_sweep<double>, "fill, double");
    expect_invariant<double>(swendsen_wang_sweep<double>, "Swendsen-Wang, double");
  }
  restrict_simd_target("");
}

/// Independent chains at the end of a run: the mean over chains of each chain's mean, and its
/// error.
struct Averages {
  double value, error;
};

using Observable = std::function<double(const std::vector<double>&)>;

std::vector<Averages> averages(const Action& action, ClusterKernel<float> move, std::uint64_t seed,
                               int chain_blocks, const std::vector<Observable>& observables) {
  constexpr int warm_up = 30, draws = 40;
  SweepTable<float> local(*action.graph);
  ClusterTable table(*action.graph);
  local.set(action), table.set(action);
  ClusterScratch scratch;
  const int count = action.graph->sites();
  std::vector<double> sum(observables.size()), square(observables.size());
  for (int block = 0; block < chain_blocks; ++block) {
    AlignedVector<float> phi(static_cast<std::size_t>(count) * lanes);
    AlignedVector<std::uint32_t> words(4 * lanes);
    for (int lane = 0; lane < lanes; ++lane) {
      const auto state =
          seed_stream(seed, Stream::fields, static_cast<std::uint64_t>(block) * lanes + lane);
      for (int k = 0; k < 4; ++k) words[k * lanes + lane] = state[k];
    }
    const SweepBlock<float> sweep{&local, 1, phi.data(), words.data(), lanes, 1};
    heat_bath_sweep(SweepBlock<float>{&local, 0, phi.data(), words.data(), lanes, 1});
    std::vector<double> mean(observables.size() * lanes);
    std::vector<double> x(count);
    for (int draw = -warm_up; draw < draws; ++draw) {
      independence_sweep(sweep);
      reflection_sweep(sweep);
      move({&table, 1, phi.data(), words.data(), lanes, 4, &scratch});
      for (int lane = 0; draw >= 0 && lane < lanes; ++lane) {
        for (int i = 0; i < count; ++i) x[i] = phi[static_cast<std::size_t>(i) * lanes + lane];
        for (std::size_t k = 0; k < observables.size(); ++k)
          mean[k * lanes + lane] += observables[k](x) / draws;
      }
    }
    for (std::size_t k = 0; k < observables.size(); ++k)
      for (int lane = 0; lane < lanes; ++lane) {
        const double m = mean[k * lanes + lane];
        sum[k] += m, square[k] += m * m;
      }
  }
  std::vector<Averages> result;
  const double n = static_cast<double>(chain_blocks) * lanes;
  for (std::size_t k = 0; k < sum.size(); ++k) {
    const double mean = sum[k] / n;
    result.push_back({mean, std::sqrt((square[k] / n - mean * mean) / (n - 1))});
  }
  return result;
}

double magnetisation(const std::vector<double>& x) {
  double sum = 0;
  for (const double v : x) sum += v;
  return sum / static_cast<double>(x.size());
}

Observable power_mean(int power) {
  return [power](const std::vector<double>& x) {
    double sum = 0;
    for (const double v : x) sum += power == 2 ? v * v : v * v * v * v;
    return sum / static_cast<double>(x.size());
  };
}

const ClusterKernel<float> moves[] = {fill_sweep<float>, swendsen_wang_sweep<float>};

void expect_lattice_averages(const nlohmann::json& entry, const std::string& lattice, int extent) {
  const auto graph =
      std::make_shared<Graph>(make_lattice({lattice, {extent, extent}, {true, true}}));
  const Action action = Action::uniform(graph, entry["w"], 0, entry["a"], entry["b"]);
  const std::vector<Observable> observables{
      power_mean(2), power_mean(4),
      [](const auto& x) { return magnetisation(x) * magnetisation(x); }, magnetisation};
  const double exact[] = {entry["phi2"], entry["phi4"], entry["m2"], 0};
  for (const auto move : moves) {
    const auto measured = averages(action, move, 3, 128, observables);
    for (std::size_t k = 0; k < measured.size(); ++k) {
      EXPECT_LT(std::abs(measured[k].value - exact[k]), 4 * measured[k].error)
          << lattice << extent << " observable " << k;
      EXPECT_LT(measured[k].error, 0.003 * std::max(1.0, exact[k]));
    }
  }
}

TEST(ClusterMoves, MeetExactAveragesOfLattices) {
  for (const auto& entry : reference()["square"])
    if (entry["g_nnn"] == 0) expect_lattice_averages(entry, "square", entry["extent"][0]);
  for (const auto& entry : reference()["triangular_3x3_periodic"])
    expect_lattice_averages(entry, "triangular", 3);
}

TEST(ClusterMoves, MeetExactAveragesOfAnInhomogeneousField) {
  const auto& entry = reference()["graphs"]["open_3x3_random"];
  std::vector<Observable> observables;
  std::vector<double> exact;
  for (int i = 0; i < 9; ++i) {
    observables.push_back([i](const auto& x) { return x[i]; });
    exact.push_back(entry["phi1"][i]);
    observables.push_back([i](const auto& x) { return x[i] * x[i]; });
    exact.push_back(entry["phi2"][i]);
  }
  for (const auto& pair : entry["two_point"]) {
    const int i = pair[0], j = pair[1];
    observables.push_back([i, j](const auto& x) { return x[i] * x[j]; });
    exact.push_back(pair[2]);
  }
  for (const auto move : moves) {
    const auto measured = averages(open_3x3(), move, 5, 128, observables);
    for (std::size_t k = 0; k < measured.size(); ++k)
      EXPECT_LT(std::abs(measured[k].value - exact[k]), 4.2 * measured[k].error) << k;
  }
}

// The errors of many seeds are standard normal: chi^2 of the z-scores, at 4 sigma.
TEST(ClusterMoves, ScoresOverSeedsAreStandardNormal) {
  const auto& entry = reference()["graphs"]["open_3x3_random"];
  const Action action = open_3x3();
  const std::vector<Observable> observables{[](const auto& x) { return x[4]; },
                                            [](const auto& x) { return x[1] * x[4]; }};
  double exact = 0;
  for (const auto& pair : entry["two_point"])
    if (pair[0] == 1 && pair[1] == 4) exact = pair[2];
  const double expected[] = {entry["phi1"][4], exact};
  constexpr int seeds = 150;
  for (const auto move : moves) {
    double chi2[2] = {};
    for (int seed = 0; seed < seeds; ++seed) {
      const auto measured = averages(action, move, 100 + seed, 2, observables);
      for (int k = 0; k < 2; ++k) {
        const double z = (measured[k].value - expected[k]) / measured[k].error;
        chi2[k] += z * z;
      }
    }
    for (const double sum : chi2) EXPECT_NEAR(sum / seeds, 1, 4 * std::sqrt(2.0 / seeds));
  }
}

/// A field that is one cluster turns at random, not at every move: else it would have a period of
/// two, and an even number of sweeps would never see the other sign.
TEST(ClusterMoves, TurnAnOrderedFieldByACoin) {
  for (const int extent : {8, 7}) {
    for (const auto move : {ClusterMove::fill, ClusterMove::swendsen_wang}) {
      const auto graph = std::make_shared<Graph>(
          make_lattice({"square", {extent, extent}, {extent == 8, extent == 8}}));
      SamplerOptions options;
      options.chains = 256, options.cluster = move, options.reflections = 1;
      Sampler<float> sampler(Action::uniform(graph, 2, 0, 0.5, 0.2), options, 3);
      auto state = sampler.state();
      std::fill(state.phi.begin(), state.phi.end(), 4.0);
      sampler.restore(state);
      for (int sweep = 0; sweep < 6; ++sweep) {
        sampler.sweep();
        int negative = 0;
        for (int chain = 0; chain < sampler.chains(); ++chain)
          negative += sampler.block(chain / sampler.lanes()).site(0)[chain % sampler.lanes()] < 0;
        EXPECT_NEAR(negative, 128, 40) << extent << name(move) << sweep;
      }
    }
  }
}

}  // namespace
}  // namespace quartic
