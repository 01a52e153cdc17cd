// Measurement against plain loops over sites and pairs, and that its state, merging and joining of
// bins change nothing.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <complex>
#include <limits>
#include <memory>
#include <numbers>
#include <numeric>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "quartic/core/error.hpp"
#include "quartic/core/simd.hpp"
#include "quartic/field/features.hpp"
#include "quartic/graph/lattice.hpp"
#include "quartic/stats/measurement.hpp"
#include "unit/graph_fixtures.hpp"

namespace quartic {
namespace {

std::shared_ptr<const Graph> shared(Graph graph) {
  return std::make_shared<const Graph>(std::move(graph));
}

std::vector<std::shared_ptr<const Graph>> all_graphs() {
  std::vector<std::shared_ptr<const Graph>> graphs;
  for (const auto& lattice : testing::all_lattices())
    graphs.push_back(shared(make_lattice(lattice)));
  graphs.push_back(shared(testing::random_graph(70, 0.1, 3)));
  return graphs;
}

Action inhomogeneous(std::shared_ptr<const Graph> graph, std::uint64_t seed) {
  Action action(std::move(graph));
  RandomStream random(seed, Stream::check, 0);
  for (double& w : action.w) w = 0.3 * random.normal();
  for (double& r : action.r) r = 0.5 * random.normal();
  for (double& a : action.a) a = 1 + 0.2 * random.normal();
  for (double& b : action.b) b = 0.3 + 0.1 * random.uniform();
  return action;
}

SamplerOptions chains(int count, int threads = 1) {
  SamplerOptions options;
  options.chains = count, options.threads = threads;
  return options;
}

template <class T>
std::vector<double> field_of(const Sampler<T>& sampler, int chain) {
  std::vector<double> phi(sampler.sites());
  sampler.configuration(chain, std::span(phi));
  return phi;
}

double products(const std::vector<double>& phi, std::span<const Edge> pairs) {
  double sum = 0;
  for (const auto& pair : pairs) sum += phi[pair.first] * phi[pair.second];
  return sum;
}

/// |sum phi exp(ikx)|^2 / V at the least momentum of the longest directions, averaged.
double min_structure_factor(const std::vector<double>& phi, const Lattice& lattice) {
  const int longest = *std::max_element(lattice.extent.begin(), lattice.extent.end());
  double sum = 0, directions = 0;
  for (std::size_t d = 0; d < lattice.extent.size(); ++d) {
    if (lattice.extent[d] != longest) continue;
    std::complex<double> wave = 0;
    for (int i = 0; i < lattice.sites(); ++i)
      wave += phi[i] * std::polar(1.0, 2 * std::numbers::pi * lattice.coordinates(i)[d] / longest);
    sum += std::norm(wave), ++directions;
  }
  return sum / (directions * lattice.sites());
}

std::optional<double> plain(const std::string& name, const Action& action,
                            const std::vector<double>& phi) {
  const double volume = static_cast<double>(phi.size());
  const Lattice* lattice = action.graph->lattice();
  const double m = std::accumulate(phi.begin(), phi.end(), 0.0) / volume;
  double phi2 = 0, phi4 = 0;
  for (const double x : phi) phi2 += x * x / volume, phi4 += x * x * x * x / volume;
  const double energy = action.evaluate(phi);
  if (name == "action") return energy;
  if (name == "action_density") return energy / volume;
  if (name == "action2") return energy * energy;
  if (name == "m") return m;
  if (name == "abs_m") return std::abs(m);
  if (name == "m2") return m * m;
  if (name == "m4") return m * m * m * m;
  if (name == "phi2") return phi2;
  if (name == "phi4") return phi4;
  if (name == "nn")
    return products(phi, lattice ? nearest_pairs(*lattice)
                                 : std::vector<Edge>(action.graph->edges().begin(),
                                                     action.graph->edges().end())) /
           volume;
  if (name == "nnn") return products(phi, diagonal_pairs(*lattice)) / volume;
  if (name == "structure_factor_min") return min_structure_factor(phi, *lattice);
  return std::nullopt;
}

template <class T>
void expect_plain_sums(double tolerance) {
  for (const auto& graph : all_graphs()) {
    for (const bool uniform : {true, false}) {
      const Action action =
          uniform ? Action::uniform(graph, 0.4, 0.1, 1.2, 0.3) : inhomogeneous(graph, 7);
      const int count = 80;
      Sampler<T> sampler(action, chains(count), 11);
      sampler.sweep(2);
      Measurement measurement(action, count);
      measurement.add(sampler);
      for (const auto& name : measurement.names()) {
        const auto series = measurement.series(name);
        for (int c = 0; c < count; ++c) {
          const auto wanted = plain(name, action, field_of(sampler, c));
          ASSERT_TRUE(wanted) << name;
          EXPECT_NEAR(series[c], *wanted, tolerance * graph->sites() * (1 + std::abs(*wanted)))
              << name << " on " << graph->description();
        }
      }
    }
  }
}

TEST(Measurement, PlainSumsInDouble) {
  expect_plain_sums<double>(1e-13);
}
TEST(Measurement, PlainSumsInFloat) {
  expect_plain_sums<float>(1e-6);
}
TEST(Measurement, PlainSumsOnEverySimdTarget) {
  for (const auto& target : simd_targets()) {
    restrict_simd_target(target);
    expect_plain_sums<float>(1e-6);
  }
  restrict_simd_target("");
}

TEST(Measurement, NamesFollowTheGraph) {
  const auto has = [](const char* name, const Lattice& lattice) {
    const Measurement m(Action::uniform(shared(make_lattice(lattice)), 0.1, 0, 1, 1), 16);
    return std::find(m.names().begin(), m.names().end(), name) != m.names().end();
  };
  EXPECT_TRUE(has("nnn", {"square", {4, 4}, {true, true}}));
  EXPECT_FALSE(has("nnn", {"triangular", {4, 4}, {true, true}}));
  EXPECT_FALSE(has("nnn", {"chain", {4}, {true}}));
  EXPECT_FALSE(has("nn", {"chain", {1}, {false}}));
  EXPECT_TRUE(has("structure_factor_min", {"cubic", {3, 3, 3}, {true, true, true}}));
  EXPECT_FALSE(has("structure_factor_min", {"square", {4, 4}, {true, false}}));
}

const Action& square_action() {
  static const Action action =
      Action::uniform(shared(make_lattice({"square", {4, 6}, {true, true}})), 0.5, 0, 1, 0.3);
  return action;
}

template <class T>
void run(Sampler<T>& sampler, Measurement& measurement, int draws) {
  for (int k = 0; k < draws; ++k) sampler.sweep(), measurement.add(sampler);
}

void expect_same(const Measurement& a, const Measurement& b) {
  const auto x = a.state(), y = b.state();
  const auto counts = [](const auto& s) { return std::tie(s.draws, s.bin_length); };
  const auto sums = [](const auto& s) {
    return std::tie(s.bins, s.open_bin, s.squares, s.products, s.spectra);
  };
  EXPECT_EQ(counts(x), counts(y));
  EXPECT_TRUE(sums(x) == sums(y));
}

TEST(Measurement, RestoringAStateGoesOnToTheSameBits) {
  for (const int before : {0, 5, 16, 37, 64}) {
    Sampler<float> sampler(square_action(), chains(32), 1);
    Measurement whole(square_action(), 32, 16), restored(square_action(), 32, 16);
    run(sampler, whole, before);
    restored.restore(whole.state());
    expect_same(whole, restored);
    for (int k = 0; k < 41; ++k) {
      sampler.sweep();
      whole.add(sampler), restored.add(sampler);
    }
    expect_same(whole, restored);
    const auto a = whole.results(), b = restored.results();
    for (std::size_t k = 0; k < a.size(); ++k) EXPECT_EQ(a[k].estimate.error, b[k].estimate.error);
  }
}

TEST(Measurement, ThreadsDoNotChangeTheBits) {
  const auto action =
      Action::uniform(shared(make_lattice({"square", {16, 16}, {true, true}})), 0.5, 0, 1, 0.3);
  Sampler<float> one(action, chains(512, 1), 1), two(action, chains(512, 2), 1);
  Measurement a(action, 512), b(action, 512);
  run(one, a, 9), run(two, b, 9);
  expect_same(a, b);
  const auto x = a.results(), y = b.results();
  for (std::size_t k = 0; k < x.size(); ++k) {
    EXPECT_EQ(x[k].undefined(), y[k].undefined());
    if (x[k].undefined()) continue;
    EXPECT_EQ(x[k].estimate.mean, y[k].estimate.mean) << x[k].name;
    EXPECT_EQ(x[k].estimate.error, y[k].estimate.error) << x[k].name;
  }
}

TEST(Measurement, JoiningBinsChangesNoMean) {
  Sampler<float> sampler(square_action(), chains(16), 2);
  Measurement fine(square_action(), 16, 4096), coarse(square_action(), 16, 16);
  for (int k = 0; k < 1024; ++k) {
    sampler.sweep();
    fine.add(sampler), coarse.add(sampler);
  }
  EXPECT_EQ(fine.bin_length(), 1);
  EXPECT_EQ(coarse.bin_length(), 64);
  const auto a = fine.results(), b = coarse.results();
  for (std::size_t k = 0; k < a.size(); ++k) {
    const auto &x = a[k].estimate, &y = b[k].estimate;
    EXPECT_NEAR(x.mean, y.mean, 1e-12 * (1 + std::abs(x.mean))) << a[k].name;
    EXPECT_NEAR(x.error, y.error, 0.3 * x.error) << a[k].name;
    EXPECT_NEAR(x.tau, y.tau, 4 * y.tau_error) << a[k].name;
    EXPECT_NEAR(x.r_hat, y.r_hat, 1e-9) << a[k].name;
  }
}

TEST(Measurement, TwoPointFunctionIsThatOfTheSameDraws) {
  Sampler<double> sampler(square_action(), chains(32), 5);
  Measurement measurement(square_action(), 32);
  measurement.set_spectrum_interval(1);
  run(sampler, measurement, 20);
  const auto two = measurement.two_point();
  ASSERT_TRUE(two);
  double parseval = 0;
  for (const double s : two->structure_factor) parseval += s / 24;
  const auto results = measurement.results();
  const auto mean = [&](const char* name) {
    for (const auto& result : results)
      if (result.name == name) return result.estimate.mean;
    return std::numeric_limits<double>::quiet_NaN();
  };
  EXPECT_NEAR(two->correlation[0], mean("phi2"), 1e-12);
  EXPECT_NEAR(parseval, mean("phi2"), 1e-12);
  EXPECT_NEAR(two->structure_factor[0], mean("susceptibility"), 1e-10);
  EXPECT_NEAR(two->structure_factor[1], mean("structure_factor_min"), 1e-10);
  EXPECT_NEAR(two->correlation[1] + two->correlation[6], mean("nn"), 1e-12);
  EXPECT_NEAR(two->correlation[7] + two->correlation[11], mean("nnn"), 1e-12);
  EXPECT_FALSE(Measurement(Action::uniform(shared(make_lattice({"square", {4, 4}, {true, false}})),
                                           0.1, 0, 1, 1),
                           16)
                   .two_point());
}

TEST(Measurement, SaysWhyANumberIsNotToBeTrusted) {
  Measurement measurement(square_action(), 16);
  for (const auto& result : measurement.results()) {
    EXPECT_FALSE(result.ok);
    EXPECT_FALSE(result.reason.empty());
  }
  Sampler<float> sampler(square_action(), chains(16), 6);
  run(sampler, measurement, 3);
  for (const auto& result : measurement.results()) {
    EXPECT_FALSE(result.ok) << result.name;
    if (result.undefined()) continue;
    EXPECT_NE(result.reason.find("draws a chain"), std::string::npos) << result.reason;
  }
  sampler.sweep(200);
  Measurement longer(square_action(), 16);
  run(sampler, longer, 2000);
  for (const auto& result : longer.results()) EXPECT_TRUE(result.ok) << result.reason;
}

TEST(Measurement, AFunctionIsMeasuredAsWhatItIs) {
  const Action action = inhomogeneous(shared(make_lattice({"square", {4, 4}, {true, true}})), 2);
  const NamedFunction own{"own", [](FieldBlock<const double> phi, std::span<double> out) {
                            EXPECT_EQ(phi.lanes, 128);  // all chains at once
                            for (int lane = 0; lane < phi.lanes; ++lane) {
                              out[lane] = 0;
                              for (int i = 0; i < 16; ++i)
                                out[lane] += phi.site(i)[lane] * phi.site(i)[lane] / 16;
                            }
                          }};
  SamplerOptions options;
  options.chains = 128;
  Sampler<double> sampler(action, options, 3);
  Measurement measurement(action, 128, 64, {own}), plain(action, 128, 64);
  for (int draw = 0; draw < 100; ++draw) {
    sampler.sweep(1);
    measurement.add(sampler), plain.add(sampler);
  }
  const auto known = measurement.series("phi2"), found = measurement.series("own");
  for (std::size_t k = 0; k < known.size(); ++k) EXPECT_NEAR(found[k], known[k], 1e-12);
  EXPECT_EQ(known, plain.series("phi2"));
  Measurement again(action, 128, 64, {own});
  again.restore(measurement.state());
  EXPECT_EQ(again.series("own"), found);
  EXPECT_THROW(Measurement(action, 128, 64, {{"m2", own.value}}), BadInput);
  EXPECT_THROW(Measurement(action, 128, 64, {{"specific_heat", own.value}}), BadInput);
}

TEST(Measurement, RefusesWhatDoesNotFit) {
  EXPECT_THROW(Measurement(square_action(), 0), BadInput);
  EXPECT_THROW(Measurement(square_action(), 16, 15), BadInput);
  Measurement measurement(square_action(), 16);
  const Sampler<float> more(square_action(), chains(32), 1);
  EXPECT_THROW(measurement.add(more), BadInput);
  EXPECT_THROW(measurement.series("m3"), BadInput);
  auto state = measurement.state();
  state.squares.pop_back();
  EXPECT_THROW(measurement.restore(state), BadInput);
  const Sampler<float> fitting(square_action(), chains(16), 1);
  measurement.add(fitting);
  EXPECT_THROW(measurement.set_spectrum_interval(4), BadInput);
}

}  // namespace
}  // namespace quartic
