#include <gtest/gtest.h>

#include <array>

#include "quartic/core/suggest.hpp"

namespace quartic {
namespace {

constexpr std::array<std::string_view, 4> kNames{"square", "triangular", "nn", "nnn"};

TEST(Suggest, FindsTheNearestName) {
  EXPECT_EQ(nearest_name("sqare", kNames), "square");
  EXPECT_EQ(nearest_name("Square", kNames), "square");
  EXPECT_EQ(nearest_name("triangle", kNames), "triangular");
  EXPECT_EQ(nearest_name("nm", kNames), "nn");
  EXPECT_EQ(nearest_name("nnnn", kNames), "nnn");
}

TEST(Suggest, IsSilentWhereNothingIsNear) {
  EXPECT_EQ(nearest_name("honeycomb", kNames), "");
  EXPECT_EQ(nearest_name("", kNames), "");
  EXPECT_EQ(nearest_name("x", {}), "");
  EXPECT_EQ(nearest_name("ab", kNames), "");
}

TEST(Suggest, GivesAHint) {
  EXPECT_EQ(suggestion("sqare", kNames), "did you mean 'square'?");
  EXPECT_EQ(suggestion("honeycomb", kNames), "one of: square, triangular, nn, nnn");
}

}  // namespace
}  // namespace quartic
