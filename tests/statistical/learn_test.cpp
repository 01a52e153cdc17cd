// Sampling, learning and the certificate against exact values (tests/reference/exact.json).
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "critical_point.hpp"
#include "exact_reference.hpp"
#include "quartic/core/autocorrelation.hpp"
#include "quartic/core/error.hpp"
#include "quartic/learn/certificate.hpp"
#include "quartic/learn/variational.hpp"

namespace quartic {
namespace {

using testing::lattice, testing::listed_action, testing::reference, testing::z;

std::vector<TermSpec> target_terms(double diagonal) {
  std::vector<TermSpec> terms = critical_target();
  if (diagonal != 0) terms.push_back({"nnn", -diagonal, {}, {}, {}});
  return terms;
}

Action random_start(const std::shared_ptr<const Graph>& graph, std::uint64_t seed) {
  Action start(graph);
  RandomStream random(seed, Stream::start, 0);
  for (double& x : start.w) x = 0.2 + 0.4 * random.uniform();
  for (double& x : start.a) x = 1 + random.uniform();
  for (double& x : start.b) x = 0.1 + 0.3 * random.uniform();
  return start;
}

Parameters free_couplings(const std::shared_ptr<const Graph>& graph) {
  return {graph, {Freedom::free, Freedom::frozen, Freedom::free, Freedom::free}};
}

/// <f> of sampled fields, by site and power, with errors.
Estimate measure(const Action& action, int site, int power, std::uint64_t seed,
                 SamplerOptions options = {}) {
  options.chains = 512;
  Sampler<float> sampler(action, options, seed);
  sampler.warm_up(100);
  constexpr int draws = 60;
  std::vector<double> series(static_cast<std::size_t>(sampler.chains()) * draws);
  for (int draw = 0; draw < draws; ++draw) {
    sampler.sweep(2);
    for (int c = 0; c < sampler.chains(); ++c) {
      const double x = sampler.block(c / sampler.lanes()).site(site)[c % sampler.lanes()];
      series[static_cast<std::size_t>(c) * draws + draw] = std::pow(x, power);
    }
  }
  const auto estimate = estimate_series(series, sampler.chains());
  return {estimate.mean, estimate.error};
}

TEST(Sampler, MeetsExactMomentsOfAnInhomogeneousField) {
  const auto& entry = reference()["graphs"]["open_3x3_random"];
  const Action action = listed_action(entry);
  for (const int hits : {0, 4}) {
    SamplerOptions options;
    options.metropolis_hits = hits;
    for (const int site : {0, 4, 7}) {
      EXPECT_LT(std::abs(z(measure(action, site, 1, 3, options), entry["phi1"][site])), 4);
      EXPECT_LT(std::abs(z(measure(action, site, 2, 3, options), entry["phi2"][site])), 4);
      EXPECT_LT(std::abs(z(measure(action, site, 4, 3, options), entry["phi4"][site])), 4);
    }
  }
}

// Deep wells in a weak field, with neither flips nor clusters: one rung keeps the signs it began
// with, exchanges with w = 0 find the right ones (as cluster moves do, which know nothing of
// rungs).
TEST(Sampler, TemperingCrossesTheBarrierBetweenPhases) {
  constexpr int chains = 2048;  // what is stuck is ten of its errors off
  Action action = Action::uniform(lattice("square", 4), 1.5, 0.01, 1.0, 0.25);
  const auto mean_field = [&](SamplerOptions options) {
    options.chains = chains;
    Sampler<float> sampler(action, options, 4);
    sampler.warm_up(200);
    std::vector<double> series(chains * std::size_t{60});
    for (int draw = 0; draw < 60; ++draw) {
      sampler.sweep(5);
      for (int c = 0; c < chains; ++c)
        series[static_cast<std::size_t>(c) * 60 + draw] =
            sampler.block(c / sampler.lanes()).site(0)[c % sampler.lanes()];
    }
    if (options.rungs > 1) {
      EXPECT_GT(sampler.acceptance().exchange, 0.2);
      EXPECT_LT(sampler.acceptance().exchange, 0.95);
    }
    const auto estimate = estimate_series(series, chains);
    return Estimate{estimate.mean, estimate.error};
  };
  SamplerOptions clusters, alone, tempered;
  clusters.cluster = ClusterMove::swendsen_wang;
  alone.cluster = tempered.cluster = ClusterMove::none;
  alone.flips = tempered.flips = false;
  tempered.rungs = 8;
  const Estimate right = mean_field(clusters), stuck = mean_field(alone),
                 found = mean_field(tempered);
  EXPECT_LT(std::abs(found.value - right.value), 4.42 * std::hypot(found.error, right.error));
  EXPECT_GT(std::abs(stuck.value - right.value), 4 * std::hypot(stuck.error, right.error));
}

TEST(Sampler, RungsMeetExactMomentsAndRestartToTheBit) {
  const auto& entry = reference()["graphs"]["open_3x3_random"];
  const Action action = listed_action(entry);
  SamplerOptions options;
  options.rungs = 3;
  for (const int site : {0, 4, 7}) {
    EXPECT_LT(std::abs(z(measure(action, site, 1, 3, options), entry["phi1"][site])), 4);
    EXPECT_LT(std::abs(z(measure(action, site, 2, 3, options), entry["phi2"][site])), 4);
  }
  options.chains = 64, options.threads = 1;
  Sampler<float> whole(action, options, 9);
  options.threads = 2;
  Sampler<float> resumed(action, options, 77);
  whole.warm_up(40);
  whole.sweep(3);
  resumed.restore(whole.state());
  whole.sweep(5), resumed.sweep(5);
  EXPECT_EQ(whole.state().phi, resumed.state().phi);
  EXPECT_EQ(whole.state().streams, resumed.state().streams);
}

TEST(Sampler, SameBitsForAnyNumberOfThreads) {
  const Action action = random_start(lattice("square", 4), 3);
  SamplerOptions one, two;
  one.chains = two.chains = 256, one.threads = 1, two.threads = 2;
  Sampler<float> a(action, one, 9), b(action, two, 9), c(action, one, 10);
  for (auto* sampler : {&a, &b, &c}) sampler->warm_up(20);
  EXPECT_EQ(a.state().phi, b.state().phi);
  EXPECT_EQ(a.state().streams, b.state().streams);
  EXPECT_NE(a.state().phi, c.state().phi);
}

TEST(Learn, NaturalGradientMeetsATargetInItsSpanInOneUpdate) {
  for (const int extent : {4, 8}) {
    const auto graph = lattice("square", extent);
    VariationalLearner<float> learner(Target(target_terms(0), *graph), free_couplings(graph),
                                      random_start(graph, 1), {}, {}, 1);
    learner.warm_up();
    const auto& parameters = learner.parameters();
    for (int epoch = 0; !learner.finished(); ++epoch) {
      const auto theta = learner.theta();
      for (int k = 0; k < parameters.size() && epoch > 0; ++k) {
        const auto kind = parameters.kind(k);
        const double expected = kind == CouplingKind::w   ? 1
                                : kind == CouplingKind::a ? critical_a
                                                          : critical_b;
        ASSERT_NEAR(theta[k], expected, 1e-4) << parameters.label(k) << " at epoch " << epoch;
      }
      learner.step();
    }
    EXPECT_EQ(learner.reason(), StopReason::converged);
  }
}

// The gap's bound and F_A on lattices whose F_A is known exactly.
TEST(Learn, CertificateMeetsTheExactFreeEnergyOfTheTarget) {
  for (const auto& entry : reference()["square"]) {
    if (entry["g_nnn"] == 0) continue;
    const auto graph = lattice("square", entry["extent"][0]);
    const Target target(target_terms(entry["g_nnn"]), *graph);
    VariationalOptions options;
    options.epochs = 30;
    // Tied couplings: on 2x2 diagonal pairs are not in the span, nor on 3x3.
    const Parameters tied(graph, {Freedom::tied, Freedom::frozen, Freedom::tied, Freedom::tied});
    VariationalLearner<float> learner(target, tied, Action::uniform(graph, 0.5, 0, 1.5, 0.2), {},
                                      options, 2);
    learner.warm_up();
    while (!learner.finished()) learner.step();
    EXPECT_EQ(learner.reason(), StopReason::converged);
    const auto certificate = certify(learner.sampler(), learner.action(), target, {}, 2);
    const auto place = ::testing::Message() << entry["extent"] << " g " << entry["g_nnn"];
    EXPECT_TRUE(certificate.ok) << place << certificate.reason;
    EXPECT_LT(std::abs(z(certificate.target_free_energy, entry["F"])), 4) << place;
    EXPECT_GE(certificate.variational_free_energy.value, certificate.target_free_energy.value)
        << place;
    EXPECT_NEAR(certificate.gap.value, certificate.half_variance.value,
                0.15 * certificate.half_variance.value + 1e-3)
        << place;
    for (const auto& best : reference()["best_homogeneous_bound"]) {
      if (best["extent"] != entry["extent"] || best["g_nnn"] != entry["g_nnn"]) continue;
      EXPECT_NEAR(certificate.gap.value, best["gap"].get<double>(),
                  4 * certificate.gap.error + 0.02 * best["gap"].get<double>())
          << place;
      EXPECT_LT(std::abs(z(certificate.variational_free_energy, best["variational_free_energy"])),
                4)
          << place;
    }
  }
}

TEST(Learn, LongerRangeTargetConvergesWithOverlap) {
  const auto graph = lattice("square", 4);
  const Target target(target_terms(1), *graph);
  VariationalLearner<float> learner(target, free_couplings(graph), random_start(graph, 1), {}, {},
                                    1);
  learner.warm_up();
  while (!learner.finished()) learner.step();
  EXPECT_EQ(learner.reason(), StopReason::converged);
  const auto certificate = certify(learner.sampler(), learner.action(), target, {}, 1);
  EXPECT_GE(certificate.weight_ess.value, 0.80);
  EXPECT_TRUE(certificate.ok);
}

// A run restored halfway continues to the bits of the whole one, for every optimiser.
TEST(Learn, RestartGivesTheSameBits) {
  const auto graph = lattice("square", 4);
  for (const auto optimiser : {Optimiser::natural, Optimiser::adam, Optimiser::gradient}) {
    VariationalOptions options;
    options.optimiser = optimiser, options.stop_early = false, options.epochs = 6;
    SamplerOptions sampler;
    sampler.chains = 128;
    const auto make = [&](std::uint64_t seed) {
      return VariationalLearner<float>(Target(target_terms(1), *graph), free_couplings(graph),
                                       random_start(graph, 1), sampler, options, seed);
    };
    auto whole = make(4), first = make(4), second = make(77);
    whole.warm_up(), first.warm_up();
    for (int k = 0; k < 6; ++k) whole.step();
    for (int k = 0; k < 3; ++k) first.step();
    second.restore(first.state());
    for (int k = 0; k < 3; ++k) second.step();
    EXPECT_EQ(whole.theta(), second.theta()) << name(optimiser);
    EXPECT_EQ(whole.state().sampler.phi, second.state().sampler.phi);
  }
}

TEST(Learn, RefusesWhatCannotBe) {
  const auto graph = lattice("square", 4);
  const Action start = random_start(graph, 1);
  VariationalOptions few;
  few.draws = 1;
  SamplerOptions sampler;
  sampler.chains = 16;
  EXPECT_THROW(VariationalLearner<float>(Target(target_terms(0), *graph), free_couplings(graph),
                                         start, sampler, few, 1),
               BadInput);
  sampler.chains = 17;
  EXPECT_THROW(VariationalLearner<float>(Target(target_terms(0), *graph), free_couplings(graph),
                                         start, sampler, {}, 1),
               BadInput);
  Target complex;
  complex.add({0, 1}, make_term({"phi2", 1.0, {}, {}, {}}, *graph));
  EXPECT_THROW(VariationalLearner<float>(complex, free_couplings(graph), start, {}, {}, 1),
               BadInput);
}

}  // namespace
}  // namespace quartic
