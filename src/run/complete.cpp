#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <string_view>

#include "quartic/core/estimate.hpp"
#include "quartic/network/conditional_sampler.hpp"
#include "quartic/network/rotated_sampler.hpp"
#include "quartic/run/data.hpp"
#include "quartic/run/generate.hpp"

namespace quartic {
namespace {

/// [begin, end) along one axis, from "3", "3:7", ":7", "3:" or ":".
struct Slice {
  std::size_t begin, end;
};

[[noreturn]] void refuse_region(const std::string& region, const std::vector<std::size_t>& shape) {
  throw BadInput(
      fmt::format("'{}' is no region of rows of {}", region, fmt::join(shape, " x ")),
      "one index or range for every axis, from 0, the end not included: 14:28,0:28 or 14:,:");
}

std::optional<std::size_t> whole_number(std::string_view text) {
  std::size_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<Slice> slice_of(std::string_view text, std::size_t size) {
  const auto colon = text.find(':');
  const auto first = text.substr(0, colon);
  const auto last = colon == std::string_view::npos ? std::string_view{} : text.substr(colon + 1);
  const auto begin = first.empty() ? std::size_t{0} : whole_number(first);
  const auto end = colon == std::string_view::npos ? begin.value_or(size) + 1
                   : last.empty()                  ? size
                                                   : whole_number(last);
  if (!begin || !end || *begin >= *end || *end > size || text.empty()) return std::nullopt;
  return Slice{*begin, *end};
}

/// The given rows in the units of the data, [row][value].
struct Given {
  std::vector<double> values;
  std::size_t rows, columns;
};

Given read_given(const NetworkRun& run, const CompletionOptions& options) {
  DataOptions data = options_like(run.config, run.data, options.given);
  const auto threshold = data.binarise;
  data.binarise.reset();
  if (options.rows > 0) data.rows = options.rows;
  const SharedSource source = open_data_rows(data).rows;
  require_columns(source->columns(), run.data, options.given);
  const std::size_t visible = source->columns();
  Given given{read_wide_rows(*source, 0, source->rows()), source->rows(), visible};
  for (double& x : given.values)
    if (threshold && !std::isnan(x) && options.noise == 0) x = x > *threshold ? 1 : 0;
  return given;
}

bool has_powers(const DataScaling& scaling) {
  return std::any_of(scaling.power.begin(), scaling.power.end(), [](double x) { return x != 1; });
}

/// Column by column: what is unknown in the data is unknown behind these parts of a scaling. Data
/// that carry noise may lie beyond the rows by it: a map that is straight within them stays so.
DataScaling by_columns(DataScaling scaling, bool noisy) {
  scaling.rotation.clear(), scaling.rotation_back.clear();
  if (noisy && !has_powers(scaling)) {
    scaling.power.clear(), scaling.low.clear(), scaling.high.clear();
  }
  return scaling;
}

/// Behind these, NaN where unknown.
std::vector<double> observations(const NetworkRun& run, const Given& given,
                                 const std::vector<bool>& hidden, bool noisy) {
  std::vector<double> out = given.values;
  by_columns(run.data.scaling, noisy).to_model(std::span(out), given.columns);
  for (std::size_t k = 0; k < out.size() && !hidden.empty(); ++k)
    if (hidden[k % given.columns]) out[k] = std::numeric_limits<double>::quiet_NaN();
  return out;
}

/// In the units of the columns, whose scale may differ.
std::vector<double> noise_of(const NetworkRun& run, double noise) {
  std::vector<double> out;
  for (const double scale : run.data.scaling.scale) out.push_back(noise / std::abs(scale));
  return out;
}

/// Draws of rows, or their posterior means, in the units of the data. Means of powers are not
/// powers of means: behind these draws are averaged, else expectations given the hidden units.
class Completion {
 public:
  Completion(const NetworkRun& run, std::span<const double> observed, std::size_t columns,
             std::span<const double> noise, std::uint64_t seed)
      : scaling_(by_columns(run.data.scaling, noise.front() > 0)), columns_(columns) {
    const int threads = run.config.run.threads;
    if (const auto& rotation = run.data.scaling.rotation; !rotation.empty())
      rotated_.emplace(run.network, rotation, observed, noise, seed, Stream::generate, threads);
    else
      units_.emplace(run.network, observed, noise, seed, Stream::generate, threads);
  }
  void sweep() {
    if (rotated_)
      rotated_->sweep(1);
    else
      units_->sweep(1);
  }
  std::vector<double> draws() const {
    return in_data(rotated_ ? rotated_->columns() : units_->visible());
  }
  std::vector<double> means() const {
    return rotated_ || !scaling_.by_column() ? draws() : in_data(units_->visible_means());
  }

 private:
  std::vector<double> in_data(std::vector<double> rows) const {
    scaling_.from_model(std::span(rows), columns_);
    return rows;
  }

  DataScaling scaling_;
  std::size_t columns_;
  std::optional<ConditionalSampler<float>> units_;
  std::optional<RotatedSampler> rotated_;
};

std::vector<double> find_completions(const NetworkRun& run, const CompletionOptions& options,
                                     const std::vector<double>& observed, std::size_t columns,
                                     const ProgressCallback& progress) {
  constexpr std::size_t batch = 2048;
  const auto noise = noise_of(run, options.noise);
  const std::size_t rows = observed.size() / columns;
  std::vector<double> out;
  const int sweeps = options.warm_up + (options.mean ? options.sweeps : 0);
  for (std::size_t begin = 0; begin < rows; begin += batch) {
    const std::size_t count = std::min(batch, rows - begin);
    Completion rows_now(run, std::span(observed).subspan(begin * columns, count * columns), columns,
                        noise, run.config.run.seed + begin);
    std::vector<double> sum(count * columns);
    for (int k = 0; k < sweeps; ++k) {
      rows_now.sweep();
      report_progress(
          progress, (static_cast<double>(begin) + static_cast<double>(count) * (k + 1.0) / sweeps) /
                        static_cast<double>(rows));
      if (k < options.warm_up) continue;
      const auto means = rows_now.means();
      for (std::size_t n = 0; n < sum.size(); ++n) sum[n] += means[n] / options.sweeps;
    }
    if (!options.mean) sum = rows_now.draws();
    out.insert(out.end(), sum.begin(), sum.end());
  }
  return out;
}

/// Root of a mean square, with the error that follows.
Estimate root(const Estimate& square) {
  const double value = std::sqrt(square.value);
  return {value, value > 0 ? square.error / (2 * value) : 0};
}

std::optional<CompletionError> error_of(const Given& given, const std::vector<double>& completed,
                                        const std::vector<bool>& hidden) {
  const auto count = static_cast<double>(std::count(hidden.begin(), hidden.end(), true));
  const std::size_t columns = given.columns;
  const bool all_known = std::none_of(given.values.begin(), given.values.end(),
                                      [](double x) { return std::isnan(x); });
  if (count == 0 || given.rows < 2 || !all_known) return std::nullopt;
  std::vector<double> mean(columns), of_completed(given.rows), of_means(given.rows);
  for (std::size_t k = 0; k < given.values.size(); ++k)
    mean[k % columns] += given.values[k] / static_cast<double>(given.rows);
  for (std::size_t k = 0; k < given.values.size(); ++k) {
    if (!hidden[k % columns]) continue;
    const double truth = given.values[k];
    of_completed[k / columns] += std::pow(completed[k] - truth, 2) / count;
    of_means[k / columns] += std::pow(mean[k % columns] - truth, 2) / count;
  }
  return CompletionError{root(mean_of(of_completed)), root(mean_of(of_means))};
}

const NetworkRun& network_of(const AnyRun& run) {
  if (const auto* network = std::get_if<NetworkRun>(&run)) return *network;
  throw BadInput("this run holds no network: only they complete rows",
                 "quartic fit with [model] kind = \"network\"");
}

void require_completable(const DataScaling& scaling, const CompletionOptions& options) {
  if (options.noise > 0 && has_powers(scaling))
    throw BadInput("noise on the data is not Gaussian in the units of a network behind powers",
                   "quartic fit with scaling = \"standardise\" or \"whiten\" in [data]");
}

}  // namespace

std::vector<bool> in_region(const std::string& region, const std::vector<std::size_t>& shape) {
  std::vector<Slice> slices;
  for (std::string_view rest = region; slices.size() < shape.size();) {
    const auto comma = rest.find(',');
    const auto slice = slice_of(rest.substr(0, comma), shape[slices.size()]);
    const bool last = slices.size() + 1 == shape.size();
    if (!slice || last != (comma == std::string_view::npos)) refuse_region(region, shape);
    slices.push_back(*slice);
    rest = rest.substr(last ? rest.size() : comma + 1);
  }
  std::size_t size = 1;
  for (const std::size_t extent : shape) size *= extent;
  std::vector<bool> out(size, true);
  for (std::size_t k = 0; k < size; ++k) {
    for (std::size_t axis = shape.size(), rest = k; axis-- > 0; rest /= shape[axis]) {
      const std::size_t at = rest % shape[axis];
      if (at < slices[axis].begin || at >= slices[axis].end) out[k] = false;
    }
  }
  return out;
}

CompletedRows complete(const AnyRun& any, const CompletionOptions& options,
                       const Session& session) {
  const NetworkRun& run = network_of(any);
  require_completable(run.data.scaling, options);
  const Given given = read_given(run, options);
  const auto hidden = options.hide.empty() ? std::vector<bool>(given.columns, false)
                                           : in_region(options.hide, run.data.row_shape);
  const auto observed = observations(run, given, hidden, options.noise > 0);
  const auto unknown =
      std::count_if(observed.begin(), observed.end(), [](double x) { return std::isnan(x); });
  if (unknown == 0 && options.noise == 0) {
    throw BadInput(fmt::format("there is nothing to complete in '{}'", options.given),
                   "mark unknown values by NaN, hide a region with --hide, or give their --noise");
  }
  CompletedRows out;
  out.values =
      find_completions(run, options, observed, given.columns, session.progress("completing"));
  if (options.noise == 0)  // what is known stays to the bit
    for (std::size_t k = 0; k < observed.size(); ++k)
      if (!std::isnan(observed[k])) out.values[k] = given.values[k];
  out.shape = {given.rows};
  out.shape.insert(out.shape.end(), run.data.row_shape.begin(), run.data.row_shape.end());
  out.unknown = static_cast<double>(unknown) / static_cast<double>(observed.size());
  out.error = error_of(given, out.values, hidden);
  out.names = run.data.names;
  out.wide = run.data.scaling.needs_wide();
  return out;
}

}  // namespace quartic
