// Errors of couplings learned from targets that no couplings reach.
#include "statistical/learn_errors.hpp"

#include <gtest/gtest.h>

namespace quartic {
namespace {

using testing::at_the_bound;
using testing::outside_the_span;
using testing::pulls_of;

TEST(LearnErrors, OfTargetsOutsideTheSpanAreHonest) {
  for (const auto& family : outside_the_span())
    pulls_of(family, 60, 128, 16).expect_honest(family.name);
}

TEST(LearnErrors, OfDataThatLeaveBAtItsBoundAreHonest) {
  for (const auto& family : at_the_bound()) pulls_of(family, 60, 128).expect_honest(family.name);
}

}  // namespace
}  // namespace quartic
