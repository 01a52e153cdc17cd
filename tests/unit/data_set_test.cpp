// Data sets: scalings and their inverses, splits, summaries, the [data] section.
#include "quartic/data/data_set.hpp"

#include <fmt/format.h>

#include <array>
#include <random>

#include "config/keys.hpp"
#include "config/reader.hpp"
#include "data_fixtures.hpp"
#include "quartic/data/columns.hpp"

namespace quartic {
namespace {

using Rows = std::vector<float>;

SharedSource memory(Rows values, std::size_t columns) {
  return std::make_shared<ArraySource>(std::move(values), columns);
}

Rows normals(std::size_t count, double mean, double deviation) {
  std::mt19937 random(5);
  std::normal_distribution<double> normal(mean, deviation);
  Rows values(count);
  for (float& x : values) x = static_cast<float>(normal(random));
  return values;
}

template <class Action>
std::string message(Action action) {
  try {
    action();
  } catch (const BadInput& error) {
    return std::string(error.what()) + " | " + error.hint();
  }
  return "accepted";
}

class DataSets : public RunFile {
 protected:
  DataOptions options(const Rows& values, const std::string& shape) {
    spill(file("x.npy"), npy("<f4", shape, raw(values)));
    DataOptions o;
    o.path = file("x.npy");
    return o;
  }
};

// ---- scaling ------------------------------------------------------------------------------------

TEST_F(DataSets, StandardisedColumnsHaveMeanZeroAndVarianceOne) {
  Rows values = normals(3000, 100, 2);
  for (std::size_t k = 0; k < values.size(); k += 3) values[k] = 5 * values[k] - 1000;
  auto o = options(values, "(1000, 3)");
  o.scaling = ScalingMethod::standardise;
  const DataSet set = open_data_set(o);
  const DataSummary model = summarise(*set.train);
  for (std::size_t c = 0; c < 3; ++c) {
    EXPECT_NEAR(model.mean[c], 0, 1e-5);
    EXPECT_NEAR(model.variance[c], 1, 1e-5);
  }
  EXPECT_EQ(set.description, "1000 x 3 from x.npy, f4, standardised");
}

/// Times, or what varies by little far from 0: float32 would have them as constant, or in steps.
TEST_F(DataSets, ColumnsFarFromZeroKeepWhatTheyVaryBy) {
  constexpr std::size_t rows = 300;
  std::mt19937 random(3);
  std::normal_distribution<double> normal;
  std::vector<double> values;
  std::string text;
  for (std::size_t n = 0; n < rows; ++n) {
    const double row[] = {1e8 + normal(random), 1e6 + 1e-3 * normal(random),
                          1.7e9 + 60.0 * static_cast<double>(n * n % 97)};
    values.insert(values.end(), std::begin(row), std::end(row));
    text += fmt::format("{},{},{}\n", row[0], row[1], row[2]);
  }
  spill(file("x.npy"), npy("<f8", "(300, 3)", raw(values)));
  spill(file("x.csv"), text);
  put_dataset(file("x.h5"), "x", {rows, 3}, H5T_NATIVE_DOUBLE, values.data());
  for (const char* name : {"x.npy", "x.csv", "x.h5"}) {
    DataOptions o;
    o.path = file(name);
    o.columns = "0-2";
    o.scaling = ScalingMethod::standardise;
    o.held_out = 0.25;
    const DataSet set = open_data_set(o);
    EXPECT_TRUE(set.summary.constant().empty()) << name;
    EXPECT_TRUE(set.scaling.needs_wide()) << name;
    const auto held_out = held_out_rows(rows, o.held_out, o.seed);
    const auto train = other_rows(rows, held_out);
    for (const auto& [source, numbers] :
         {std::pair{set.train, train}, std::pair{set.held_out, held_out}}) {
      const auto scaled = all_of(*source);
      for (std::size_t n = 0; n < numbers.size(); ++n)
        for (std::size_t c = 0; c < 3; ++c)
          ASSERT_NEAR(scaled[3 * n + c],
                      (values[3 * numbers[n] + c] - set.scaling.offset[c]) / set.scaling.scale[c],
                      1e-6)
              << name << " row " << numbers[n] << " column " << c;
    }
    EXPECT_EQ(set.checksum(),
              open_data_set(options(Rows(values.begin(), values.end()), "(300, 3)")).checksum())
        << "that of the data as float32";
    spill(file("x.npy"), npy("<f8", "(300, 3)", raw(values)));
  }
}

TEST_F(DataSets, ValuesBeyondFloat32AreRefused) {
  spill(file("x.npy"), npy("<f8", "(3, 1)", raw<double>({1, 1e300, 2})));
  DataOptions o;
  o.path = file("x.npy");
  EXPECT_NE(message([&] { open_data_set(o); }).find("hold 1e+300 in row 1"), std::string::npos);
}

TEST_F(DataSets, UnitScalingMapsTheExtremesToTheEndsAlike) {
  auto o = options({0, 255, 51, 102}, "(2, 2)");
  o.scaling = ScalingMethod::unit;
  const DataSet set = open_data_set(o);
  EXPECT_EQ(all_of(*set.train), (Rows{-1, 1, -0.6f, -0.2f}));
  EXPECT_EQ(set.scaling, (DataScaling{ScalingMethod::unit, {127.5}, {127.5}}));
  EXPECT_EQ(set.description, "2 x 2 from x.npy, f4, scaled to [-1, 1]");
}

TEST_F(DataSets, ConstantsAndAFixedScaling) {
  auto o = options({1, 3, 5, 7}, "(2, 2)");
  o.scaling = ScalingMethod::constants;
  o.offset = 3, o.scale = 2;
  EXPECT_EQ(all_of(*open_data_set(o).train), (Rows{-1, 0, 1, 2}));
  o.fixed_scaling = DataScaling{ScalingMethod::standardise, {1, 3}, {4, 4}};
  EXPECT_EQ(all_of(*open_data_set(o).train), (Rows{0, 0, 1, 1}));
  o.fixed_scaling->offset = {1, 2, 3};
  EXPECT_NE(message([&] { open_data_set(o); }).find("3 offsets and 2 scales does not fit"),
            std::string::npos);
}

TEST_F(DataSets, ScalingsInvertAndTheirJacobianIsThatOfTheMap) {
  const DataScaling scaling{ScalingMethod::standardise, {1, -20, 0.25}, {0.5, 40, -3}};
  Rows row = {1.25f, 7, -2}, moved = {1.25f + 0.125f, 7 + 8, -2 + 0.375f};
  const Rows start = row, far = moved;
  scaling.to_model(row, 3);
  scaling.to_model(moved, 3);
  double log_slope = 0;  // the map is affine: a secant is its derivative
  for (int c = 0; c < 3; ++c)
    log_slope += std::log(std::abs((moved[c] - row[c]) / (far[c] - start[c])));
  EXPECT_NEAR(scaling.log_jacobian(3), log_slope, 1e-6);
  scaling.from_model(row, 3);
  for (int c = 0; c < 3; ++c) EXPECT_FLOAT_EQ(row[c], start[c]);
  EXPECT_NEAR((DataScaling{ScalingMethod::unit, {0}, {2}}.log_jacobian(784)), -784 * std::log(2.0),
              1e-9);
  EXPECT_EQ(DataScaling{}.log_jacobian(5), 0);
}

TEST_F(DataSets, TheDensityOfTheDataIntegratesToOne) {
  // p_data(x) = p_model((x - offset) / scale) exp(log_jacobian), for a standard Gaussian model.
  const DataScaling scaling{ScalingMethod::constants, {3}, {0.25}};
  double integral = 0;
  for (double x = 0; x < 6; x += 1e-3) {
    Rows y = {static_cast<float>(x)};
    scaling.to_model(y, 1);
    integral += 1e-3 * std::exp(-0.5 * y[0] * y[0] + scaling.log_jacobian(1)) / std::sqrt(2 * M_PI);
  }
  EXPECT_NEAR(integral, 1, 1e-5);
}

TEST_F(DataSets, BinariseComesBeforeScaling) {
  auto o = options({0, 127, 128, 255}, "(2, 2)");
  o.binarise = 127;
  EXPECT_EQ(all_of(*open_data_set(o).train), (Rows{0, 0, 1, 1}));
  o.scaling = ScalingMethod::unit;
  const DataSet spins = open_data_set(o);
  EXPECT_EQ(all_of(*spins.train), (Rows{-1, -1, 1, 1}));
  EXPECT_EQ(spins.description, "2 x 2 from x.npy, f4, 1 above 127, else 0, scaled to [-1, 1]");
}

// ---- splits and views ---------------------------------------------------------------------------

TEST_F(DataSets, HeldOutRowsAreASeededSubset) {
  const auto chosen = held_out_rows(1000, 0.1, 7);
  EXPECT_EQ(chosen.size(), 100u);
  EXPECT_TRUE(std::is_sorted(chosen.begin(), chosen.end()));
  EXPECT_EQ(std::adjacent_find(chosen.begin(), chosen.end()), chosen.end());
  EXPECT_LT(chosen.back(), 1000u);
  EXPECT_EQ(chosen, held_out_rows(1000, 0.1, 7));
  EXPECT_NE(chosen, held_out_rows(1000, 0.1, 8));
  auto all = other_rows(1000, chosen);
  EXPECT_EQ(all.size(), 900u);
  all.insert(all.end(), chosen.begin(), chosen.end());
  std::sort(all.begin(), all.end());
  EXPECT_EQ(all, counting<std::size_t>(1000));
  EXPECT_EQ(held_out_rows(2, 0.01, 1).size(), 1u);
  EXPECT_EQ(held_out_rows(2, 0.98, 1).size(), 1u);
  EXPECT_THROW(held_out_rows(1, 0.5, 1), BadInput);
  EXPECT_THROW(held_out_rows(9, 1.0, 1), BadInput);
  EXPECT_THROW(held_out_rows(9, std::nan(""), 1), BadInput);
}

TEST_F(DataSets, EveryRowIsHeldOutAsOften) {
  // All 10 pairs of 5 rows: chi squared with 9 degrees of freedom, p = 0.001 beyond 27.9.
  constexpr int seeds = 2000;
  std::map<std::vector<std::size_t>, int> counts;
  for (int seed = 0; seed < seeds; ++seed)
    ++counts[held_out_rows(5, 0.4, static_cast<std::uint64_t>(seed))];
  ASSERT_EQ(counts.size(), 10u);
  double chi2 = 0;
  for (const auto& [pair, count] : counts) chi2 += std::pow(count - seeds / 10, 2) / (seeds / 10);
  EXPECT_LT(chi2, 27.9);
  EXPECT_GT(chi2, 1.15);  // p = 0.001: too even to be random
}

TEST_F(DataSets, TheSplitPartsTheRowsAndOnlyTrainingRowsSetTheScaling) {
  auto o = options(normals(200, 0, 1), "(100, 2)");
  o.held_out = 0.25, o.scaling = ScalingMethod::standardise, o.seed = 3;
  const DataSet set = open_data_set(o);
  EXPECT_EQ(set.train->rows(), 75u);
  EXPECT_EQ(set.held_out->rows(), 25u);
  EXPECT_NEAR(summarise(*set.train).mean[0], 0, 1e-6);
  EXPECT_GT(std::abs(summarise(*set.held_out).mean[0]), 1e-3);
  EXPECT_EQ(set.description, "100 x 2 from x.npy, f4, standardised, 25 rows held out");
  o.scaling = ScalingMethod::none;
  const DataSet plain = open_data_set(o);
  Rows all = all_of(*plain.train), rest = all_of(*plain.held_out), whole = normals(200, 0, 1);
  all.insert(all.end(), rest.begin(), rest.end());
  std::sort(all.begin(), all.end()), std::sort(whole.begin(), whole.end());
  EXPECT_EQ(all, whole);
}

TEST_F(DataSets, RowsAndColumns) {
  auto o = options(counting(12), "(4, 3)");
  o.rows = 2, o.columns = "2,0";
  const DataSet set = open_data_set(o);
  EXPECT_EQ(all_of(*set.train), (Rows{2, 0, 5, 3}));
  EXPECT_EQ(set.row_shape, std::vector<std::size_t>{2});
  EXPECT_THROW(rows_of(*set.train, {2}), BadInput);
  o.columns = "3";
  EXPECT_EQ(message([&] { open_data_set(o); }),
            "there is no column 3 in data of 3 columns | columns are counted from 0");
  o.columns = "", o.rows = 100;
  EXPECT_EQ(open_data_set(o).train->rows(), 4u);
}

TEST_F(DataSets, ColumnsAsText) {
  using Columns = std::vector<std::size_t>;
  EXPECT_EQ(parse_columns("1-3", 4), (Columns{1, 2, 3}));
  EXPECT_EQ(parse_columns("0,2,5-7,5", 8), (Columns{0, 2, 5, 6, 7, 5}));
  for (const char* wrong :
       {"", "a", "1,", "1-", "3-1", "1 2", "-1", "1,,2", "99999999999999999999"})
    EXPECT_NE(message([&] { parse_columns(wrong, 9); }).find("names no columns"), std::string::npos)
        << wrong;
  EXPECT_NE(message([] { parse_columns("0-9999999999", 9); }).find("no column 9999999999"),
            std::string::npos);
}

// ---- what cannot be learned from ----------------------------------------------------------------

TEST_F(DataSets, BadValuesAndConstantColumnsAreNamed) {
  auto o = options({0, 1, 2, 3, NAN, 5}, "(3, 2)");
  EXPECT_EQ(
      message([&] { open_data_set(o); }),
      "the data of 'x.npy' hold nan in row 2, column 0 (from 0) | replace or drop such values "
      "first: quartic learns from complete, finite rows");
  o.held_out = 0.4;  // wherever the row lands
  for (o.seed = 0; o.seed < 5; ++o.seed) EXPECT_THROW(open_data_set(o), BadInput);
  o.held_out = 0;
  o.rows = 2;
  EXPECT_NO_THROW(open_data_set(o));
  o = options({0, 1, 0, -INFINITY}, "(2, 2)");
  EXPECT_NE(message([&] { open_data_set(o); }).find("hold -inf in row 1, column 1"),
            std::string::npos);
  o = options({7, 1, 7, 2, 7, 3}, "(3, 2)");
  EXPECT_NO_THROW(open_data_set(o));
  o.scaling = ScalingMethod::standardise;
  EXPECT_NE(message([&] { open_data_set(o); })
                .find("have 1 constant column (0), which cannot be standardised | [data] columns = "
                      "\"1\" leaves it out"),
            std::string::npos);
  o.scaling = ScalingMethod::unit;
  EXPECT_NO_THROW(open_data_set(o));
  o.binarise = 10;
  EXPECT_NE(message([&] { open_data_set(o); }).find("are 0 everywhere"), std::string::npos);
}

// ---- summaries ----------------------------------------------------------------------------------

TEST_F(DataSets, SummaryMatchesTheDefinitionsInLongDouble) {
  // More rows than one batch, and an offset that would cost sums of squares their digits.
  const std::size_t columns = 3, rows = 500000;
  const Rows values = normals(rows * columns, 4096, 0.5);
  const DataSummary summary = summarise(*memory(values, columns));
  long double total = 0, row_total = 0;
  std::vector<long double> row_means(rows);
  for (std::size_t c = 0; c < columns; ++c) {
    long double mean = 0, variance = 0;
    for (std::size_t n = 0; n < rows; ++n) mean += values[n * columns + c];
    mean /= rows;
    for (std::size_t n = 0; n < rows; ++n) {
      variance += (values[n * columns + c] - mean) * (values[n * columns + c] - mean) / rows;
      row_means[n] += values[n * columns + c] / static_cast<long double>(columns);
    }
    EXPECT_NEAR(summary.mean[c], static_cast<double>(mean), 1e-10);
    EXPECT_NEAR(summary.variance[c], static_cast<double>(variance), 1e-9);
    total += mean / columns;
  }
  EXPECT_NEAR(summary.total_mean().value, static_cast<double>(total), 1e-10);
  for (const auto mean : row_means) row_total += (mean - total) * (mean - total) / (rows - 1);
  EXPECT_NEAR(summary.total_mean().error, std::sqrt(static_cast<double>(row_total) / rows), 1e-12);
  long double spread = 0;
  for (const float x : values) spread += (x - total) * (x - total) / values.size();
  EXPECT_NEAR(summary.deviation(), std::sqrt(static_cast<double>(spread)), 1e-9);
  EXPECT_EQ(summary.lowest(), *std::min_element(values.begin(), values.end()));
  EXPECT_EQ(summary.highest(), *std::max_element(values.begin(), values.end()));
}

TEST_F(DataSets, SummaryCountsAroundGaps) {
  const DataSummary summary = summarise(*memory({1, NAN, 3, 5, INFINITY, 5, 5, 5, NAN}, 3));
  EXPECT_EQ(summary.bad(), 3u);
  EXPECT_EQ(summary.first_bad->row, 0u);
  EXPECT_EQ(summary.first_bad->column, 1u);
  EXPECT_DOUBLE_EQ(summary.mean[0], 11.0 / 3);
  EXPECT_DOUBLE_EQ(summary.mean[1], 5);
  EXPECT_DOUBLE_EQ(summary.variance[2], 1);
  EXPECT_EQ(summary.constant(), std::vector<std::size_t>{1});
}

TEST_F(DataSets, HistogramCountsEveryFiniteValueOnce) {
  const auto source = memory({0, 1, 2, 3, 4, NAN, 4, 3.99f}, 2);
  EXPECT_EQ(histogram(*source, 0, 4, 4), (std::vector<std::uint64_t>{1, 1, 1, 4}));
  EXPECT_EQ(histogram(*memory({2, 2}, 1), 2, 2, 3), (std::vector<std::uint64_t>{2, 0, 0}));
}

TEST_F(DataSets, ChecksumTellsDataNotFiles) {
  const Rows values = normals(40, 0, 1);
  const std::string sum = summarise(*memory(values, 4)).checksum;
  EXPECT_EQ(sum.substr(0, 5), "10x4:");
  EXPECT_EQ(open_data_set(options(values, "(10, 4)")).checksum(), sum);
  auto o = options(values, "(10, 4)");
  o.held_out = 0.3, o.scaling = ScalingMethod::unit;
  EXPECT_EQ(open_data_set(o).checksum(), sum);
  for (std::size_t k = 0; k < values.size(); ++k) {
    Rows changed = values;
    changed[k] = std::nextafter(changed[k], 10.0f);
    EXPECT_NE(summarise(*memory(changed, 4)).checksum, sum);
  }
  Rows swapped = values;
  std::swap_ranges(swapped.begin(), swapped.begin() + 4, swapped.begin() + 4);
  EXPECT_NE(summarise(*memory(swapped, 4)).checksum, sum);
  EXPECT_NE(summarise(*memory(values, 5)).checksum, sum);
}

// ---- [data] -------------------------------------------------------------------------------------

DataOptions parse(const std::string& text, const fs::path& folder = "/somewhere") {
  DataOptions options;
  const auto document = toml::parse(text, std::string_view("run.toml"));
  binder::read({"data", "", binder::data_keys(options)}, *document["data"].as_table(), folder);
  require_readable(options, "run.toml");
  return options;
}

TEST(DataConfig, ColumnsAreTextOrAnArrayOfNamesOrNumbers) {
  const auto columns = [](const std::string& value) {
    return parse("[data]\npath = \"x\"\ncolumns = " + value + "\n");
  };
  const auto named = columns("[\"a, b\", \"c\"]");
  EXPECT_EQ(named.column_names, (std::vector<std::string>{"a, b", "c"}));
  EXPECT_EQ(named.columns, "");
  EXPECT_EQ(columns("[0, 5]").columns, "0,5");
  EXPECT_EQ(columns("\"width,height\"").columns, "width,height");
  EXPECT_NE(message([&] { columns("[]"); }).find("'columns' is empty"), std::string::npos);
  for (const char* wrong : {"3", "[0, \"a\"]", "[-1]", "[\"a\", 1]"})
    EXPECT_NE(message([&] { columns(wrong); }).find("'columns' must be a string or an array"),
              std::string::npos)
        << wrong;
  const std::string text = "[data]\npath = \"x\"\ncolumns = [\"a, \\\"b\\\"\", \"c\"]\n";
  const Config config = parse_config(text, "run.toml");
  EXPECT_EQ(parse_config(to_toml(config), "run.toml").data.column_names,
            (std::vector<std::string>{"a, \"b\"", "c"}));
}

TEST(DataConfig, KeysReachTheOptionsAndPathsStartFromTheConfig) {
  const auto o = parse(
      "[data]\npath = \"../x.h5\"\ndataset = \"a/b\"\nformat = \"hdf5\"\nrows = 10\n"
      "columns = \"1-2\"\nbinarise = 0.5\nheld_out = 0.1\nscaling = \"constants\"\noffset = 1\n"
      "scale = 2.5\n");
  EXPECT_EQ(o.path, "/x.h5");
  EXPECT_EQ(o.dataset, "a/b");
  EXPECT_EQ(o.format, DataFormat::hdf5);
  EXPECT_EQ(o.rows, 10);
  EXPECT_EQ(o.columns, "1-2");
  EXPECT_EQ(o.binarise, 0.5);
  EXPECT_EQ(o.held_out, 0.1);
  EXPECT_EQ(o.scaling, ScalingMethod::constants);
  EXPECT_EQ(o.offset, 1);
  EXPECT_EQ(o.scale, 2.5);
}

TEST(DataConfig, DumpGivesTheSameOptionsBack) {
  DataOptions o =
      parse("[data]\npath = \"/x.npy\"\nscaling = \"unit\"\nrows = 3\nheld_out = 0.3\n");
  std::string text = "[data]\n";
  for (const auto& key : binder::data_keys(o)) {
    const std::string value = binder::dump(key);
    if (!value.empty()) text += std::string(key.name) + " = " + value + "\n";
  }
  EXPECT_EQ(text,
            "[data]\npath = \"/x.npy\"\nformat = \"auto\"\nrows = 3\nheld_out = 0.3\n"
            "scaling = \"unit\"\n");
  EXPECT_EQ(parse(text).rows, 3);
}

TEST(DataConfig, RefusesWhatCannotBe) {
  for (const auto& [text, expected] : std::map<std::string, std::string>{
           {"[data]\n", "run.toml: [data] has no 'path'"},
           {"[data]\npath = 'x'\nscalling = 'unit'\n",
            "run.toml:3: unknown key 'scalling' in [data]; did you mean 'scaling'?"},
           {"[data]\npath = 'x'\nscaling = 'standardize'\n",
            "run.toml:3: 'scaling' cannot be \"standardize\"; did you mean 'standardise'?"},
           {"[data]\npath = 'x'\nheld_out = 1\n",
            "run.toml:3: 'held_out' must be a number from 0 to 0.99"},
           {"[data]\npath = 'x'\nrows = 0\n", "run.toml:3: 'rows' must be an integer >= 1"},
           {"[data]\npath = 'x'\nscale = 2\n",
            "run.toml: offset and scale in [data] belong to scaling = \"constants\""},
           {"[data]\npath = 'x'\nscaling = 'constants'\n", "needs offset or scale"},
           {"[data]\npath = 'x'\nscaling = 'constants'\nscale = 0\n",
            "scale in [data] cannot be 0"}})
    EXPECT_NE(message([&, &text = text] { parse(text); }).find(expected), std::string::npos)
        << message([&, &text = text] { parse(text); });
}

}  // namespace
}  // namespace quartic
