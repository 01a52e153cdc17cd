// quartic data: what a data set holds, and whether quartic reads it
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "app/verb.hpp"
#include "quartic/data/data_set.hpp"
#include "quartic/run/number.hpp"
#include "run/report_json.hpp"

namespace quartic::app {
namespace {

constexpr int bins = 16;
constexpr double longest_bar = 40;         // characters
constexpr std::size_t listed_columns = 8;  // of the constant ones, without --json
constexpr std::size_t named_columns = 24;  // that are described one by one, without --json

struct DataArguments {
  DataOptions data;
  std::string format = "auto", scaling = "none";
};

struct DataReport {
  DataRows data;
  DataSummary summary;  ///< before scaling, of all rows
  std::vector<std::string> warnings;
  std::vector<std::uint64_t> counts;  ///< histogram from the lowest to the highest value
  std::optional<DataSet> set;         ///< where a scaling or a split was asked for
};

DataOptions data_options(const DataArguments& options, const Globals& globals) {
  DataOptions data = options.data;
  data.format = from_word<DataFormat>(options.format, "format");
  data.scaling = from_word<ScalingMethod>(options.scaling, "scaling");
  data.seed = globals.seed.value_or(RunConfig{}.seed);
  require_readable(data, "quartic data");
  return data;
}

DataReport examine(const DataOptions& options) {
  DataReport report{open_data_rows(options), {}, {}, {}, {}};
  report.summary = summarise(*report.data.rows);
  report.warnings = data_warnings(report.data, report.summary);
  const auto& summary = report.summary;
  report.counts = histogram(*report.data.rows, summary.lowest(), summary.highest(), bins);
  const bool changed = options.scaling > ScalingMethod::none || options.held_out > 0;
  if (changed && !summary.first_bad) report.set = open_data_set(options);
  return report;
}

/// So many digits as tell values between the two apart, `wanted` where these are far apart.
int digits(double low, double high, int wanted) {
  const double ratio = std::max(std::abs(low), std::abs(high)) / (high - low);
  if (!(ratio > 1) || !std::isfinite(ratio)) return wanted;
  return std::min(wanted + static_cast<int>(std::log10(ratio)), 17);
}

/// "0.5", or "0.1 to 0.9" where columns differ.
std::string range(const std::vector<double>& values) {
  const auto [low, high] = std::minmax_element(values.begin(), values.end());
  return *low == *high ? fmt::format("{:.6g}", *low) : fmt::format("{:.6g} to {:.6g}", *low, *high);
}

void print_histogram(const DataReport& report) {
  const double low = report.summary.lowest(), high = report.summary.highest();
  const double all =
      static_cast<double>(report.summary.rows * report.summary.columns() - report.summary.bad());
  const double most =
      static_cast<double>(*std::max_element(report.counts.begin(), report.counts.end()));
  if (!(low < high)) return;
  const int shown = digits(low, high, 4);
  to_output("histogram\n");
  for (int k = 0; k < bins; ++k) {
    const double count = static_cast<double>(report.counts[static_cast<std::size_t>(k)]);
    const auto bar = static_cast<std::size_t>(std::ceil(longest_bar * count / most));
    to_output("  {:>10} to {:>10}  {:5.1f} %{}{}\n", rounded(low + (high - low) * k / bins, shown),
              rounded(low + (high - low) * (k + 1) / bins, shown), 100 * count / all,
              bar ? "  " : "", std::string(bar, '#'));
  }
}

void print_columns(const DataReport& report) {
  const auto& names = report.data.names;
  const auto& summary = report.summary;
  if (names.empty()) return;
  std::size_t width = 0;
  const std::size_t shown = std::min(names.size(), named_columns);
  for (std::size_t c = 0; c < shown; ++c) width = std::max(width, column_text(c, names).size());
  for (std::size_t c = 0; c < shown; ++c) {
    const double low = summary.low[c], high = summary.high[c];
    to_output("{:<12}{:<{}}  {} to {}, mean {}, deviation {}{}\n", c ? "" : "columns",
              column_text(c, names), width, rounded(low, digits(low, high, 6)),
              rounded(high, digits(low, high, 6)), rounded(summary.mean[c], digits(low, high, 5)),
              rounded(std::sqrt(summary.variance[c]), 4),
              summary.finite[c] == summary.rows
                  ? ""
                  : fmt::format(", {} missing", summary.rows - summary.finite[c]));
  }
  if (names.size() > shown) to_output("{:<12}and {} more\n", "", names.size() - shown);
}

void print(const DataReport& report) {
  const auto& summary = report.summary;
  const auto& info = report.data.file->info();
  to_output("data        {}\nformat      {}, values stored as {}\n", info.name, name(info.format),
            info.type);
  to_output("rows        {} of {} value{}", summary.rows, summary.columns(),
            summary.columns() == 1 ? "" : "s");
  if (report.data.row_shape.size() > 1) to_output(" ({})", fmt::join(report.data.row_shape, " x "));
  to_output("\n");
  print_columns(report);
  // Columns with names are different things, which have no mean in common.
  if (report.data.names.empty() && std::isfinite(summary.lowest())) {
    const Estimate mean = summary.total_mean();
    const int shown = digits(summary.lowest(), summary.highest(), 6);
    to_output("range       {} to {}\n", rounded(summary.lowest(), shown),
              rounded(summary.highest(), shown));
    to_output("mean        {}{}\n", with_error(mean),
              summary.rows > 1 ? ", if rows are independent" : ", of one row: no error");
    to_output("deviation   {}\n", rounded(summary.deviation(), 6));
  }
  auto constant = summary.constant();
  if (summary.rows == 1) constant.clear();  // all are, and it says nothing
  to_output("constant    {}", summary.rows == 1  ? "every column, of one row"
                              : constant.empty() ? "no column"
                                                 : fmt::format("{} columns: ", constant.size()));
  to_output("{}\nchecksum    {}\n", columns_text(constant, report.data.names, listed_columns),
            summary.checksum);
  if (report.set) {
    const auto& scaling = report.set->scaling;
    if (scaling.method != ScalingMethod::none)
      to_output("scaling     {}: (x - offset) / scale, offset {}, scale {}{}\n", scaling.text(),
                range(scaling.offset), range(scaling.scale), scaling.by_column() ? "" : ", and on");
    if (report.set->held_out)
      to_output("held out    {} rows, {} to learn from\n", report.set->held_out->rows(),
                report.set->train->rows());
  }
  if (report.data.names.empty()) print_histogram(report);
}

/// Whether it can be learned from, and if not, why.
std::string verdict(const DataReport& report) {
  const DataSummary& summary = report.summary;
  if (!summary.first_bad) return "quartic reads these data";
  const auto& bad = *summary.first_bad;
  const auto& names = report.data.names;
  return fmt::format("{} value{} {}, the first in row {}, column {}{}: {}", summary.bad(),
                     summary.bad() == 1 ? " is" : "s are",
                     names.empty() ? "NaN or infinite" : "missing, NaN or infinite", bad.row,
                     column_text(bad.column, names), names.empty() ? " (from 0)" : ", from 0",
                     bad.value);
}

nlohmann::json data_json(const DataReport& report) {
  const auto& summary = report.summary;
  const auto& info = report.data.file->info();
  const Estimate mean = summary.total_mean();
  auto out = reports::json_of(
      "data", info.name, "format", info.format, "type", info.type, "rows", summary.rows, "columns",
      summary.columns(), "row_shape", report.data.row_shape, "low", summary.lowest(), "high",
      summary.highest(), "mean", mean.value, "mean_error", summary.rows > 1 ? mean.error : NAN,
      "standard_deviation", summary.deviation(), "constant_columns", summary.constant(),
      "not_finite", summary.bad(), "checksum", summary.checksum, "histogram", report.counts, "ok",
      !summary.first_bad, "verdict", verdict(report), "names", report.data.names, "warnings",
      report.warnings);
  if (report.set) {
    const auto& scaling = report.set->scaling;
    out["scaling"] = reports::json_of("method", scaling.method, "offset", scaling.offset, "scale",
                                      scaling.scale);
    out["held_out"] = report.set->held_out ? report.set->held_out->rows() : 0;
  }
  return out;
}

ErrorCode show_data(const DataArguments& options, const Globals& globals) {
  const DataReport report = examine(data_options(options, globals));
  if (globals.json) {
    print_json(data_json(report));
  } else if (!globals.quiet) {
    print(report);
    for (const auto& warning : report.warnings) to_output("warning     {}\n", warning);
    to_output("verdict     {}\n", verdict(report));
  }
  return report.summary.first_bad ? ErrorCode::diagnostics_failed : ErrorCode::ok;
}

const Verb data_verb(
    114, "data", show_data,
    [](CLI::App& verb, DataArguments& options) {
      verb.description(
          "what a data set holds, and whether quartic reads it"
          "\n$ quartic data table.csv --columns width,height");
      auto& data = options.data;
      verb.add_option("FILE", data.path,
                      "npy, npz, HDF5, IDX, CSV, image, folder of images, run file")
          ->required()
          ->type_name(value::data);
      verb.add_option("--dataset", data.dataset, "of an HDF5 file, or array of an npz archive");
      verb.add_option("--format", options.format, "instead of telling it by the content")
          ->check(one_of(all_words<DataFormat>()));
      verb.add_option("--rows", data.rows, "the first so many")->check(integer(1));
      verb.add_option("--columns", data.columns,
                      "by number, such as 1-784 or 0,2,5-7, counted from 0, or by name, such as "
                      "width,height")
          ->check(named());
      verb.add_option("--binarise", data.binarise, "values above it become 1, others 0");
      verb.add_option("--held-out", data.held_out, "fraction of the rows kept from learning")
          ->check(between(0, 0.99));
      verb.add_option("--scaling", options.scaling, "how values become those of the model")
          ->check(one_of(all_words<ScalingMethod>()));
      verb.add_option("--offset", data.offset, "for --scaling constants: (x - offset) / scale");
      verb.add_option("--scale", data.scale, "for --scaling constants");
    },
    Work::of_one, Gives::text);

}  // namespace
}  // namespace quartic::app
