#include "network/training_epoch.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "network/coupled_layers.hpp"
#include "quartic/core/error.hpp"
#include "quartic/core/random.hpp"

namespace quartic {
namespace {

void require_valid(const TrainingOptions& o, const DataSource& data, const ColumnMoments& moments,
                   const Network& start) {
  if (o.epochs < 1 || o.batch < 0 || o.chains < 0 || o.steps < 1)
    throw BadInput("training: epochs and steps must be positive, batch and chains not negative",
                   "see training.epochs, training.batch, training.steps, training.chains");
  if (o.rungs < 1 || (o.rungs > 1 && (o.start == ChainStart::data || o.chains % 16 != 0))) {
    throw BadInput(fmt::format("training: {} rungs with {} chains", o.rungs, o.chains),
                   "tempering takes persistent chains, a multiple of 16");
  }
  if (!(o.rate > 0) || !(o.final_rate > 0) || !std::isfinite(o.rate))
    throw BadInput("training: rate and final_rate must be positive",
                   "see training.rate, training.final_rate");
  if (!(o.momentum >= 0 && o.momentum < 1))
    throw BadInput(fmt::format("training: momentum = {:g} is not in [0, 1)", o.momentum),
                   "momentum = 0 is plain gradient ascent");
  if (!(o.weight_decay >= 0))
    throw BadInput(fmt::format("training: weight_decay = {:g} < 0", o.weight_decay),
                   "weight_decay = 0 is none");
  const auto columns = static_cast<std::size_t>(start.visible.size());
  if (data.columns() != columns || moments.first.size() != columns) {
    throw BadInput(fmt::format("the data have {} columns, the network {} visible units",
                               data.columns(), columns),
                   "a network has one visible unit a column");
  }
  if (start.gated())
    throw BadInput("training by chains knows no gates",
                   "gates are learned exactly (network/exact_learner.hpp), from up to 14 hidden "
                   "units or up to 3 columns");
  require_normalisable(start);
}

Estimate column_mean(std::span<const float> rows, std::size_t column, std::size_t columns) {
  std::vector<double> values;
  for (std::size_t k = column; k < rows.size(); k += columns) values.push_back(rows[k]);
  return mean_of(values);
}

/// Root mean square z-score of <phi_i>, over the columns that vary.
double moment_score(std::span<const float> batch, std::span<const float> chains,
                    std::size_t columns) {
  double score = 0;
  int scored = 0;
  for (std::size_t i = 0; i < columns; ++i) {
    const Estimate of_data = column_mean(batch, i, columns),
                   of_model = column_mean(chains, i, columns);
    const double error = std::hypot(of_data.error, of_model.error);
    if (!(error > 0)) continue;
    const double z = (of_data.value - of_model.value) / error;
    score += z * z, ++scored;
  }
  return scored > 0 ? std::sqrt(score / scored) : 0;
}

}  // namespace

void require_work_for_all(const TrainingOptions& o) {
  const int ranks = o.team ? o.team->size() : 1;
  if (ranks > 1 && o.rungs > 1)
    throw BadInput(
        fmt::format("training: {} ranks cannot share a ladder of {} rungs", ranks, o.rungs),
        "one rank, or training.rungs = 1");
  const int blocks = (o.chains + chains_in_block - 1) / chains_in_block;
  if (ranks > blocks)
    throw BadInput(fmt::format("{} ranks for {} chains of the network, which ranks share by blocks "
                               "of {}",
                               ranks, o.chains, chains_in_block),
                   fmt::format("start at most {} rank{}, or set training.chains to {} or more",
                               blocks, blocks == 1 ? "" : "s", chains_in_block * ranks));
}

TrainingOptions sized(TrainingOptions options, std::size_t rows) {
  options.batch = batch_rows(options, rows);
  if (options.chains == 0 || options.start == ChainStart::data) {
    options.chains = options.batch;
    if (options.rungs > 1) options.chains = (options.batch + 15) / 16 * 16;
  }
  return options;
}

TrainingOptions checked(TrainingOptions options, const DataSource& data,
                        const ColumnMoments& moments, const Network& start) {
  require_valid(options, data, moments, start);
  options = sized(options, data.rows());
  require_work_for_all(options);
  options.snapshots |= options.rungs > 1 && options.tempering == Tempering::trajectory;
  return options;
}

double rate_at(const TrainingOptions& o, int epoch) {
  const double fraction =
      o.epochs > 1 ? std::min(1.0, static_cast<double>(epoch) / (o.epochs - 1)) : 0;
  switch (o.schedule) {
    case RateSchedule::linear:
      return o.rate + fraction * (o.final_rate - o.rate);
    case RateSchedule::exponential:
      return o.rate * std::pow(o.final_rate / o.rate, fraction);
    case RateSchedule::constant:
      break;
  }
  return o.rate;
}

std::vector<std::vector<std::size_t>> epoch_batches(std::size_t rows,
                                                    const TrainingOptions& options,
                                                    std::uint64_t seed, int epoch) {
  std::vector<std::size_t> order(rows);
  std::iota(order.begin(), order.end(), std::size_t{0});
  if (options.shuffle) {
    RandomStream random(seed, Stream::start, static_cast<std::uint64_t>(epoch) + 1);
    for (std::size_t k = order.size(); k-- > 1;) {
      const auto other = static_cast<std::size_t>(random.uniform() * static_cast<double>(k + 1));
      std::swap(order[k], order[other]);
    }
  }
  std::vector<std::vector<std::size_t>> out;
  const auto size = static_cast<std::size_t>(options.batch);
  for (std::size_t begin = 0; begin + size <= order.size(); begin += size) {
    const auto at = order.begin() + static_cast<std::ptrdiff_t>(begin);
    out.emplace_back(at, at + static_cast<std::ptrdiff_t>(size));
    std::sort(out.back().begin(), out.back().end());
  }
  return out;
}

bool keeps_snapshot(const TrainingOptions& options, std::int64_t updates) {
  if (!options.snapshots || updates < 4) return false;
  while (updates % 2 == 0) updates /= 2;
  return updates == 1 || updates == 3;
}

TrainRow measure_row(const Network& now, std::span<const float> batch,
                     std::span<const double> chains, std::span<const double> deviation,
                     int threads) {
  TrainRow row;
  for (int i = 0; i < now.visible.size(); ++i) {
    for (int j = 0; j < now.hidden.size(); ++j) {
      const double w = now.weight(i, j) * deviation[i];
      row.weight_norm += w * w;
      row.max_weight = std::max(row.max_weight, std::abs(now.weight(i, j)));
    }
  }
  row.weight_norm = std::sqrt(row.weight_norm / static_cast<double>(now.w.size()));
  const std::vector<float> of_chains(chains.begin(), chains.end());
  row.data_free_energy = mean_of(free_energies(now, batch, threads));
  row.model_free_energy = mean_of(free_energies(now, of_chains, threads));
  row.moment_score = moment_score(batch, of_chains, deviation.size());
  return row;
}

std::optional<std::string> why_diverged(const TrainRow& row, const Layer& visible) {
  constexpr double most = 3;          // nats a visible unit
  constexpr double max_weight = 100;  // of a unit of two values, whose chances are then e^-100
  const int visible_units = visible.size();
  if (!visible.has_a() && !(row.max_weight < max_weight))
    return fmt::format("a weight of {:.3g} leaves its units no choice", row.max_weight);
  const double gap = row.data_free_energy.value - row.model_free_energy.value;
  if (!std::isfinite(gap)) return "the free energies are not finite";
  if (gap > most * visible_units + 10 * row.data_free_energy.error) {
    return fmt::format(
        "the free energy of the data is {:.3g} above that of the chains, {:.2g} "
        "a visible unit",
        gap, gap / visible_units);
  }
  return std::nullopt;
}

}  // namespace quartic
