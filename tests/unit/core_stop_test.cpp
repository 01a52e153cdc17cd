#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>

#include "core/parallel.hpp"
#include "quartic/core/progress.hpp"
#include "quartic/core/stop.hpp"
#include "quartic/graph/lattice.hpp"
#include "quartic/mcmc/sampler.hpp"

namespace quartic {
namespace {

/// Stops when it has been asked so often.
class After : public StopRequest {
 public:
  explicit After(int times) : left_(times) {}
  bool requested() const override { return left_-- <= 0; }

 private:
  mutable int left_;
};

TEST(Stop, NobodyIsHeededOutsideOfAScope) {
  heed_stop();
  {
    const After now(0);
    const Stoppable stoppable(now);
    EXPECT_THROW(heed_stop(), Interrupted);
  }
  heed_stop();
}

TEST(Stop, TheInnermostIsAskedAndOnceStoppedStaysStopped) {
  const After never(1000), now(0);
  const Stoppable outer(now);
  {
    const Stoppable inner(never);
    heed_stop();
  }
  EXPECT_THROW(heed_stop(), Interrupted);
  const Answering nobody;
  heed_stop();
}

TEST(Stop, EndsPartsOfAnyThread) {
  for (const auto share : {Share::equal, Share::as_free})
    for (const int threads : {1, 4}) {
      const After soon(5);
      const Stoppable stoppable(soon);
      std::atomic<int> begun = 0;
      const auto work = [&](int, int) {
        ++begun;
        // nested, in whichever thread this is
        in_parallel(3, 2, [](int, int) {});
      };
      EXPECT_THROW(in_parallel(1000000, threads, work, share), Interrupted);
      EXPECT_LT(begun, 1000000);
      EXPECT_THROW(in_parallel(4, threads, work, share), Interrupted) << "it stays stopped";
    }
}

TEST(Stop, WhatARequestThrowsComesOutOfEveryThread) {
  struct Throws : StopRequest {
    bool requested() const override { throw std::runtime_error("Ctrl-C"); }
  };
  const Throws request;
  const Stoppable stoppable(request);
  for (int k = 0; k < 3; ++k)
    EXPECT_THROW(in_parallel(100, 4, [](int, int) {}), std::runtime_error);
}

TEST(Stop, FailuresEndWhatHasNotBegun) {
  int begun = 0;
  const auto fails = [&](int index, int) {
    ++begun;
    if (index == 3) throw std::runtime_error("3");
  };
  EXPECT_THROW(in_parallel(1000, 1, fails), std::runtime_error);
  EXPECT_EQ(begun, 4);
}

/// A sampler that was stopped within a sweep goes on to the same bits from its state before.
TEST(Stop, SweepsEndWithinAndTheStateBeforeIsWholeAgain) {
  const auto graph = std::make_shared<Graph>(make_lattice({"square", {32, 32}, {true, true}}));
  const auto action = Action::uniform(graph, 1, 0, 1.52425, 0.175);
  SamplerOptions options;
  options.chains = 64, options.threads = 1;
  Sampler<float> stopped(action, options, 1), whole(action, options, 1);
  stopped.sweep(3), whole.sweep(3);
  const auto before = stopped.state();
  {
    const After soon(7);
    const Stoppable stoppable(soon);
    EXPECT_THROW(stopped.sweep(1000000), Interrupted);
  }
  EXPECT_NE(stopped.state().phi, before.phi);
  stopped.restore(before);
  stopped.sweep(5), whole.sweep(5);
  EXPECT_EQ(stopped.state().phi, whole.state().phi);
  EXPECT_EQ(stopped.state().streams, whole.state().streams);
}

}  // namespace
}  // namespace quartic
