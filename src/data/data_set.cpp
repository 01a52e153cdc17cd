#include "quartic/data/data_set.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <ranges>
#include <utility>

#include "data/readers.hpp"
#include "quartic/core/error.hpp"

namespace quartic {
namespace {

[[noreturn]] void refuse_data(const DataFile& file, const std::string& what,
                              const std::string& hint) {
  throw BadInput(fmt::format("the data of '{}' {}", file.info().name, what), hint);
}

/// Numbers in the file of the other columns.
std::vector<std::size_t> others_than(const std::vector<std::size_t>& columns,
                                     const DataRows& data) {
  std::vector<std::size_t> out;
  for (std::size_t c = 0; c < data.rows->columns(); ++c)
    if (std::find(columns.begin(), columns.end(), c) == columns.end())
      out.push_back(data.chosen.empty() ? c : data.chosen[c]);
  return out;
}

DataScaling standardising(const DataRows& data, const DataSummary& summary) {
  const auto constant = summary.constant();
  if (!constant.empty()) {
    refuse_data(
        *data.file,
        fmt::format("have {} constant column{} ({}), which cannot be standardised", constant.size(),
                    constant.size() == 1 ? "" : "s", columns_text(constant, data.names)),
        fmt::format("[data] {} leaves {} out",
                    columns_line(others_than(constant, data), data.file->info().names),
                    constant.size() == 1 ? "it" : "them"));
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
DataScaling of_rows(ScalingMethod method, const DataRows& data, const DataSummary& summary,
                    const DataSource& rows) {
  standardising(data, summary);  // its refusals name the columns
  return fit_scaling(method, read_wide_rows(rows, 0, std::min(rows.rows(), scaling_rows)),
                     rows.columns());
}

DataScaling find_scaling(const DataOptions& options, const DataRows& data,
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
      return standardising(data, summary);
    case ScalingMethod::unit:
      return to_unit(*data.file, summary);
    case ScalingMethod::constants:
      return {ScalingMethod::constants, {options.offset.value_or(0)}, {options.scale.value_or(1)}};
    default:
      return of_rows(method, data, summary, rows);
  }
}

std::string describe(const DataOptions& options, const DataRows& data, const DataSet& set) {
  std::string text = fmt::format("{} x {} from {}, {}", data.rows->rows(), data.rows->columns(),
                                 data.file->info().name, data.file->info().type);
  if (options.binarise) text += fmt::format(", 1 above {:g}, else 0", *options.binarise);
  const std::string scaling = options.scaling_chosen_later ? "" : set.scaling.text();
  if (!scaling.empty()) text += ", " + scaling;
  if (set.held_out) text += fmt::format(", {} rows held out", set.held_out->rows());
  return text;
}

std::size_t number_in_file(const DataRows& data, std::size_t column) {
  return data.chosen.empty() ? column : data.chosen[column];
}

/// Whether a column seems to number the rows.
bool is_index(const DataRows& data, const DataSummary& summary, std::size_t column) {
  constexpr std::size_t least_rows = 4;  // fewer may count by chance
  if (is_index_name(number_in_file(data, column), data.file->info().names)) return true;
  return data.rows->rows() >= least_rows &&
         std::binary_search(summary.counting.begin(), summary.counting.end(), column);
}

DataRows open_rows(const DataOptions& options, bool text_is_missing) {
  const ColumnChoice choice{options.columns, options.column_names, options.learned_names,
                            options.learned_columns};
  DataPlace place{options.path, options.dataset, options.format, {}, choice, text_is_missing};
  if (options.rows) place.rows = static_cast<std::size_t>(std::max(1, *options.rows));
  DataRows data{.file = open_data_file(place)};
  const DataFileInfo& info = data.file->info();
  data.rows = data.file, data.row_shape = info.row_shape, data.names = info.names;
  if (place.rows) data.rows = first_rows(data.rows, *place.rows);
  if (const auto chosen = chosen_columns(choice, {info.name, data.rows->columns(), info.names})) {
    data.rows = select_columns(data.rows, *chosen);
    data.row_shape = {data.rows->columns()};
    data.names.clear();
    for (const std::size_t c : *chosen)
      if (!info.names.empty()) data.names.push_back(info.names[c]);
    data.chosen = *chosen;
  }
  if (options.binarise) data.rows = binarised(data.rows, *options.binarise);
  return data;
}

}  // namespace

DataRows open_data_rows(const DataOptions& options) {
  return open_rows(options, false);
}

TableColumns table_columns(const DataOptions& options) {
  const DataRows data = open_rows(options, true);
  TableColumns out;
  out.names = data.file->info().names;
  const bool table = data.file->info().format == DataFormat::csv;
  const DataSummary summary = table ? summarise(*data.rows) : DataSummary{};
  for (std::size_t c = 0; c < data.rows->columns(); ++c) {
    const bool text = table && summary.finite[c] == 0, index = table && is_index(data, summary, c);
    (text ? out.text : index ? out.index : out.data).push_back(number_in_file(data, c));
  }
  return out;
}

namespace {

/// Of a table, how to make a file of its complete rows, by what comes with quartic's Python.
std::string keeps_complete_rows(const DataFile& file) {
  const auto& info = file.info();
  if (info.format != DataFormat::csv || info.name.find_first_of("'\"\\$`!") != std::string::npos)
    return "";
  return fmt::format(
      ", which python -c \"import pandas; pandas.read_csv('{}').dropna().to_csv('complete.csv', "
      "index=False)\" keeps",
      info.name);
}

}  // namespace

void require_finite(const DataRows& data, const DataSummary& summary, bool learning) {
  if (!summary.first_bad) return;
  const auto& bad = *summary.first_bad;
  const std::string what = fmt::format("hold {} in row {}, column {}", bad.value, bad.row,
                                       column_text(bad.column, data.names)) +
                           (std::isfinite(bad.value) ? ", which float32 has no place for" : "");
  const std::string remedy =
      learning ? "replace or drop such values first: quartic learns from complete, finite rows" +
                     keeps_complete_rows(*data.file)
               : "replace such values, or leave their rows out: only complete rows have ln p";
  if (data.names.empty()) refuse_data(*data.file, what + " (from 0)", remedy);
  std::vector<std::size_t> complete;
  for (std::size_t c = 0; c < summary.columns(); ++c)
    if (learning && c != bad.column && summary.finite[c] == summary.rows &&
        !is_index(data, summary, c))
      complete.push_back(number_in_file(data, c));
  refuse_data(*data.file, what + ", counted from 0",
              complete.empty() ? remedy
                               : fmt::format("{}; complete are [data] {}", remedy,
                                             columns_line(complete, data.file->info().names)));
}

namespace {

/// Where most rows of real values stand more than once: what a model without noise gains there has
/// no bound. Whole numbers may well repeat. Some rows are looked at, spread over all.
std::string repeats_of(const DataSource& rows, const DataSummary& summary) {
  constexpr std::size_t most_values = std::size_t{1} << 20, most_rows = 4096, least_rows = 16;
  const std::size_t columns = rows.columns();
  const std::size_t count =
      std::min({rows.rows(), most_rows, std::max<std::size_t>(most_values / columns, 1)});
  std::vector<std::size_t> wanted(count);
  for (std::size_t n = 0; n < count; ++n) wanted[n] = n * rows.rows() / count;
  std::vector<double> values(count * columns);
  rows.read_wide(wanted, values);
  bool real = false;
  for (std::size_t k = 0; k < values.size() && !real; ++k)
    real = values[k] != std::nearbyint(values[k]) &&
           summary.low[k % columns] < summary.high[k % columns];
  if (!real || count < least_rows) return {};
  const auto row = [&](std::size_t n) { return std::span(values).subspan(n * columns, columns); };
  std::vector<std::size_t> order(count);
  std::iota(order.begin(), order.end(), std::size_t{0});
  const auto less = [&](std::size_t m, std::size_t n) {
    return std::ranges::lexicographical_compare(row(m), row(n));
  };
  std::sort(order.begin(), order.end(), less);
  std::size_t distinct = 1;
  for (std::size_t n = 1; n < count; ++n) distinct += less(order[n - 1], order[n]);
  if (2 * distinct > count) return {};
  return fmt::format(
      "rows repeat: of {} there are {} distinct ones, where the density that is learned has no "
      "bound; [model] noise spreads them",
      count, distinct);
}

std::string index_warning(const DataRows& data, const DataSummary& summary) {
  const DataFileInfo& info = data.file->info();
  std::vector<std::size_t> index, others;
  for (std::size_t c = 0; c < summary.columns(); ++c) {
    (is_index(data, summary, c) ? index : others).push_back(number_in_file(data, c));
  }
  if (index.empty() || others.empty()) return {};
  const bool one = index.size() == 1;
  return fmt::format(
      "column{} {} look{} like an index of the rows, no data; [data] {} leaves {} out",
      one ? "" : "s", columns_text(index, info.names), one ? "s" : "",
      columns_line(others, info.names), one ? "it" : "them");
}

}  // namespace

std::vector<std::string> data_warnings(const DataRows& data, const DataSummary& summary) {
  std::vector<std::string> out{data.file->info().doubt};
  if (!summary.first_bad) out.push_back(repeats_of(*data.rows, summary));
  out.push_back(index_warning(data, summary));
  std::erase(out, "");
  return out;
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
  require_finite(data, set.summary);
  set.names = data.names;
  set.warnings = data_warnings(data, set.summary);
  set.index_warning = index_warning(data, set.summary);
  set.train = data.rows;
  if (!held_out.empty()) {
    set.train = select_rows(data.rows, other_rows(data.rows->rows(), held_out));
    set.held_out = select_rows(data.rows, std::move(held_out));
  }
  set.scaling = find_scaling(options, data, set.summary, *set.train);
  set.train = scaled(set.train, set.scaling);
  if (set.held_out) set.held_out = scaled(set.held_out, set.scaling);
  set.description = describe(options, data, set);
  return set;
}

}  // namespace quartic
