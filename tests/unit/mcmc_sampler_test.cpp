// What a sampler says of itself: its local move, its fields by chain.
#include <gtest/gtest.h>

#include <cmath>

#include "critical_point.hpp"
#include "learn_fixtures.hpp"
#include "quartic/mcmc/sampler.hpp"

namespace quartic {
namespace {

SamplerOptions options(int chains, int metropolis_hits, int hmc_steps) {
  SamplerOptions out;
  out.chains = chains, out.metropolis_hits = metropolis_hits, out.hmc_steps = hmc_steps;
  return out;
}

TEST(Sampler, LocalMoveIsTheOneThatOptionsChoose) {
  EXPECT_EQ(options(16, 0, 0).local_move(), LocalMove::independence);
  EXPECT_EQ(options(16, 4, 0).local_move(), LocalMove::metropolis);
  EXPECT_EQ(options(16, 0, 10).local_move(), LocalMove::trajectory);
  EXPECT_EQ(name(LocalMove::independence), "independence");
  EXPECT_EQ(name(LocalMove::metropolis), "metropolis");
  EXPECT_EQ(name(LocalMove::trajectory), "trajectory");
}

TEST(Sampler, ReflectionsFollowIndependenceAlone) {
  const Action action = critical_action(testing::lattice_graph("square", 4));
  for (const auto& wanted : {options(16, 0, 0), options(16, 4, 0), options(16, 0, 10)}) {
    Sampler<float> sampler(action, wanted, 1);
    sampler.sweep(20);
    const Acceptance rates = sampler.acceptance();
    const bool independence = sampler.local_move() == LocalMove::independence;
    EXPECT_GT(rates.local, 0);
    EXPECT_LE(rates.local, 1);
    EXPECT_EQ(std::isnan(rates.reflection), !independence) << name(sampler.local_move());
    EXPECT_EQ(sampler.schedule().step_size > 0, wanted.hmc_steps > 0);
  }
}

template <class T>
void expect_configurations(int chains) {
  const Action action = critical_action(testing::lattice_graph("square", 4));
  Sampler<T> sampler(action, options(chains, 0, 0), 1);
  sampler.sweep(3);
  const auto state = sampler.state();
  std::vector<float> single(16);
  std::vector<double> wide(16);
  for (int chain = 0; chain < chains; ++chain) {
    sampler.configuration(chain, std::span(single));
    sampler.configuration(chain, std::span(wide));
    for (int site = 0; site < 16; ++site) {
      EXPECT_EQ(wide[site], state.phi[chain * 16 + site]);
      EXPECT_EQ(single[site], static_cast<float>(wide[site]));
    }
  }
}

TEST(Sampler, ConfigurationsAreThoseOfItsState) {
  for (const int chains : {16, 48, 128}) {
    expect_configurations<float>(chains);
    expect_configurations<double>(chains);
  }
}

/// Shared among threads from some 20000 sites of all chains on.
TEST(Sampler, FewChainsHaveTheSameBitsOnAnyNumberOfThreads) {
  const Action action = critical_action(testing::lattice_graph("square", 16));
  for (const int hits : {0, 4}) {
    SamplerOptions one = options(128, hits, 0), three = one;
    one.threads = 1, three.threads = 3;
    Sampler<float> alone(action, one, 1), shared(action, three, 1);
    for (const int count : {1, 5}) alone.sweep(count), shared.sweep(count);
    EXPECT_EQ(alone.state().phi, shared.state().phi);
    EXPECT_EQ(alone.state().streams, shared.state().streams);
  }
}

}  // namespace
}  // namespace quartic
