// What is said of tables: often enough, and not by chance.
#include "run/density_remarks.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "quartic/core/random.hpp"
#include "quartic/run/density_learner.hpp"

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

/// Two columns of normal values, changed by `change`, as many rows.
template <class Change>
std::vector<double> table(int rows, Change&& change) {
  RandomStream random(7, Stream::start, 0);
  std::vector<double> out;
  for (int n = 0; n < rows; ++n)
    for (int c = 0; c < 2; ++c) {
      const double x = random.normal();
      out.push_back(change(x, c));
    }
  return out;
}

std::string remarks(const std::vector<double>& rows) {
  std::string out;
  for (const auto& remark : remarks_on(rows, 2, {})) out += remark + "; ";
  return out;
}

TEST(DensityRemarks, OneValueInManyRowsHasNoDensity) {
  EXPECT_EQ(remarks(table(900, [](double x, int) { return x; })), "");
  // Of a resolution as coarse as that of iris nothing is said, of whole steps it is.
  EXPECT_EQ(remarks(table(150, [](double x, int) { return std::round(7 * x) / 7; })), "");
  EXPECT_TRUE(remarks(table(900, [](double x, int) {
                return std::round(2 * x);
              })).starts_with("columns 0, 1 take at most 20 values: ln p has no limit"));
  EXPECT_TRUE(remarks(table(900, [](double x, int c) {
                return c == 1 && x < 0 ? 0 : x;
              })).starts_with("column 1 takes one value in 5"));
  EXPECT_TRUE(remarks(table(900, [](double x, int) {
                return std::clamp(x, -1.0, 1.0);
              })).starts_with("columns 0, 1 take one value in 1"));
  EXPECT_TRUE(remarks(table(900, [](double x, int) {
                return std::max(x, -1.4);  // 8 % below
              })).starts_with("columns 0, 1 take one value in"));
  // Amounts of money, exact to a hundredth of the median.
  EXPECT_EQ(remarks(table(900, [](double x, int) { return std::round(100 * std::exp(x)) / 100; })),
            "");
}

TEST(DensityRemarks, CopiesAreThoseThatAreNotByChance) {
  const auto normal = table(300, [](double x, int) { return x; });
  for (const int times : {2, 10}) {
    std::vector<double> copied;
    for (int k = 0; k < times; ++k) copied.insert(copied.end(), normal.begin(), normal.end());
    EXPECT_NE(remarks(copied).find("rows are copies of others"), std::string::npos) << times;
  }
  std::vector<double> some = normal;
  some.insert(some.end(), normal.begin(), normal.begin() + 2 * 30);
  EXPECT_NE(remarks(some).find("30 of 330 rows are copies"), std::string::npos);
  for (const double steps : {3.0, 8.0})  // of whole steps in both columns rows are alike by chance
    EXPECT_EQ(
        remarks(table(2000, [&](double x, int) { return std::round(steps * x); })).find("copies"),
        std::string::npos);
  const auto zeros = [](double x, int) { return std::max(x, 0.0); };  // (0, 0) in a quarter
  EXPECT_EQ(remarks(table(2000, zeros)).find("copies"), std::string::npos);
  std::vector<double> rounded, twice;  // a column of its own, some 60 values in 300 rows
  for (std::size_t k = 0; k < normal.size(); k += 2) rounded.push_back(std::round(10 * normal[k]));
  for (std::size_t k = 0; k < normal.size(); k += 2) twice.insert(twice.end(), 2, normal[k]);
  EXPECT_EQ(remark_on_copies(rounded, 1), "");
  const auto signs = table(200, [](double x, int) { return x < 0 ? -1 : 1; });  // four rows, often
  EXPECT_EQ(remark_on_copies(signs, 2), "");
  EXPECT_NE(remark_on_copies(twice, 1).find("300 of 600 rows are copies"), std::string::npos);
}

TEST(DensityRemarks, FewRowsAreThoseOfFourAColumn) {
  EXPECT_FALSE(remark_on_few(20, 5).empty());
  EXPECT_TRUE(remark_on_few(21, 5).empty());
}

}  // namespace
}  // namespace quartic
