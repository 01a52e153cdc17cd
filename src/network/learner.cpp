#include "quartic/network/learner.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>
#include <utility>

#include "network/gradient.hpp"
#include "network/model_chains.hpp"
#include "network/trained_layer.hpp"
#include "network/training_epoch.hpp"
#include "network/weight_ascent.hpp"
#include "quartic/core/error.hpp"

namespace quartic {
namespace {

/// Of the data's columns; 1 for discrete units, whose steps need no scale.
std::vector<double> deviations(const Layer& visible, const ColumnMoments& moments) {
  std::vector<double> out;
  for (int i = 0; i < visible.size(); ++i)
    out.push_back(visible.discrete() ? 1 : std::sqrt(moments.variance(i)));
  return out;
}

/// The mean of <h | phi> over rows.
std::vector<double> mean_of_hidden(const Network& network, std::span<const float> rows) {
  const auto columns = static_cast<std::size_t>(network.visible.size());
  const auto count = static_cast<double>(rows.size() / columns);
  std::vector<double> out(network.hidden.size());
  for (std::size_t at = 0; at < rows.size(); at += columns) {
    const auto phi = rows.subspan(at, columns);
    const auto field = network.field_on_hidden(std::vector<double>(phi.begin(), phi.end()));
    for (int j = 0; j < network.hidden.size(); ++j)
      out[j] += network.hidden.moments(j, field[j]).mean / count;
  }
  return out;
}

}  // namespace

template <class T>
struct NetworkLearner<T>::Parts {
  std::shared_ptr<const DataSource> data;
  TrainingOptions o;
  std::uint64_t seed;
  std::vector<double> deviation;  ///< of the data's columns
  double data_square;             ///< sum over columns of <x^2>
  Layer typical;                  ///< independent visible units with the data's moments
  TrainedLayer visible, hidden;
  CoupledLayers<T> layers;
  int threads;
  std::vector<NetworkScratch<T>> scratch;
  HigherMoments higher;
  DataTerm<T> rows;
  ModelChains<T> chains;
  WeightAscent<T> weights;
  std::vector<double> offset;  ///< lambda of centring
  std::vector<TrainingSnapshot> snapshots;
  int epoch = 0;
  std::int64_t updates = 0;
  double gradient_norm = 0;
  TrainingState good;  ///< the last epoch that ended well

  Parts(std::shared_ptr<const DataSource> source, const ColumnMoments& moments,
        const Network& start, const TrainingOptions& options, std::uint64_t seed_in)
      : data(std::move(source)),
        o(checked(options, *data, moments, start)),
        seed(seed_in),
        deviation(deviations(start.visible, moments)),
        data_square(std::accumulate(moments.second.begin(), moments.second.end(), 0.0)),
        typical(fit_layer(start.visible.unit, moments)),
        visible(start.visible, typical, 3),
        // Not the start's couplings: a restart starts from another network.
        hidden(start.hidden, Layer(start.hidden.unit, start.hidden.size()),
               o.hidden_shape && start.hidden.has_b() ? 2 : 1),
        layers(start),
        threads(thread_count(o.threads, start)),
        scratch(make_scratch(threads, layers)),
        higher{visible.layer.has_a(), o.hidden_shape},
        rows(layers, higher),
        chains(layers, higher, o, seed, scratch),
        weights(layers, o, moments.first, deviation, threads) {
    for (int j = 0; j < start.hidden.size(); ++j) offset.push_back(start.hidden.moments(j, 0).mean);
    if (o.rungs > 1 || o.snapshots) start_path(start, moments);
    good = state();
  }

  double rate() const { return rate_at(o, epoch); }

  Network network() const {
    Network out(visible.layer, hidden.layer);
    out.w.assign(layers.w->begin(), layers.w->end());
    return out;
  }

  /// Lambda begins where the first rows put it.
  void start_path(const Network& start, const ColumnMoments& moments) {
    const auto values = read_rows(*data, 0, o.batch);
    if (o.snapshots) {
      snapshots = {{0, std::make_shared<const Network>(base_network(start, moments, values))}};
    }
    if (o.rungs == 1) return;
    offset = mean_of_hidden(start, values);
    chains.temper(start, typical, offset);
  }

  /// Both terms of the gradient.
  void gather() {
    rows.begin();
    const Team& team = this->team();
    if (chains.tempered()) {
      const Network now = network();
      if (const auto reason = why_not_normalisable(now)) diverged(*reason);
      chains.sweep_ladder(now, offset, snapshots);
    }
    if (o.start == ChainStart::data) {
      for_each_own(team, chains.blocks(), threads, [&](int block, int thread) {
        rows.gather_block(layers, block, scratch[thread]);
        chains.start_at(rows.values(), layers, block, scratch[thread]);
        chains.gather_block(layers, block, scratch[thread]);
      });
    } else {  // one after the other: threads get equal shares of either, a model's block takes
              // longer
      for_each_own(team, chains.blocks(), threads, [&](int block, int thread) {
        chains.gather_block(layers, block, scratch[thread]);
      });
      for_each_own(team, rows.blocks(), threads, [&](int block, int thread) {
        rows.gather_block(layers, block, scratch[thread]);
      });
    }
    rows.share(team);
    chains.share(team);
  }

