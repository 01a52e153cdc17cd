// Errors of learned couplings over many seeds, with few and with many chains.
#include <gtest/gtest.h>

#include "statistical/learn_errors.hpp"

namespace quartic {
namespace {

using testing::at_the_bound;
using testing::outside_the_span;
using testing::pulls_of;

TEST(LearnErrorsSlow, OfTargetsOutsideTheSpanAreHonest) {
  for (const int chains : {256, 1024})
    for (const auto& family : outside_the_span())
      pulls_of(family, 240, chains, 8).expect_honest(family.name + ", " + std::to_string(chains));
}

TEST(LearnErrorsSlow, OfDataThatLeaveBAtItsBoundAreHonest) {
  for (const auto& family : at_the_bound()) pulls_of(family, 240, 256).expect_honest(family.name);
}

}  // namespace
}  // namespace quartic
