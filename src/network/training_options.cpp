#include "network/training_options.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "quartic/core/error.hpp"
#include "quartic/core/random.hpp"

namespace quartic {

namespace {

void require_valid(const TrainingOptions& o, const DataSource& data, const ColumnMoments& moments,
                   const Network& start) {
  if (o.epochs < 1 || o.batch < 1 || o.chains < 0 || o.steps < 1)
    throw BadInput("training: epochs, batch and steps must be positive, chains not negative",
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
  require_normalisable(start);
}

}  // namespace

TrainingOptions checked(TrainingOptions options, const DataSource& data,
                        const ColumnMoments& moments, const Network& start) {
  require_valid(options, data, moments, start);
  options.batch =
      static_cast<int>(std::min<std::size_t>(static_cast<std::size_t>(options.batch), data.rows()));
  if (options.chains == 0 || options.start == ChainStart::data) {
    options.chains = options.batch;
    if (options.rungs > 1) options.chains = (options.batch + 15) / 16 * 16;
  }
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

}  // namespace quartic