  const Team& team() const { return o.team ? *o.team : alone(); }

  /// A batch, of which every rank reads the rows of its own blocks: each is read once.
  void read(std::span<const std::size_t> batch) {
    const auto values = rows.resize(o.batch);
    const Team& team = this->team();
    if (!team.several()) return data->read(batch, values);
    const Shares shares{static_cast<std::size_t>(rows.blocks()), team.size()};
    const std::size_t columns = data->columns();
    const auto first = [&](int rank) {
      return std::min(shares.begin(rank) * chains_in_block, batch.size());
    };
    std::vector<std::size_t> sizes;
    for (int rank = 0; rank < team.size(); ++rank)
      sizes.push_back((first(rank + 1) - first(rank)) * columns * sizeof(float));
    const std::size_t begin = first(team.rank()), count = first(team.rank() + 1) - begin;
    together(team, [&] {
      const auto own = values.subspan(begin * columns, count * columns);
      if (count > 0) data->read(batch.subspan(begin, count), own);
    });
    team.exchange(
        sizes,
        [&](std::byte* to) {
          std::memcpy(to, values.data() + begin * columns, sizes[team.rank()]);
        },
        [&](int rank, const std::byte* from) {
          std::memcpy(values.data() + first(rank) * columns, from, sizes[rank]);
        });
  }

  void update(double step_rate) {
    gather();
    const auto& of_data = rows.term();
    const auto& of_model = chains.term();
    const auto of_visible =
        difference(of_data.visible, rows.rows(), of_model.visible, chains.size());
    const auto of_hidden = difference(of_data.hidden, rows.rows(), of_model.hidden, chains.size());
    // The offset follows the hidden units over some tens of updates; it steers, and biases nothing.
    for (std::size_t j = 0; j < offset.size(); ++j)
      offset[j] += 0.05 * (of_hidden.data[3 * j] - offset[j]);
    ++updates;
    const auto move =
        weights.step(layers, rows, chains, {step_rate, updates, offset, of_visible, of_hidden});
    gradient_norm = move.gradient_norm;
    visible.step(o, step_rate, updates, of_visible.difference, move.visible_shift);
    hidden.step(o, step_rate, updates, of_hidden.difference, move.hidden_shift);
    layers.set_layers(visible.layer, hidden.layer);
    if (const auto reason = trouble(of_visible.model_square, of_hidden.model_square))
      diverged(*reason);
    if (keeps_snapshot(o, updates))
      snapshots.push_back({updates, std::make_shared<const Network>(network())});
  }

  /// What ran away, or nothing.
  std::optional<std::string> trouble(double visible_square, double hidden_square) const {
    if (!std::isfinite(gradient_norm)) return "the gradient of w is not finite";
    constexpr double most = 100;
    if (visible.layer.has_a() && !(visible_square < most * data_square)) {
      return fmt::format("the chains' <phi^2> is {:.3g} times that of the data",
                         visible_square / data_square);
    }
    if (!std::isfinite(hidden_square)) return "the hidden units' moments are not finite";
    return std::nullopt;
  }

  /// During the epoch that has begun.
  [[noreturn]] void diverged(const std::string& reason) {
    const auto at = updates;
    const int during = epoch + 1;
    restore(good);
    throw Diverged(
        fmt::format("training diverged in epoch {} at update {}: {}; back to the end of epoch {}",
                    during, at, reason, epoch),
        fmt::format("lower the rate (it was {:g}), raise the batch or add weight decay", rate()));
  }

  /// Stopped or failed anywhere, it is as before the epoch.
  TrainRow run_epoch(const ProgressCallback& progress) {
    try {
      return run_whole_epoch(progress);
    } catch (...) {
      restore(good);
      throw;
    }
  }

  TrainRow run_whole_epoch(const ProgressCallback& progress) {
    const double used_rate = rate();
    for (const auto& batch : epoch_batches(data->rows(), o, seed, epoch)) {
      read(batch);
      update(used_rate);
      report_progress(progress, 0);
    }
    const Network now = network();
    if (const auto reason = why_not_normalisable(now)) diverged(*reason);
    TrainRow row = measure_row(now, rows.batch(), chains.visible_rows(), deviation, threads);
    row.epoch = epoch + 1, row.updates = updates, row.rate = used_rate;
    row.gradient_norm = gradient_norm;
    if (const auto reason = why_diverged(row, now.visible)) diverged(*reason);
    if (chains.tempered()) row.log_z = chains.log_z(now, offset, snapshots);
    ++epoch;
    good = state();
    return row;
  }

