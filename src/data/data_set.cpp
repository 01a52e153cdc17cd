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

DataScaling find_scaling(const DataOptions& options, const DataFile& file,
                         const DataSummary& summary) {
  if (options.fixed_scaling) return *options.fixed_scaling;
  if (options.scaling == ScalingMethod::standardise) return standardising(file, summary);
  if (options.scaling == ScalingMethod::unit) return to_unit(file, summary);
  if (options.scaling == ScalingMethod::none) return {};
  return {ScalingMethod::constants, {options.offset.value_or(0)}, {options.scale.value_or(1)}};
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
  const DataRows data = open_data_rows(options);
  std::vector<std::size_t> held_out;
  if (options.held_out != 0)
    held_out = held_out_rows(data.rows->rows(), options.held_out, options.seed);
  DataSet set;
  set.row_shape = data.row_shape;
  set.summary = summarise(*data.rows, held_out);
  check_finite(*data.file, set.summary);
  set.scaling = find_scaling(options, *data.file, set.summary);
  const SharedSource model = scaled(data.rows, set.scaling);
  if (held_out.empty()) {
    set.train = model;
  } else {
    set.train = select_rows(model, other_rows(data.rows->rows(), held_out));
    set.held_out = select_rows(model, std::move(held_out));
  }
  set.description = describe(options, data, set);
  return set;
}

}  // namespace quartic
