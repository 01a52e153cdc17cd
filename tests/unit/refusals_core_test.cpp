// Every refusal of core, field and mcmc names place and reason, and has a hint; those of graphs and
// data files stand in graph_errors_test.cpp and data_*_test.cpp.
#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>

#include "quartic/core/autocorrelation.hpp"
#include "quartic/core/data_source.hpp"
#include "quartic/core/linear_algebra.hpp"
#include "quartic/core/output_file.hpp"
#include "quartic/core/quartic_covariance.hpp"
#include "quartic/core/quartic_density.hpp"
#include "quartic/core/simd.hpp"
#include "quartic/field/action_path.hpp"
#include "quartic/field/factorisation.hpp"
#include "quartic/field/projection.hpp"
#include "quartic/field/stored_fields.hpp"
#include "quartic/field/target.hpp"
#include "quartic/graph/lattice.hpp"
#include "quartic/mcmc/sampler.hpp"
#include "refusals.hpp"

namespace quartic {
namespace {

std::shared_ptr<const Graph> square() {
  return std::make_shared<Graph>(make_lattice({"square", {4, 4}, {true, true}}));
}

TEST(Refusals, Core) {
  const std::vector<double> series(12, 0.0), none;
  const ArraySource rows({1, 2, 3, 4}, 2);
  expect_refused({
      {"12 values does not split into 5", "draw running fastest",
       [&] { estimate_series(series, 5); }},
      {"a bin of 0 draws", "at least one", [&] { estimate_binned_series(series, 3, 0, 1); }},
      {"5 values do not fill whole rows of 2", "same length",
       [] {
         ArraySource({1, 2, 3, 4, 5}, 2);
       }},
      {"jitter: 0 copies of every row with noise 0.5", "at least one",
       [&] { JitteredSource(rows, 0.5, 0, 1); }},
      {"jitter: 2 copies of every row with noise -1", "not be negative",
       [&] { JitteredSource(rows, -1, 2, 1); }},
      {"SIMD target 'abacus'", "--version", [] { restrict_simd_target("abacus"); }},
      {"a = -1.0", "b > 0", [] { quartic_moments(-1, 0, 0); }},
      {"entry 1: the quartic density", "b > 0",
       [] {
         const std::vector<double> a{1, 1}, b{1, -1}, j{0, 0};
         std::vector<double> log_normaliser(2);
         quartic_moments(a, b, j, log_normaliser, {}, {}, {});
       }},
      {"entry 1: the quartic density", "b > 0",
       [] {
         const std::vector<double> j{0, INFINITY};
         std::vector<double> out(2);
         quartic_covariances(1, 1, j, {out, {}, {}});
       }},
  });
}

TEST(Refusals, OutputFiles) {
  namespace fs = std::filesystem;
  const fs::path folder = fs::path(::testing::TempDir()) / "refusals";
  fs::create_directories(folder);
  std::ofstream(folder / "old") << "content";
  expect_refused({
      {"there is no directory", "make it first", [] { require_writable("/nowhere/x.h5", false); }},
      {"it is a directory", "a file in it", [&] { require_writable(folder, false); }},
      {"exists already", "--force", [&] { require_writable(folder / "old", false); }},
      {"cannot write", "a file in it",
       [&] {
         fs::create_directories(folder / "taken");
         replace_file(folder / "taken", [](ByteSink& out) { out.put("1"); });
       }},
  });
  fs::remove_all(folder);
}

TEST(Refusals, Fields) {
  const auto graph = square(), points = std::make_shared<const Graph>(16, std::vector<Edge>{});
  const Action action = Action::uniform(graph, 1, 0, 1, 1), alone(points);
  const std::vector<float> phi(16);
  const auto term = [&](TermSpec spec) { return [=] { make_term(spec, *graph); }; };
  const auto target = [&](TermSpec spec) {
    return [=] { require_normalisable(std::vector{spec}, graph); };
  };
  TermSpec weights{"phi2", 1.0, {}, {}, {1, 2}}, far{"pairs", 1.0, {}, "far.txt", {}};
  far.edge_file = ::testing::TempDir() + "refusals-far.txt";
  std::ofstream(far.edge_file) << "0 99\n";
  expect_refused({
      {"not normalisable", "every b > 0",
       [&] { require_normalisable(Action::uniform(graph, 1, 0, 1, 0)); }},
      {"a path joins two actions on one graph", "",
       [&] {
         ActionPath{action, alone}.at(0.5);
       }},
      {"free energy of coupled sites", "uncoupled", [&] { uncoupled_free_energy(action); }},
      {"does not begin with its own edges", "first", [&] { extend(action, points); }},
      {"a check needs at least one configuration, got 0", "1 or more",
       [&] { check_markov(action, 0, 1); }},
      {"unknown observable 'hi2'", "phi2",
       [&] {
         evaluate_observables({"hi2"}, *graph, {phi, 16});
       }},
      {"unknown target term 'phi3'", "", term({"phi3", 1.0, {}, {}, {}})},
      {"'phi2' has 2 weights for 16 sites", "leave weights out", term(weights)},
      {"needs either a displacement or an edge file",
       "displacement =", term({"pairs", 1.0, {}, {}, {}})},
      {"names site 99, but the graph has 16", "from 0", term(far)},
      {"needs a lattice", "'edges'",
       [&] {
         make_term({"plaquette", 1.0, {}, {}, {}}, *points);
       }},
      {"'edges': the graph has no such pairs", "drop the term",
       [&] {
         make_term({"edges", 1.0, {}, {}, {}}, *points);
       }},
      {"phi6 has coupling -1 at site 0", "not be negative", target({"phi6", -1.0, {}, {}, {}})},
      {"the target cannot be normalised", "phi4", target({"phi2", -1.0, {}, {}, {}})},
  });
  std::filesystem::remove(far.edge_file);
}

TEST(Refusals, Sampler) {
  const Action action = Action::uniform(square(), 1, 0, 1, 1);
  const auto with = [&](auto change) {
    return [=] {
      SamplerOptions options;
      options.chains = 16;
      change(options);
      Sampler<float>(action, options, 1);
    };
  };
  expect_refused({
      {"chains = 20", "use 32", with([](auto& o) { o.chains = 20; })},
      {"reflections = -1", "0 to 10000", with([](auto& o) { o.reflections = -1; })},
      {"reflections = 2147483647", "0 to 10000", with([](auto& o) { o.reflections = 2147483647; })},
      {"metropolis_hits = -1", "0 to 10000", with([](auto& o) { o.metropolis_hits = -1; })},
      {"hmc_steps = 10001", "0 to 10000", with([](auto& o) { o.hmc_steps = 10001; })},
      {"threads = -1", "at least 0", with([](auto& o) { o.threads = -1; })},
      {"cluster_seeds = 0", "1 to 10000", with([](auto& o) { o.cluster_seeds = 0; })},
      {"rungs = 0", "at least 1", with([](auto& o) { o.rungs = 0; })},
      {"exclude each other", "to 0", with([](auto& o) { o.hmc_steps = 1, o.metropolis_hits = 1; })},
      {"another number of chains", "the run file holds",
       [&] {
         SamplerOptions options;
         options.chains = 16;
         Sampler<float>(action, options, 1).restore({});
       }},
  });
}

}  // namespace
}  // namespace quartic
