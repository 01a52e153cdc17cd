#include <gtest/gtest.h>
#include <sys/resource.h>

#include "quartic/core/error.hpp"
#include "quartic/core/memory.hpp"
#include "quartic/graph/graph.hpp"
#include "quartic/graph/lattice.hpp"
#include "quartic/mcmc/sampler.hpp"
#include "quartic/network/network.hpp"

namespace quartic {
namespace {

template <class F>
std::string refusal_of_memory(F&& f) {
  try {
    f();
  } catch (const BadInput& error) {
    return std::string(error.what()) + " | " + error.hint();
  }
  return {};
}

TEST(Memory, MoreThanThereIsIsRefusedWithTheAmountAndTheRemedy) {
  EXPECT_GT(memory_limit(), 1e8);
  require_memory(1e6, "a million bytes", "");
  EXPECT_EQ(refusal_of_memory([] { require_memory(3e15, "10 chains", "lower sampler.chains"); }),
            "10 chains take 3e+03 TB of memory, there are " + bytes_text(memory_limit()) +
                " | lower sampler.chains");
}

TEST(Memory, ALimitOfTheProcessIsOne) {
  rlimit before{};
  getrlimit(RLIMIT_DATA, &before);
  rlimit less = before;
  less.rlim_cur = rlim_t{200} << 20;
  setrlimit(RLIMIT_DATA, &less);
  const double seen = memory_limit();
  setrlimit(RLIMIT_DATA, &before);
  EXPECT_EQ(seen, 200.0 * (1 << 20));
}

/// Before any of it is taken: each of these would be terabytes.
TEST(Memory, WhatGrowsWithAUsersNumberIsEstimatedFirst) {
  EXPECT_NE(refusal_of_memory([] {
              make_lattice({"complete", {40000}, {}});
            }).find("graph.extent"),
            std::string::npos);
  EXPECT_NE(refusal_of_memory([] {
              Network(Layer(Unit::binary, 2000000), Layer(Unit::binary, 2000000));
            }).find("model.hidden_units"),
            std::string::npos);
  const auto graph = std::make_shared<Graph>(make_lattice({"chain", {1000000}, {true}}));
  SamplerOptions options;
  options.chains = 1 << 20;
  EXPECT_NE(refusal_of_memory([&] {
              Sampler<float>(Action::uniform(graph, 0.1, 0, 1, 1), options, 1);
            }).find("sampler.chains"),
            std::string::npos);
}

}  // namespace
}  // namespace quartic
