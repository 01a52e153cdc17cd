#include "quartic/run/score.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>

#include "quartic/core/error.hpp"
#include "quartic/field/hidden_sites.hpp"
#include "quartic/run/data.hpp"
#include "quartic/run/density_learner.hpp"

namespace quartic {
namespace {

constexpr int draws_of_a_stack = 16;

/// What rows are scored by: ln p and its own error.
struct Scorer {
  const Config& config;
  const FitData& data;
  LogZ log_z;
  const Layer* discrete;  ///< units whose values have probabilities, no densities; null: others
  /// Rows in the units of the data; of discrete units, in those of the model.
  std::function<void(std::span<const double> rows, std::size_t first, Scores& out)> add;
};

[[noreturn]] void refuse_without_log_z(const std::string& why, const std::string& hint) {
  throw BadInput("this run knows no ln Z: " + why, hint);
}

const Layer* if_discrete(const Layer& layer) {
  return layer.discrete() ? &layer : nullptr;
}

/// Values of discrete units were scaled already, and have no volume.
DataScaling scaling_of(const FitData& data, const Layer& visible) {
  return visible.discrete() ? DataScaling{} : data.scaling;
}

double log_volume(const DataScaling& scaling, std::size_t columns) {
  return scaling.method == ScalingMethod::none ? 0 : scaling.log_jacobian(columns);
}

/// Of the network as it is now.
const LogZ& known_log_z(const NetworkRun& run) {
  if (run.stop_reason == StopReason::running || run.evaluations.empty())
    refuse_without_log_z("its training is not finished", "quartic resume RUN");
  return run.evaluations.back().log_z;
}

struct MakeScorer {
  int threads;

  [[noreturn]] Scorer operator()(const LearnRun&) const { refuse_kind(); }
  [[noreturn]] Scorer operator()(const SampleRun&) const { refuse_kind(); }
  [[noreturn]] Scorer operator()(const ReweightRun&) const { refuse_kind(); }

  Scorer operator()(const FitRun& run) const {
    if (!run.evaluation)
      refuse_without_log_z(run.stop_reason == StopReason::running
                               ? "its fit is not finished"
                               : "it was fitted with [evaluation] enabled = false",
                           "quartic resume RUN, or fit it with [evaluation] enabled = true");
    LogZ log_z;
    const Estimate& free_energy = run.evaluation->free_energy.work.difference;
    log_z.value = {-free_energy.value, free_energy.error};
    log_z.ok = run.evaluation->ok, log_z.reason = run.evaluation->reason;
    return {run.config, run.data, log_z, nullptr,
            [&run, log_z](std::span<const double> rows, std::size_t, Scores& out) {
              add_fields(run, log_z, rows, out);
            }};
  }

  Scorer operator()(const NetworkRun& run) const {
    const LogZ& log_z = known_log_z(run);
    const Layer& visible = run.network.visible;
    return {run.config, run.data, log_z, if_discrete(visible),
            [&run, log_z, scaling = scaling_of(run.data, visible), threads = threads](
                std::span<const double> rows, std::size_t, Scores& out) {
              const auto some =
                  log_densities(run.network, log_z.value.value, scaling, rows, threads);
              out.log_density.insert(out.log_density.end(), some.begin(), some.end());
              out.error.resize(out.log_density.size(), log_z.value.error);
            }};
  }

  Scorer operator()(const StackRun& run) const {
    if (!run.finished()) refuse_without_log_z("its training is not finished", "quartic resume RUN");
    const LogZ& log_z = known_log_z(run.layers.back());
    return {run.config, run.layers.front().data, log_z,
            if_discrete(run.layers.front().network.visible),
            [&run, log_z, threads = threads](std::span<const double> rows, std::size_t first,
                                             Scores& out) {
              add_bounds(run, log_z, rows, first, threads, out);
            }};
  }

 private:
  [[noreturn]] static void refuse_kind() {
    throw BadInput(
        "this run did not learn from data: only what `quartic fit` has learned scores rows",
        "quartic judge FIELDS --action RUN judges configurations of an action");
  }

  static void add_fields(const FitRun& run, const LogZ& log_z, std::span<const double> rows,
                         Scores& out) {
    const auto columns = static_cast<std::size_t>(run.action.graph->visible_sites());
    const DataScaling& scaling = run.data.scaling;
    std::vector<double> model(rows.begin(), rows.end());
    scaling.to_model(std::span(model), columns);
    const double constant = log_volume(scaling, columns) - log_z.value.value;
    for (std::size_t at = 0; at < rows.size(); at += columns) {
      const double action =
          evaluate_marginal_action(run.action, std::span(model).subspan(at, columns));
      out.log_density.push_back(constant - action + scaling.log_power(rows.subspan(at, columns)));
      out.error.push_back(log_z.value.error);
    }
  }

