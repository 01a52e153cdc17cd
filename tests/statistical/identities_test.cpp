#include "quartic/stats/identities.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <vector>

#include "quartic/core/error.hpp"
#include "quartic/graph/lattice.hpp"
#include "quartic/mcmc/sampler.hpp"

namespace quartic {
namespace {

constexpr int chains = 128, draws = 512;

/// An inhomogeneous action with r != 0 and couplings of both signs.
Action rugged() {
  Action action(std::make_shared<Graph>(make_lattice({"triangular", {4, 3}, {true, true}})));
  RandomStream random(3, Stream::start, 0);
  for (auto* values : {&action.w, &action.r, &action.a})
    for (double& x : *values) x = 2 * random.uniform() - 1;
  for (double& x : action.b) x = 0.1 + random.uniform();
  return action;
}

std::vector<float> sample(const Action& action, int sweeps) {
  SamplerOptions options;
  options.chains = chains;
  Sampler<double> sampler(action, options, 5, Stream::check);
  const int sites = sampler.sites();
  std::vector<float> phi(static_cast<std::size_t>(chains) * draws * sites);
  sampler.sweep(10 * sweeps);
  for (int draw = 0; draw < draws; ++draw) {
    sampler.sweep(sweeps);
    const auto state = sampler.state();
    for (int chain = 0; chain < chains; ++chain)
      for (int i = 0; i < sites; ++i)
        phi[(static_cast<std::size_t>(chain) * draws + draw) * sites + i] =
            static_cast<float>(state.phi[static_cast<std::size_t>(chain) * sites + i]);
  }
  return phi;
}

TEST(Virial, IsOneForARightSample) {
  const Action action = rugged();
  const auto estimate = virial(action, sample(action, 3), chains);
  EXPECT_LT(std::abs(estimate.value - 1), 4 * estimate.error);
  EXPECT_LT(estimate.error, 0.01);
}

TEST(Virial, IsNotOneForTheSampleOfAnotherAction) {
  const Action action = rugged();
  Action other = action;
  for (double& w : other.w) w *= 1.05;
  const auto estimate = virial(other, sample(action, 3), chains);
  EXPECT_GT(std::abs(estimate.value - 1), 5 * estimate.error);
}

TEST(Virial, RefusesARaggedSample) {
  const Action action = rugged();
  EXPECT_THROW(virial(action, std::vector<float>(13), 2), BadInput);
  EXPECT_THROW(virial(action, {}, 2), BadInput);
  EXPECT_THROW(virial(action, std::vector<float>(12), 1), BadInput);
}

}  // namespace
}  // namespace quartic
