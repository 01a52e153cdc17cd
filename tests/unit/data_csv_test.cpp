// Tables as text: RFC 4180, names of columns, what is missing, what is refused and with which
// remedy; and rows written so that they are read back to the same bits.
#include <fmt/format.h>

#include <random>

#include "data_fixtures.hpp"
#include "quartic/data/data_set.hpp"
#include "quartic/data/write_rows.hpp"

namespace quartic {
namespace {

using Rows = std::vector<float>;
using Names = std::vector<std::string>;

class Csv : public RunFile {
 protected:
  DataOptions options(const std::string& text) {
    spill(file("a.csv"), text);
    DataOptions o;
    o.path = file("a.csv");
    return o;
  }
  DataRows read(const std::string& text) { return open_data_rows(options(text)); }
  Names names(const std::string& text) { return read(text).names; }
  Rows rows(const std::string& text) { return all_of(*read(text).rows); }

  static std::string refusal(const DataOptions& o) {
    try {
      open_data_set(o);
    } catch (const BadInput& error) {
      EXPECT_FALSE(error.hint().empty()) << error.what();
      return std::string(error.what()) + " | " + error.hint();
    }
    return "accepted";
  }
  std::string refusal(const std::string& text) { return refusal(options(text)); }
  Names warnings(const std::string& text) { return open_data_set(options(text)).warnings; }
};

#define EXPECT_CONTAINS(text, part) \
  EXPECT_NE((text).find(part), std::string::npos) << (text) << "\n  lacks " << (part)

TEST_F(Csv, FieldsAreQuotedByRfc4180) {
  const std::string text =
      "\"a\",\"b, unit\",\"say \"\"c\"\"\",\"d\r\ne\"\r\n\"1\",2,\"3\",4\r\n5,\"-6\",7,8\r\n";
  EXPECT_EQ(rows(text), (Rows{1, 2, 3, 4, 5, -6, 7, 8}));
  EXPECT_EQ(names(text), (Names{"a", "b, unit", "say \"c\"", "d e"}));
  EXPECT_EQ(rows("\"1\" , \" 2 \"\n 3,4\n"), (Rows{1, 2, 3, 4}));
  EXPECT_EQ(names("5\" pipe,b\n1,2\n"), (Names{"5\" pipe", "b"}));
  EXPECT_CONTAINS(refusal("a,\"b\n1,2\n"), "the quote that opens in line 1 does not end");
  EXPECT_CONTAINS(refusal("a,b\n1,\"2\"x\n"), "in line 2 text follows a closing quote");
}

TEST_F(Csv, LineEndsAndSeparatorsAreFound) {
  const Rows expected = {1, 2, 3, 4};
  for (const std::string text :
       {"x,y\r1,2\r3,4\r", "x,y\r\n1,2\r\n3,4", "\xEF\xBB\xBFx;y\n1;2\n3;4\n", "x\ty\n1\t2\n3\t4\n",
        "\"x; old\",y\n1,2\n3,4\n", "\"x\" \"y\"\n1 2\n3 4\n", "x; old,y\n1,2\n3,4\n",
        "# x, y\n1,2\n3,4\n", "\n\n#x y\n 1 2\n 3  4 \n", "x,y\n,\n1,2\n3,4\n"}) {
    const DataRows data = read(text);
    auto found = all_of(*data.rows);
    if (text.find(",\n1") != std::string::npos) found.erase(found.begin(), found.begin() + 2);
    EXPECT_EQ(found, expected) << text;
    EXPECT_EQ(data.names.size(), 2U) << text;
  }
  EXPECT_EQ(names("sepal length\n5.1\n4.9\n"), Names{"sepal length"});
  EXPECT_EQ(names("# made by hand\n1,2\n"), Names{});
  EXPECT_EQ(names("gr\xF6\xDF"
                  "e,b\n1,2\n"),
            (Names{"größe", "b"}));  // Latin-1
  EXPECT_EQ(names("größe,b\n1,2\n"), (Names{"größe", "b"}));
  EXPECT_CONTAINS(refusal(std::string("\xFF\xFE"
                                      "1\0,\0",
                                      6)),
                  "UTF-16");
}

TEST_F(Csv, LinesEndAlikeWhereTheReadersChunksDo) {
  // CR LF on both sides of the 256 KiB that are read at once, for every offset of it.
  for (std::size_t shift = 0; shift < 4; ++shift) {
    std::string text = "#" + std::string(shift, 'x') + "\r\n";
    Rows expected;
    for (int n = 0; n < 60000; ++n) {
      text += "1,\"2\"\r\n";
      expected.push_back(1), expected.push_back(2);
    }
    EXPECT_EQ(rows(text), expected) << shift;
  }
}

TEST_F(Csv, ColumnsAreChosenByName) {
  const std::string text = "id,sepal length,sepal width,kind\n7,1,2,a\n9,3,4,b\n2,5,6,a\n";
  auto o = options(text);
  o.column_names = {"sepal width", "sepal length"};
  const DataSet set = open_data_set(o);
  EXPECT_EQ(all_of(*set.train), (Rows{2, 1, 4, 3, 6, 5}));
  EXPECT_EQ(set.names, o.column_names);
  o.column_names.clear(), o.columns = "sepal length, id";
  EXPECT_EQ(all_of(*open_data_set(o).train), (Rows{1, 7, 3, 9, 5, 2}));
  o.columns = "1-2";
  EXPECT_EQ(open_data_set(o).names, (Names{"sepal length", "sepal width"}));
  o.columns = "sepal lenght";
  EXPECT_CONTAINS(refusal(o), "'a.csv' has no column 'sepal lenght' | did you mean 'sepal length'");
  o.columns = "zzz";
  EXPECT_CONTAINS(refusal(o), "it has \"id\", \"sepal length\", \"sepal width\", \"kind\"");
  o = options("a,b,a\n1,2,3\n");
  o.column_names = {"a"};
  EXPECT_CONTAINS(refusal(o), "2 columns of 'a.csv' have the name 'a' | choose them by number");
  o = options("1,2\n3,4\n");
  o.column_names = {"a"};
  EXPECT_CONTAINS(refusal(o), "the columns of 'a.csv' have no names");
}

TEST_F(Csv, AModelFindsItsColumnsInOtherData) {
  auto o = options("d,b,kind,a\n0,2,x,1\n0,4,y,3\n");
  o.learned_names = {"a", "b"}, o.learned_columns = 2;
  EXPECT_EQ(all_of(*open_data_set(o).train), (Rows{1, 2, 3, 4}));
  o.columns = "3-4";  // of the file that it learned from, which played no part here
  EXPECT_EQ(all_of(*open_data_set(o).train), (Rows{1, 2, 3, 4}));
  spill(file("a.csv"), "b,c\n1,2\n");
  EXPECT_CONTAINS(refusal(o), "has no column 'a'");
  spill(file("a.csv"), "1,2\n3,4\n");  // no names: chosen before, since there is no column 3
  EXPECT_EQ(all_of(*open_data_set(o).train), (Rows{1, 2, 3, 4}));
  o.columns = "1,0";
  EXPECT_EQ(all_of(*open_data_set(o).train), (Rows{2, 1, 4, 3}));
  o.columns = "b,a";
  EXPECT_EQ(all_of(*open_data_set(o).train), (Rows{1, 2, 3, 4}));
  spill(file("a.csv"), "1,2,3\n3,4,5\n");
  EXPECT_CONTAINS(refusal(o), "has 3 columns without names, the model learned from 2");
}

TEST_F(Csv, TextIsRefusedWithTheLineThatLeavesItOut) {
  const std::string said = refusal("a,b \"x\",kind\n1,2,setosa\n3,4,virginica\n");
  EXPECT_CONTAINS(said, "line 2, column 3 (kind): 'setosa' is no number; the column is text");
  EXPECT_CONTAINS(said, "[data] columns = [\"a\", \"b \\\"x\\\"\"] leaves text out");
  EXPECT_CONTAINS(refusal(",a,kind,when\n0,1,x,2020-01-01\n1,2,y,2020-01-02\n"),
                  "2 columns hold text | [data] columns = [\"a\"] leaves text out");
  EXPECT_CONTAINS(refusal("1,x,3\n4,y,6\n"), "[data] columns = \"0,2\" leaves text out");
  EXPECT_CONTAINS(refusal("n,a,kind\n7,.1,x\n8,.2,x\n9,.3,y\n10,.4,y\n"),  // n counts the rows
                  "the column is text | [data] columns = [\"a\"] leaves text out");
  EXPECT_CONTAINS(refusal("a,b\n1,2\n3,4\n5,6\n7,oops\n"),
                  "line 5, column 2 (b): 'oops' is no number | numbers have a decimal point");
}

TEST_F(Csv, CommasInNumbersAreNamed) {
  for (const char* text : {"a;b\n1,5;2\n2,5;3\n", "h\n1,5\n1,7\n", "a\tb\n1.234,5\t2\n1\t2\n",
                           "a,b\n\"1,234.5\",2\n3,4\n", "1,5 2,3\n4,5 6,7\n"})
    EXPECT_CONTAINS(refusal(std::string(text)), "a decimal point and no other separator");
}

TEST_F(Csv, MissingValuesAreNamedByRowAndColumn) {
  for (const char* word : {"", "NA", "nan", "NaN", "?", "null", "N/A", "<NA>", "\"\"", "None"}) {
    const std::string text = fmt::format("a,b\n1,2\n3,{}\n5,6\n", word);
    EXPECT_CONTAINS(refusal(text), "hold nan in row 1, column 1 (b), counted from 0") << word;
    EXPECT_TRUE(std::isnan(rows(text)[3])) << word;
  }
  EXPECT_TRUE(std::isnan(rows("NA,?\n1,2\n")[0]));  // no header
  EXPECT_CONTAINS(refusal("a,b,\n1,2,\n3,4,\n"), "complete are [data] columns = [\"a\", \"b\"]");
  auto o = options("a,b\n1,\n3,\n");
  o.columns = "a";
  EXPECT_EQ(refusal(o), "accepted");
  o.columns = "", o.scaling = ScalingMethod::standardise;
  spill(file("a.csv"), "a,b\n1,2\n3,2\n");
  EXPECT_CONTAINS(refusal(o), "1 constant column (1 (b))");
}

TEST_F(Csv, AnIndexIsNoticed) {
  const Names said = warnings(",a,b\n0,1.5,2\n1,2.5,7\n");
  ASSERT_EQ(said.size(), 1U);
  EXPECT_CONTAINS(said[0], "column 0 (unnamed) looks like an index of the rows");
  EXPECT_CONTAINS(said[0], "columns = [\"a\", \"b\"]");
  EXPECT_EQ(warnings("n,a\n1,5\n2,3\n3,9\n4,1\n").size(), 1U);
  EXPECT_CONTAINS(warnings("5,1\n3,2\n9,3\n1,4\n").at(0), "columns = \"0\"");
  EXPECT_EQ(warnings(",0,1\n0,1.5,2\n1,2.5,7\n2,4,4\n3,4,5\n").size(), 1U);
  EXPECT_EQ(names(",0,1\n0,1.5,2\n"), Names{});
  EXPECT_EQ(warnings("n,a\n1,5\n2,3\n4,9\n3,1\n"), Names{});
  EXPECT_EQ(warnings("n\n0\n1\n2\n3\n"), Names{});  // nothing else is there
  std::string gaps = "id,a\n", wide = gaps, back = gaps;
  for (int n = 0; n < 20; ++n) {  // as where incomplete rows have been left out
    gaps += fmt::format("{},{}.5\n", n + n / 3, n % 7),
        wide += fmt::format("{},{}.5\n", 3 * n, n % 7);
    back += fmt::format("{},{}.5\n", n == 9 ? 0 : n + n / 3, n % 7);
  }
  EXPECT_CONTAINS(warnings(gaps).at(0), "column 0 (id) looks like an index of the rows");
  EXPECT_EQ(warnings(wide), Names{});
  EXPECT_EQ(warnings(back), Names{});
  EXPECT_EQ(warnings("a,b\n0.5,1\n0.5,2\n"), Names{});
  std::string twice = "a,b\n", whole = twice, once = twice;
  for (int n = 0; n < 20; ++n) {
    twice += n % 2 ? "0.5,1\n" : "1.5,2\n", whole += n % 2 ? "0,1\n" : "1,2\n";
    once += std::to_string(n) + ".5,1\n";
  }
  EXPECT_CONTAINS(warnings(twice).at(0), "of 20 there are 2 distinct ones");
  EXPECT_EQ(warnings(whole), Names{});
  EXPECT_EQ(warnings(once), Names{});
  EXPECT_CONTAINS(warnings("0,1,2\n0.5,1.5,2.5\n").at(0), "first row, line 1, count on, to 2");
  auto years = options("country,1990,1991,1992\nx,1,2,3\ny,3,4,5\n");
  years.columns = "1-3";
  EXPECT_EQ(open_data_set(years).warnings.size(), 1U);
  EXPECT_EQ(warnings("1,2,4\n0.5,1.5,2.5\n"), Names{});
  auto o = options("n,b,a\n0,1,5\n1,1,3\n2,1,9\n3,2,1\n");
  o.columns = "0,2", o.held_out = 0.5;
  EXPECT_CONTAINS(open_data_set(o).warnings.at(0), "columns = [\"a\"]");
}

TEST_F(Csv, WhatIsWrittenComesBackToTheSameBits) {
  std::mt19937 random(3);
  Rows values;
  while (values.size() < 3000) {
    const float x = std::bit_cast<float>(static_cast<std::uint32_t>(random()));
    if (std::isfinite(x)) values.push_back(x);
  }
  const std::size_t shape[] = {500, 2, 3};
  const Names columns = {"a", "b, c", "d \"e\"", "#f", "größe", "g;h"};
  write_rows(file("x.csv"), values, shape, columns);
  DataOptions o;
  o.path = file("x.csv");
  const DataRows back = open_data_rows(o);
  EXPECT_EQ(all_of(*back.rows), values);
  EXPECT_EQ(back.names, columns);
  write_rows(file("x.csv"), values, shape);
  EXPECT_EQ(all_of(*open_data_rows(o).rows), values);
  o.path = file("x.npy");
  write_rows(o.path, values, shape);
  EXPECT_EQ(all_of(*open_data_rows(o).rows), values);
  EXPECT_EQ(open_data_rows(o).row_shape, (std::vector<std::size_t>{2, 3}));
  const std::vector<double> wide = {1.0 / 3, -2e-300};
  const std::size_t one[] = {1, 2};
  write_rows(file("w.csv"), wide, one);
  EXPECT_EQ(slurp(file("w.csv")), "0.3333333333333333,-2e-300\n");
  EXPECT_THROW(write_rows(file("x.txt"), values, shape), BadInput);
  EXPECT_THROW(require_row_format(file("x")), BadInput);
  EXPECT_FALSE(fs::exists(file("x.txt")));
}

}  // namespace
}  // namespace quartic
