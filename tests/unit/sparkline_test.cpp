#include "run/sparkline.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace quartic {
namespace {

/// The heights of the blocks, 1 to 8.
std::vector<int> heights(const std::string& line) {
  std::vector<int> out;
  for (std::size_t k = 0; k + 2 < line.size(); k += 3) {
    EXPECT_EQ(line.substr(k, 2), "\xe2\x96");  // of U+2581 to U+2588
    out.push_back(static_cast<unsigned char>(line[k + 2]) - 0x80);
  }
  return out;
}

Points of(const std::vector<double>& values) {
  Points points;
  for (const double value : values) points.emplace_back(points.size(), value);
  return points;
}

TEST(Sparkline, RisesFromTheLowestToTheHighestBlock) {
  EXPECT_EQ(heights(sparkline(of({0, 1, 2, 3, 4, 5, 6, 7}), 8)),
            (std::vector<int>{1, 2, 3, 4, 5, 6, 7, 8}));
  EXPECT_EQ(heights(sparkline(of({7, 0}), 4)), (std::vector<int>{8, 8, 8, 1}));
}

TEST(Sparkline, TakesLogarithmsOfWhatSpansMoreThanADecadeAndAHalf) {
  // 1, 10, 100, 1000: a third of the height each.
  EXPECT_EQ(heights(sparkline(of({1000, 100, 10, 1}), 4)), (std::vector<int>{8, 6, 3, 1}));
  EXPECT_EQ(heights(sparkline(of({1000, 100, 10, 0}), 4)), (std::vector<int>{8, 1, 1, 1}));
}

TEST(Sparkline, HasAsManyBlocksAsAskedForWhateverThePoints) {
  EXPECT_EQ(sparkline({}, 5), "");
  EXPECT_EQ(sparkline(of({1, 2}), 0), "");
  EXPECT_EQ(heights(sparkline(of({3}), 5)), (std::vector<int>{1, 1, 1, 1, 1}));
  EXPECT_EQ(heights(sparkline(of({2, 2, 2}), 2)), (std::vector<int>{1, 1}));
  EXPECT_EQ(heights(sparkline(of(std::vector<double>(1000, -1)), 7)).size(), 7u);
}

TEST(Sparkline, LiesWherePointsAreAndNotHowMany) {
  const Points points = {{0, 0}, {90, 1}, {91, 1}, {92, 1}, {100, 0}};
  EXPECT_EQ(heights(sparkline(points, 10)), (std::vector<int>{1, 1, 1, 1, 1, 1, 1, 1, 8, 1}));
}

TEST(Sparkline, KeepsEverySecondPointWhereTheyAreMany) {
  Points points;
  for (int k = 0; k < 10000; ++k) add_point(points, k, k);
  EXPECT_LE(points.size(), 4096u);
  EXPECT_GE(points.size(), 2000u);
  EXPECT_EQ(points.front(), (std::pair<double, double>{0, 0}));
  EXPECT_EQ(points.back().first, 9999);
  for (std::size_t k = 1; k < points.size(); ++k) EXPECT_LT(points[k - 1].first, points[k].first);
}

}  // namespace
}  // namespace quartic