  static void add_bounds(const StackRun& run, const LogZ& log_z, std::span<const double> rows,
                         std::size_t first, int threads, Scores& out) {
    const DeepStack stack = run.stack();
    const Layer& visible = stack.networks().front().visible;
    const DataScaling scaling = scaling_of(run.layers.front().data, visible);
    const auto columns = static_cast<std::size_t>(visible.size());
    const std::size_t count = rows.size() / columns;
    std::vector<double> model(rows.begin(), rows.end()), mean(count), square(count);
    scaling.to_model(std::span(model), columns);
    const std::vector<float> narrow(model.begin(), model.end());
    const RowStreams streams{run.config.run.seed, first};
    const int draws = stack.layers() == 1 ? 1 : draws_of_a_stack;
    for (int draw = 0; draw < draws; ++draw) {
      const auto energy = stack.energies(narrow, streams.of_copy(draw), threads);
      for (std::size_t n = 0; n < count; ++n) {
        const double off = energy[n] - mean[n];  // Welford's update
        mean[n] += off / (draw + 1);
        square[n] += off * (energy[n] - mean[n]);
      }
    }
    const double constant = log_volume(scaling, columns) - log_z.value.value;
    for (std::size_t n = 0; n < count; ++n) {
      out.log_density.push_back(constant - mean[n] +
                                scaling.log_power(rows.subspan(n * columns, columns)));
      const double of_draws = draws > 1 ? std::sqrt(square[n] / (draws * (draws - 1.0))) : 0;
      out.error.push_back(std::hypot(log_z.value.error, of_draws));
    }
  }
};

/// Values that a discrete unit does not take have no probability.
void require_values(const Layer& visible, std::span<const double> rows, std::size_t first,
                    const DataRows& data) {
  constexpr double rounding = 1e-6;
  const auto columns = static_cast<std::size_t>(visible.size());
  const auto known = visible.values();
  for (std::size_t k = 0; k < rows.size(); ++k) {
    if (std::any_of(known.begin(), known.end(),
                    [&](double value) { return std::abs(value - rows[k]) < rounding; }))
      continue;
    throw BadInput(fmt::format("row {}, column {} (counted from 0) is {:g}, {} units are {}",
                               first + k / columns, column_text(k % columns, data.names), rows[k],
                               name(visible.unit), fmt::join(known, " or ")),
                   "rows hold the values that the model learned from");
  }
}

}  // namespace

Scores score(const AnyRun& run, const std::string& file, const Session& session) {
  constexpr std::size_t batch = 4096;
  const int threads = std::visit([](const auto& r) { return r.config.run.threads; }, run);
  const Scorer scorer = std::visit(MakeScorer{threads}, run);
  const DataRows data = open_data_rows(options_like(scorer.config, scorer.data, file));
  require_columns(data.rows->columns(), scorer.data, file);
  require_finite(data, summarise(*data.rows), false);
  const auto progress = session.progress("scoring");
  Scores out{.log_z_error = scorer.log_z.value.error,
             .exact = scorer.log_z.exact,
             .bound = std::holds_alternative<StackRun>(run),
             .discrete = scorer.discrete != nullptr,
             .ok = scorer.log_z.ok,
             .reason = scorer.log_z.reason};
  for_each_wide_batch(*data.rows, batch, [&](std::span<double> rows, std::size_t first) {
    if (scorer.discrete) {
      scorer.data.scaling.to_model(rows, data.rows->columns());
      require_values(*scorer.discrete, rows, first, data);
    }
    scorer.add(rows, first, out);
    report_progress(progress, static_cast<double>(out.log_density.size()) /
                                  static_cast<double>(data.rows->rows()));
  });
  out.mean = mean_of(out.log_density);
  return out;
}

std::vector<std::size_t> lowest_rows(const Scores& scores, std::size_t count) {
  std::vector<std::size_t> rows(scores.log_density.size());
  std::iota(rows.begin(), rows.end(), std::size_t{0});
  count = std::min(count, rows.size());
  std::partial_sort(
      rows.begin(), rows.begin() + static_cast<std::ptrdiff_t>(count), rows.end(),
      [&](std::size_t x, std::size_t y) { return scores.log_density[x] < scores.log_density[y]; });
  rows.resize(count);
  return rows;
}

}  // namespace quartic
