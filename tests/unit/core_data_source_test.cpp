// Rows of a source, by number and in batches.
#include <gtest/gtest.h>

#include <numeric>

#include "quartic/core/data_source.hpp"

namespace quartic {
namespace {

std::vector<float> counted_rows(std::size_t size) {
  std::vector<float> values(size);
  std::iota(values.begin(), values.end(), 0.0f);
  return values;
}

TEST(DataSource, ReadsConsecutiveRowsUpToTheEnd) {
  const ArraySource source(counted_rows(30), 3);
  EXPECT_EQ(read_rows(source, 2, 2), (std::vector<float>{6, 7, 8, 9, 10, 11}));
  EXPECT_EQ(read_rows(source, 0, 10), counted_rows(30));
  EXPECT_EQ(read_rows(source, 9, 5), (std::vector<float>{27, 28, 29}));
  EXPECT_TRUE(read_rows(source, 12, 5).empty());
}

TEST(DataSource, BatchesHoldEveryRowOnceInOrder) {
  const ArraySource source(counted_rows(30), 3);
  for (const std::size_t batch : {1, 4, 5, 10, 99}) {
    std::vector<float> all;
    for_each_batch(source, batch, [&](std::span<float> values, std::size_t first) {
      EXPECT_EQ(all.size(), 3 * first);
      EXPECT_LE(values.size(), 3 * batch);
      all.insert(all.end(), values.begin(), values.end());
    });
    EXPECT_EQ(all, counted_rows(30)) << batch;
  }
}

}  // namespace
}  // namespace quartic