  TrainingState state() {
    weights.share_memory(layers);
    TrainingState s;
    s.epoch = epoch, s.updates = updates;
    s.couplings[0].assign(layers.w->begin(), layers.w->end());
    s.first_moments[0].assign(weights.first.begin(), weights.first.end());
    s.second_moments[0].assign(weights.second.begin(), weights.second.end());
    visible.store(s, 1);
    hidden.store(s, 4);
    s.hidden_offset = offset;
    chains.store(s);
    s.snapshots = snapshots;
    return s;
  }

  /// Every list is as long as that of this network and its options.
  bool fits(const TrainingState& s) const {
    const auto alike = [](const auto& some, const auto& others) {
      return std::ranges::equal(some, others, {}, &std::vector<double>::size,
                                &std::vector<double>::size);
    };
    return alike(s.couplings, good.couplings) && alike(s.first_moments, good.first_moments) &&
           alike(s.second_moments, good.second_moments) &&
           s.hidden_offset.size() == offset.size() && chains.fits(s);
  }

  void restore(const TrainingState& s) {
    if (!fits(s))
      throw BadInput(
          "the state of a network's training, 'checkpoint' in its run file, is of "
          "another shape",
          "restore a state of the same network and options, or begin the run anew");
    snapshots = s.snapshots;
    epoch = s.epoch, updates = s.updates;
    layers.set_weights(s.couplings[0]);
    visible.restore(s, 1);
    hidden.restore(s, 4);
    layers.set_layers(visible.layer, hidden.layer);
    weights.first.assign(s.first_moments[0].begin(), s.first_moments[0].end());
    weights.second.assign(s.second_moments[0].begin(), s.second_moments[0].end());
    offset = s.hidden_offset;
    chains.restore(s);
    if (&s != &good) good = s;
  }
};

template <class T>
NetworkLearner<T>::NetworkLearner(std::shared_ptr<const DataSource> data,
                                  const ColumnMoments& moments, const Network& start,
                                  const TrainingOptions& options, std::uint64_t seed)
    : parts_(make_hidden<Parts>(std::move(data), moments, start, options, seed)) {}

template <class T>
TrainRow NetworkLearner<T>::step(const ProgressCallback& progress) {
  return parts_->run_epoch(progress);
}

template <class T>
void NetworkLearner<T>::update(std::span<const float> rows) {
  auto& p = *parts_;
  const auto columns = static_cast<std::size_t>(p.layers.visible_units());
  const std::size_t count = rows.size() / columns;
  if (count == 0 || rows.size() % columns != 0 ||
      (p.o.start == ChainStart::data && count != static_cast<std::size_t>(p.chains.size()))) {
    throw BadInput(fmt::format("{} values are no batch for {} visible units and {} chains",
                               rows.size(), columns, p.chains.size()),
                   "give whole rows; with start = \"data\" as many as there are chains");
  }
  std::copy(rows.begin(), rows.end(), p.rows.resize(static_cast<int>(count)).begin());
  // One that is over in an instant goes to its end: what it would go back to is not worth a copy.
  constexpr double long_one = 2e10;  // multiplications, about a second of one core
  const double work = static_cast<double>(columns) * p.layers.hidden_units() *
                      (3.0 * static_cast<double>(count) + 2.0 * p.o.steps * p.chains.size());
  if (current_stoppable() == nullptr || work < long_one) {
    heed_stop();
    const Answering to_nobody;
    return p.update(p.rate());
  }
  const TrainingState before = p.state();
  try {
    p.update(p.rate());
  } catch (const Diverged&) {
    throw;
  } catch (...) {  // stopped
    p.restore(before);
    throw;
  }
}

template <class T>
bool NetworkLearner<T>::finished() const {
  return parts_->epoch >= parts_->o.epochs;
}
template <class T>
int NetworkLearner<T>::epoch() const {
  return parts_->epoch;
}
template <class T>
std::int64_t NetworkLearner<T>::updates() const {
  return parts_->updates;
}
template <class T>
const TrainingOptions& NetworkLearner<T>::options() const {
  return parts_->o;
}
template <class T>
Network NetworkLearner<T>::network() const {
  return parts_->network();
}
template <class T>
std::vector<double> NetworkLearner<T>::chain_values() const {
  return parts_->chains.visible_rows();
}
template <class T>
const std::vector<TrainingSnapshot>& NetworkLearner<T>::snapshots() const {
  return parts_->snapshots;
}
template <class T>
TrainingState NetworkLearner<T>::state() const {
  return parts_->state();
}
template <class T>
void NetworkLearner<T>::restore(const TrainingState& state) {
  parts_->restore(state);
}

template class NetworkLearner<float>;
template class NetworkLearner<double>;

}  // namespace quartic
