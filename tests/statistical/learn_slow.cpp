// Learning on 16x16, and how the bound's gap grows with the volume: minutes, so labelled slow.
#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "critical_point.hpp"
#include "quartic/graph/lattice.hpp"
#include "quartic/learn/certificate.hpp"
#include "quartic/learn/variational.hpp"

namespace quartic {
namespace {

VariationalLearner<float> make_learner(int extent, double diagonal, int draws) {
  const auto graph =
      std::make_shared<Graph>(make_lattice({"square", {extent, extent}, {true, true}}));
  std::vector<TermSpec> terms = critical_target();
  if (diagonal != 0) terms.push_back({"nnn", -diagonal, {}, {}, {}});
  Action start(graph);
  RandomStream random(1, Stream::start, 0);
  for (double& x : start.w) x = 0.2 + 0.4 * random.uniform();
  for (double& x : start.a) x = 1 + random.uniform();
  for (double& x : start.b) x = 0.1 + 0.3 * random.uniform();
  const Parameters free(graph, {Freedom::free, Freedom::frozen, Freedom::free, Freedom::free});
  VariationalOptions options;
  options.draws = draws, options.epochs = 30;
  return {Target(terms, *graph), free, start, {}, options, 1};
}

TEST(LearnSlow, SixteenBySixteenMeetsATargetInItsSpanInOneUpdate) {
  auto learner = make_learner(16, 0, 8);
  learner.warm_up();
  learner.step();
  for (int epoch = 1; epoch < 4; ++epoch) {
    const auto theta = learner.theta();
    for (std::size_t k = 0; k < theta.size(); ++k) {
      const auto kind = learner.parameters().kind(static_cast<int>(k));
      const double expected = kind == CouplingKind::w   ? 1
                              : kind == CouplingKind::a ? critical_a
                                                        : critical_b;
      ASSERT_NEAR(theta[k], expected, 1e-4) << learner.parameters().label(static_cast<int>(k));
    }
    learner.step();
  }
}

TEST(LearnSlow, TheGapOfTheLongerRangeTargetGrowsWithTheVolume) {
  double before = 0;
  for (const int extent : {4, 8}) {
    auto learner = make_learner(extent, 1, 16);
    learner.warm_up();
    while (!learner.finished()) learner.step();
    const auto certificate = certify(learner.sampler(), learner.action(), learner.target(), {}, 1);
    RecordProperty("gap_" + std::to_string(extent), std::to_string(certificate.gap.value));
    EXPECT_EQ(learner.reason(), StopReason::converged);
    EXPECT_NEAR(certificate.gap.value, certificate.half_variance.value,
                0.1 * certificate.half_variance.value);
    EXPECT_GT(certificate.gap.value, 2 * before);
    before = certificate.gap.value;
  }
}

}  // namespace
}  // namespace quartic
