#include "quartic/data/data_set.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "data/readers.hpp"
#include "quartic/core/error.hpp"

namespace quartic {
namespace {

[[noreturn]] void refuse_data(const DataFile& file, const std::string& what,
                              const std::string& hint) {
  throw BadInput(fmt::format("the data of '{}' {}", file.info().name, what), hint);
}

void check_finite(const DataFile& file, const DataSummary& summary) {
  if (!summary.first_bad) return;
  const auto& bad = *summary.first_bad;
  refuse_data(file,
              fmt::format("hold {} in row {}, column {} (from 0)", bad.value, bad.row, bad.column),
              "replace or drop such values first: quartic learns from complete, finite rows");
}

DataScaling standardising(const DataFile& file, const DataSummary& summary) {
  const auto constant = summary.constant();
  if (!constant.empty()) {
    const std::size_t listed = std::min<std::size_t>(constant.size(), 5);
    refuse_data(file,
                fmt::format("have {} constant column{} ({}{}), which cannot be standardised",
                            constant.size(), constant.size() == 1 ? "" : "s",
                            fmt::join(constant.begin(),
                                      constant.begin() + static_cast<std::ptrdiff_t>(listed), ", "),
                            listed < constant.size() ? ", ..." : ""),
                "scaling = \"unit\", or choose columns that vary");
  }
  DataScaling scaling{ScalingMethod::standardise, summary.mean, summary.variance};
  for (double& scale : scaling.scale) scale = std::sqrt(scale);
  return scaling;
}

DataScaling to_unit(const DataFile& file, const DataSummary& summary) {
  const double low = summary.lowest(), high = summary.highest();
  if (low == high)
    refuse_data(file, fmt::format("are {} everywhere, which cannot be scaled to [-1, 1]", low),
                "scaling = \"none\", or data that vary");
  return {ScalingMethod::unit, {(low + high) / 2}, {(high - low) / 2}};
}

/// Rows of whose powers or covariance a scaling is made: more would not change it.
constexpr std::size_t scaling_rows = 100'000;

/// By the rows themselves, not their summary alone.
DataScaling of_rows(ScalingMethod method, const DataFile& file, const DataSummary& summary,
                    const DataSource& rows) {
  standardising(file, summary);  // its refusals name the columns
  const auto some = read_rows(rows, 0, std::min(rows.rows(), scaling_rows));
  return fit_scaling(method, std::vector<double>(some.begin(), some.end()), rows.columns());
}

DataScaling find_scaling(const DataOptions& options, const DataFile& file,
                         const DataSummary& summary, const DataSource& rows) {
  if (options.fixed_scaling) return *options.fixed_scaling;
  ScalingMethod method = options.scaling;
  if (method == ScalingMethod::automatic)
    method = summary.constant().empty() ? options.automatic : options.automatic_if_constant;
  switch (method) {
    case ScalingMethod::automatic:
    case ScalingMethod::none:
      return {};
    case ScalingMethod::standardise:
      return standardising(file, summary);
    case ScalingMethod::unit:
      return to_unit(file, summary);
    case ScalingMethod::constants:
      return {ScalingMethod::constants, {options.offset.value_or(0)}, {options.scale.value_or(1)}};
    default:
      return of_rows(method, file, summary, rows);
  }
}

std::string describe(const DataOptions& options, const DataRows& data, const DataSet& set) {
  std::string text = fmt::format("{} x {} from {}, {}", data.rows->rows(), data.rows->columns(),
                                 data.file->info().name, data.file->info().type);
  if (options.binarise) text += fmt::format(", 1 above {:g}, else 0", *options.binarise);
  const std::string scaling = set.scaling.text();
  if (!scaling.empty()) text += ", " + scaling;
  if (set.held_out) text += fmt::format(", {} rows held out", set.held_out->rows());
  return text;
}

}  // namespace

DataRows open_data_rows(const DataOptions& options) {
  DataPlace place{options.path, options.dataset, options.format, {}};
  if (options.rows) place.rows = static_cast<std::size_t>(std::max(1, *options.rows));
  DataRows data{open_data_file(place), nullptr, {}};
  data.rows = data.file;
  data.row_shape = data.file->info().row_shape;
  if (place.rows) data.rows = first_rows(data.rows, *place.rows);
  if (!options.columns.empty()) {
    data.rows = select_columns(data.rows, parse_columns(options.columns, data.rows->columns()));
    data.row_shape = {data.rows->columns()};
  }
  if (options.binarise) data.rows = binarised(data.rows, *options.binarise);
  return data;
}

DataSet open_data_set(const DataOptions& options) {
  return open_data_set(options, open_data_rows(options));
}

DataSet open_data_set(const DataOptions& options, const DataRows& data) {
  std::vector<std::size_t> held_out;
  if (options.held_out != 0)
    held_out = held_out_rows(data.rows->rows(), options.held_out, options.seed);
  DataSet set;
  set.row_shape = data.row_shape;
  set.summary = summarise(*data.rows, held_out);
  check_finite(*data.file, set.summary);
  set.train = data.rows;
  if (!held_out.empty()) {
    set.train = select_rows(data.rows, other_rows(data.rows->rows(), held_out));
    set.held_out = select_rows(data.rows, std::move(held_out));
  }
  set.scaling = find_scaling(options, *data.file, set.summary, *set.train);
  set.train = scaled(set.train, set.scaling);
  if (set.held_out) set.held_out = scaled(set.held_out, set.scaling);
  set.description = describe(options, data, set);
  return set;
}

}  // namespace quartic
