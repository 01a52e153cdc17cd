// What is said of tables: often enough, and not by chance.
#include "run/density_remarks.hpp"

#include <gtest/gtest.h>

#include "quartic/core/random.hpp"

namespace quartic {
namespace {

/// ln p of normal rows under their own density, but for a constant; the first at a distance of so
/// many deviations.
std::vector<double> normal_scores(int rows, int columns, double distance, std::uint64_t seed) {
  RandomStream random(seed, Stream::start, 0);
  std::vector<double> out(rows);
  for (double& score : out)
    for (int c = 0; c < columns; ++c) score -= std::pow(random.normal(), 2) / 2;
  if (distance > 0) out[0] = -distance * distance / 2;
  return out;
}

TEST(DensityRemarks, OneRowDecidesByMoreThanChance) {
  constexpr int tables = 2000;
  for (const int columns : {1, 4}) {
    int by_chance = 0;
    for (int table = 0; table < tables; ++table) {
      by_chance += one_row_decides(normal_scores(45, columns, 0, table), columns);
      EXPECT_TRUE(one_row_decides(normal_scores(45, columns, 9, table), columns));
    }
    EXPECT_LE(by_chance, 8) << columns;  // 1e-3 a table, 2 of them
  }
  EXPECT_FALSE(one_row_decides(normal_scores(10, 1, 9, 1), 1)) << "so few rows say nothing";
}

TEST(DensityRemarks, FewRowsAreThoseOfFourAColumn) {
  EXPECT_FALSE(remark_on_few(20, 5).empty());
  EXPECT_TRUE(remark_on_few(21, 5).empty());
}

}  // namespace
}  // namespace quartic
