#include "quartic/network/training.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

#include "network/coupled_layers.hpp"
#include "network/trained_layer.hpp"
#include "network/training_kernels.hpp"
#include "network/training_ladder.hpp"
#include "quartic/core/error.hpp"

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

/// A divisor-like split of the rows of w: tiles of about 200 rows, whatever the threads.
struct Tiles {
  int rows, count;
  explicit Tiles(int units) : rows(units), count((units + 255) / 256) {}
  int first(int tile) const {
    return static_cast<int>(static_cast<std::int64_t>(rows) * tile / count);
  }
  int size(int tile) const { return first(tile + 1) - first(tile); }
};

}  // namespace

template <class T>
struct NetworkLearner<T>::Parts {
  std::shared_ptr<const DataSource> data;
  TrainingOptions o;
  std::uint64_t seed;
  Layer typical;  ///< independent visible units with the data's moments
  TrainedLayer visible, hidden;
  CoupledLayers<T> layers;
  Chains<T> chains;
  std::optional<TrainingLadder<T>> ladder;  ///< whose own chains `chains` follow
  std::vector<TrainingSnapshot> snapshots;
  int threads;
  std::vector<NetworkScratch<T>> scratch;
  AlignedVector<T> first, second;       ///< the optimiser's memory of w
  std::vector<double> mean, deviation;  ///< of the data's columns
  double data_square = 0;               ///< sum over columns of <x^2>
  std::vector<double> offset;           ///< lambda of centring
  int epoch = 0;
  std::int64_t updates = 0;
  double gradient_norm = 0;
  TrainingState good;  ///< the last epoch that ended well

  // Work space of an update.
  int rows = 0;                ///< of the batch
  std::vector<float> batch;    ///< [row][visible]
  AlignedVector<T> converted;  ///< the same in the precision of w, where that is another
  AlignedVector<T> data_mean, model_mean;  ///< <h | phi>, [hidden][row], [hidden][chain]
  std::vector<std::vector<double>> data_visible, data_hidden, model_visible,
      model_hidden;                             ///< sums
  std::vector<AlignedVector<T>> tile_gradient;  ///< one a thread
  std::vector<AlignedVector<T>> tile_shift;     ///< one a tile
  AlignedVector<T> ones;

  Parts(std::shared_ptr<const DataSource> source, const ColumnMoments& moments,
        const Network& start, const TrainingOptions& options, std::uint64_t seed_in)
      : data(std::move(source)),
        o(checked(options, *data, moments, start)),
        seed(seed_in),
        typical(fit_layer(start.visible.unit, moments)),
        visible(start.visible, typical, 3),
        // Not the start's couplings: a restart starts from another network.
        hidden(start.hidden, Layer(start.hidden.unit, start.hidden.size()),
               o.hidden_shape && start.hidden.has_b() ? 2 : 1),
        layers(start),
        chains(start.visible.size(), start.hidden.size(), o.chains, seed, Stream::fields),
        threads(thread_count(o.threads, start)),
        scratch(make_scratch(threads, layers)),
        first(start.w.size(), T(0)),
        second(o.optimiser == NetworkOptimiser::adam ? start.w.size() : 0, T(0)),
        mean(moments.first),
        offset(start.hidden.size(), 0.0),
        model_mean(static_cast<std::size_t>(start.hidden.size()) * chains.stride()),
        tile_gradient(threads),
        ones(chains_in_block, T(1)) {
    for (int i = 0; i < start.visible.size(); ++i) {
      deviation.push_back(start.visible.discrete() ? 1 : std::sqrt(moments.variance(i)));
      data_square += moments.second[i];
    }
    for (int j = 0; j < start.hidden.size(); ++j) offset[j] = start.hidden.moments(j, 0).mean;
    // Chains start from the network without w: unlike data they do not overstate what it has
    // learned.
    chains.set_scale(T(0));
    for_each_part(chains.blocks(), threads, [&](int block, int thread) {
      chains.update_visible(layers, block, scratch[thread], true);
      chains.update_hidden(layers, block, scratch[thread], true);
    });
    chains.set_scale(T(1));
    if (o.rungs > 1 || o.snapshots) start_path(start, moments);
    good = state();
  }

  static TrainingOptions checked(TrainingOptions options, const DataSource& data,
                                 const ColumnMoments& moments, const Network& start) {
    require_valid(options, data, moments, start);
    options.batch = static_cast<int>(
        std::min<std::size_t>(static_cast<std::size_t>(options.batch), data.rows()));
    if (options.chains == 0 || options.start == ChainStart::data) {
      options.chains = options.batch;
      if (options.rungs > 1) options.chains = (options.batch + 15) / 16 * 16;
    }
    options.snapshots |= options.rungs > 1 && options.tempering == Tempering::trajectory;
    return options;
  }

  int visible_units() const { return layers.visible_units(); }
  int hidden_units() const { return layers.hidden_units(); }
  int row_blocks() const { return (rows + chains_in_block - 1) / chains_in_block; }
  std::ptrdiff_t row_stride() const { return (rows + 15) / 16 * 16; }

  const T* values() const {
    if constexpr (sizeof(T) == sizeof(float)) {
      return batch.data();
    } else {
      return converted.data();
    }
  }

  double rate() const {
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

  Network network() const {
    Network out(visible.layer, hidden.layer);
    out.w.assign(layers.w->begin(), layers.w->end());
    return out;
  }

  /// Lambda begins where the first rows put it.
  void start_path(const Network& start, const ColumnMoments& moments) {
    std::vector<std::size_t> first_rows(o.batch);
    std::iota(first_rows.begin(), first_rows.end(), std::size_t{0});
    std::vector<float> values(first_rows.size() * visible_units());
    data->read(first_rows, values);
    if (o.snapshots) {
      snapshots = {{0, std::make_shared<const Network>(base_network(start, moments, values))}};
    }
    if (o.rungs == 1) return;
    offset = mean_of_hidden(start, values);
    ladder.emplace(start, typical, offset, o, seed);
  }
  void sweep_ladder() {
    const Network now = network();
    if (const auto reason = why_not_normalisable(now)) diverged(*reason);
    ladder->sweep(now, offset, snapshots);
    follow_ladder();
  }
  void follow_ladder() {
    chains.set_visible_rows(ladder->visible());
    chains.set_hidden_rows(ladder->hidden());
  }
  /// After 4, 6, 8, 12, 16, ... updates: 2^k and 3 2^k.
  void take_snapshot() {
    auto n = updates;
    while (n % 2 == 0) n /= 2;
    if (o.snapshots && updates >= 4 && (n == 1 || n == 3))
      snapshots.push_back({updates, std::make_shared<const Network>(network())});
  }

  /// <h | data> and the sums of a block of the batch; leaves the field in scratch.
  void data_block(int block, NetworkScratch<T>& work) {
    const int from = block * chains_in_block, count = std::min(chains_in_block, rows - from);
    const T* phi = values() + static_cast<std::ptrdiff_t>(from) * visible_units();
    const auto field = work.values();
    multiply(Transpose::yes, Transpose::yes, hidden_units(), count, visible_units(),
             layers.w->data(), hidden_units(), phi, visible_units(), T(0), field.data,
             field.stride);
    const int lanes = (count + 15) / 16 * 16;
    for (int j = 0; j < hidden_units() && count < lanes; ++j)
      std::fill(field.unit(j) + count, field.unit(j) + lanes, T(0));
    auto& sums = data_hidden[block];
    sums.assign(3 * static_cast<std::size_t>(hidden_units()), 0.0);
    layers.hidden_type->template kernels<T>().moments(
        {layers.hidden.data(), hidden_units(), lanes, field.data, field.stride, ones.data()},
        {data_mean.data() + from, row_stride(), count, sums.data(), o.hidden_shape});
    auto& powers = data_visible[block];
    powers.assign(3 * static_cast<std::size_t>(visible_units()), 0.0);
    add_row_power_sums(batch.data() + static_cast<std::ptrdiff_t>(from) * visible_units(), count,
                       visible_units(), visible.layer.has_a(), powers.data());
  }

  /// Contrastive divergence: chains at the data, hidden units drawn afresh from the field in
  /// scratch.
  void start_at_data(int block, NetworkScratch<T>& work) {
    const auto phi = chains.visible(block);
    const T* from = values() + static_cast<std::ptrdiff_t>(chains.first(block)) * visible_units();
    for (int lane = 0; lane < chains.count(block); ++lane)
      for (int i = 0; i < visible_units(); ++i)
        phi.unit(i)[lane] = from[static_cast<std::ptrdiff_t>(lane) * visible_units() + i];
    chains.update_hidden(layers, block, work, true);
  }

  void model_block(int block, NetworkScratch<T>& work) {
    if (ladder) {
      chains.field_on_hidden(layers, block, work);
    } else {
      chains.sweep(layers, block, o.steps, work);
    }
    auto& sums = model_hidden[block];
    sums.assign(3 * static_cast<std::size_t>(hidden_units()), 0.0);
    layers.hidden_type->template kernels<T>().moments(
        chains.hidden_block(layers, block, work),
        {model_mean.data() + chains.first(block), chains.stride(), chains.count(block), sums.data(),
         o.hidden_shape});
    auto& powers = model_visible[block];
    powers.assign(3 * static_cast<std::size_t>(visible_units()), 0.0);
    const auto phi = chains.visible(block);
    add_power_sums(phi.data, phi.stride, visible_units(), chains.count(block),
                   visible.layer.has_a(), powers.data());
  }

  void gather() {
    const int model_blocks = chains.blocks(), data_blocks = row_blocks();
    data_visible.resize(data_blocks), data_hidden.resize(data_blocks);
    model_visible.resize(model_blocks), model_hidden.resize(model_blocks);
    data_mean.resize(static_cast<std::size_t>(hidden_units()) * row_stride());
    if (ladder) sweep_ladder();
    if (o.start == ChainStart::data) {
      for_each_part(model_blocks, threads, [&](int block, int thread) {
        data_block(block, scratch[thread]);
        start_at_data(block, scratch[thread]);
        model_block(block, scratch[thread]);
      });
    } else {  // one after the other: threads get equal shares of either, a model's block takes
              // longer
      for_each_part(model_blocks, threads,
                    [&](int block, int thread) { model_block(block, scratch[thread]); });
      for_each_part(data_blocks, threads,
                    [&](int block, int thread) { data_block(block, scratch[thread]); });
    }
  }

  static std::vector<double> total(const std::vector<std::vector<double>>& blocks, double count) {
    std::vector<double> sum(blocks.front().size());
    for (const auto& block : blocks)
      for (std::size_t k = 0; k < sum.size(); ++k) sum[k] += block[k];
    for (double& x : sum) x /= count;
    return sum;
  }

  /// data - model of (x, x^2, x^4), and the model's mean square over all units.
  std::vector<double> difference(const std::vector<std::vector<double>>& of_data,
                                 const std::vector<std::vector<double>>& of_model,
                                 std::vector<double>& data_means, double& model_square) const {
    data_means = total(of_data, rows);
    const auto model = total(of_model, chains.size());
    auto out = data_means;
    model_square = 0;
    for (std::size_t k = 0; k < out.size(); ++k) {
      out[k] -= model[k];
      if (k % 3 == 1) model_square += model[k];
      if (!std::isfinite(model[k])) model_square = std::numeric_limits<double>::infinity();
    }
    return out;
  }

  void move_weights(double step_rate, const std::vector<double>& visible_difference,
                    const std::vector<double>& hidden_difference,
                    std::vector<double>& visible_shift, std::vector<double>& hidden_shift) {
    const Tiles tiles(visible_units());
    const int n = hidden_units();
    AlignedVector<T> lambda(n, T(0)), difference(n, T(0));
    for (int j = 0; j < n && o.centring; ++j)
      lambda[j] = static_cast<T>(offset[j]),
      difference[j] = static_cast<T>(hidden_difference[3 * j]);
    tile_shift.resize(tiles.count);
    std::vector<double> squares(tiles.count);
    const bool adam = o.optimiser == NetworkOptimiser::adam;
    const double time = static_cast<double>(updates + 1);
    for_each_part(tiles.count, threads, [&](int tile, int thread) {
      auto& gradient = tile_gradient[thread];
      gradient.resize(static_cast<std::size_t>(tiles.size(tile)) * n);
      const int first_unit = tiles.first(tile), units = tiles.size(tile);
      multiply(Transpose::yes, Transpose::yes, units, n, rows, values() + first_unit,
               visible_units(), data_mean.data(), row_stride(), T(0), gradient.data(), n,
               T(1) / static_cast<T>(rows));
      multiply(Transpose::no, Transpose::yes, units, n, chains.size(),
               chains.visible().unit(first_unit), chains.stride(), model_mean.data(),
               chains.stride(), T(1), gradient.data(), n, T(-1) / static_cast<T>(chains.size()));
      auto& shift = tile_shift[tile];
      shift.assign(n, T(0));
      for (int k = 0; k < units; ++k) {
        const int i = first_unit + k;
        const auto at = static_cast<std::ptrdiff_t>(i) * n;
        const double spread = deviation[i] * (adam ? 1 : deviation[i]);
        const WeightRow<T> row{
            .size = n,
            .w = layers.w->data() + at,
            .gradient = gradient.data() + static_cast<std::ptrdiff_t>(k) * n,
            .first = first.data() + at,
            .second = adam ? second.data() + at : nullptr,
            .offset = lambda.data(),
            .difference = difference.data(),
            .hidden_shift = shift.data(),
            .mu = static_cast<T>(o.centring ? mean[i] : 0),
            .visible_difference = static_cast<T>(o.centring ? visible_difference[3 * i] : 0),
            .decay = static_cast<T>(o.weight_decay * deviation[i] * deviation[i]),
            .rate = static_cast<T>(step_rate / spread),
            .momentum = static_cast<T>(adam ? adam_decay1 : o.momentum),
            .second_decay = static_cast<T>(adam_decay2),
            .first_bias = static_cast<T>(1 / (1 - std::pow(adam_decay1, time))),
            .second_bias = static_cast<T>(1 / (1 - std::pow(adam_decay2, time)))};
        const WeightRowSums sums = adam ? adam_row(row) : momentum_row(row);
        visible_shift[i] = sums.visible_shift;
        squares[tile] += sums.square_gradient;
      }
    });
    for (const auto& shift : tile_shift)
      for (int j = 0; j < n; ++j) hidden_shift[j] += static_cast<double>(shift[j]);
    gradient_norm = std::sqrt(std::accumulate(squares.begin(), squares.end(), 0.0) /
                              static_cast<double>(layers.w->size()));
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

  /// Data and chains differ in free energy by what the network has not learned, which is a fraction
  /// of a nat a unit; by several nats the data have become impossible.
  std::optional<std::string> trouble(const TrainRow& row) const {
    constexpr double most = 3;  // nats a visible unit
    const double gap = row.data_free_energy.value - row.model_free_energy.value;
    if (!std::isfinite(gap)) return "the free energies are not finite";
    if (gap > most * visible_units() + 10 * row.data_free_energy.error) {
      return fmt::format(
          "the free energy of the data is {:.3g} above that of the chains, {:.2g} "
          "a visible unit",
          gap, gap / visible_units());
    }
    return std::nullopt;
  }

  void update(double step_rate) {
    if constexpr (sizeof(T) != sizeof(float)) converted.assign(batch.begin(), batch.end());
    gather();
    std::vector<double> visible_means, hidden_means;
    double visible_square = 0, hidden_square = 0;
    const auto of_visible = difference(data_visible, model_visible, visible_means, visible_square);
    const auto of_hidden = difference(data_hidden, model_hidden, hidden_means, hidden_square);
    std::vector<double> visible_shift(visible_units()), hidden_shift(hidden_units());
    // The offset follows the hidden units over some tens of updates; it steers, and biases nothing.
    for (int j = 0; j < hidden_units(); ++j) offset[j] += 0.05 * (hidden_means[3 * j] - offset[j]);
    move_weights(step_rate, of_visible, of_hidden, visible_shift, hidden_shift);
    visible.step(o, step_rate, updates + 1, of_visible, visible_shift);
    hidden.step(o, step_rate, updates + 1, of_hidden, hidden_shift);
    layers.set_layers(visible.layer, hidden.layer);
    ++updates;
    if (const auto reason = trouble(visible_square, hidden_square)) diverged(*reason);
    take_snapshot();
  }

  [[noreturn]] void diverged(const std::string& reason) {
    const auto at = updates;
    const int during = epoch + 1;
    restore(good);
    throw Diverged(
        fmt::format("training diverged in epoch {} at update {}: {}; back to the end of epoch {}",
                    during, at, reason, epoch),
        fmt::format("lower the rate (it was {:g}), raise the batch or add weight decay", rate()));
  }

  /// The batches of an epoch, each in ascending order so that sources read neighbours together.
  std::vector<std::vector<std::size_t>> batches() const {
    std::vector<std::size_t> order(data->rows());
    std::iota(order.begin(), order.end(), std::size_t{0});
    if (o.shuffle) {
      RandomStream random(seed, Stream::start, static_cast<std::uint64_t>(epoch) + 1);
      for (std::size_t k = order.size(); k-- > 1;) {
        const auto other = static_cast<std::size_t>(random.uniform() * static_cast<double>(k + 1));
        std::swap(order[k], order[other]);
      }
    }
    std::vector<std::vector<std::size_t>> out;
    const auto size = static_cast<std::size_t>(o.batch);
    for (std::size_t begin = 0; begin + size <= order.size(); begin += size) {
      const auto at = order.begin() + static_cast<std::ptrdiff_t>(begin);
      out.emplace_back(at, at + static_cast<std::ptrdiff_t>(size));
      std::sort(out.back().begin(), out.back().end());
    }
    return out;
  }

  TrainRow describe(double used_rate) const {
    TrainRow row;
    row.epoch = epoch, row.updates = updates, row.rate = used_rate;
    row.gradient_norm = gradient_norm;
    const Network now = network();
    for (int i = 0; i < visible_units(); ++i) {
      for (int j = 0; j < hidden_units(); ++j) {
        const double w = now.weight(i, j) * deviation[i];
        row.weight_norm += w * w;
        row.max_weight = std::max(row.max_weight, std::abs(now.weight(i, j)));
      }
    }
    row.weight_norm = std::sqrt(row.weight_norm / static_cast<double>(now.w.size()));
    const auto rows_of_chains = chains.visible_rows();
    const std::vector<float> of_chains(rows_of_chains.begin(), rows_of_chains.end());
    row.data_free_energy = mean_of(free_energies(now, batch, threads));
    row.model_free_energy = mean_of(free_energies(now, of_chains, threads));
    row.moment_score = moment_score(of_chains);
    return row;
  }

  /// Works have to be of the network as it is now.
  Estimate online_log_z() {
    constexpr int sweeps = 32;
    ladder->sweep(network(), offset, snapshots);
    const Estimate log_z = ladder->log_z(sweeps);
    follow_ladder();
    return log_z;
  }

  double moment_score(const std::vector<float>& of_chains) const {
    double score = 0;
    int scored = 0;
    for (int i = 0; i < visible_units(); ++i) {
      const auto column = [&](const std::vector<float>& from) {
        std::vector<double> out;
        for (std::size_t k = i; k < from.size(); k += static_cast<std::size_t>(visible_units()))
          out.push_back(from[k]);
        return mean_of(out);
      };
      const Estimate of_data = column(batch), of_model = column(of_chains);
      const double error = std::hypot(of_data.error, of_model.error);
      if (!(error > 0)) continue;
      const double z = (of_data.value - of_model.value) / error;
      score += z * z, ++scored;
    }
    return scored > 0 ? std::sqrt(score / scored) : 0;
  }

  TrainingState state() const {
    TrainingState s;
    s.epoch = epoch, s.updates = updates;
    s.couplings = {std::vector<double>(layers.w->begin(), layers.w->end()),
                   visible.layer.r,
                   visible.layer.a,
                   visible.layer.b,
                   hidden.layer.r,
                   hidden.layer.a,
                   hidden.layer.b};
    s.first_moments[0].assign(first.begin(), first.end());
    s.second_moments[0].assign(second.begin(), second.end());
    for (int k = 0; k < 3; ++k) {
      s.first_moments[1 + k] = visible.first[k], s.second_moments[1 + k] = visible.second[k];
      s.first_moments[4 + k] = hidden.first[k], s.second_moments[4 + k] = hidden.second[k];
    }
    s.hidden_offset = offset;
    s.chains = {chains.visible_rows(), chains.hidden_rows(), chains.streams()};
    if (ladder) s.ladder = ladder->state();
    s.snapshots = snapshots;
    return s;
  }

  void restore(const TrainingState& s) {
    const auto v = static_cast<std::size_t>(visible_units()),
               h = static_cast<std::size_t>(hidden_units()),
               c = static_cast<std::size_t>(chains.size());
    if (s.couplings[0].size() != v * h || s.couplings[1].size() != v ||
        s.couplings[4].size() != h || s.second_moments[0].size() != second.size() ||
        s.chains.visible.size() != c * v || s.chains.hidden.size() != c * h ||
        s.chains.streams.size() != 4 * c || s.ladder.has_value() != ladder.has_value())
      throw BadInput("the state of a network's training is of another shape",
                     "restore a state of the same network and options");
    if (ladder) ladder->restore(*s.ladder, s.snapshots.size());
    snapshots = s.snapshots;
    epoch = s.epoch, updates = s.updates;
    layers.set_weights(s.couplings[0]);
    visible.layer.r = s.couplings[1], visible.layer.a = s.couplings[2],
    visible.layer.b = s.couplings[3];
    hidden.layer.r = s.couplings[4], hidden.layer.a = s.couplings[5],
    hidden.layer.b = s.couplings[6];
    layers.set_layers(visible.layer, hidden.layer);
    first.assign(s.first_moments[0].begin(), s.first_moments[0].end());
    second.assign(s.second_moments[0].begin(), s.second_moments[0].end());
    for (int k = 0; k < 3; ++k) {
      visible.first[k] = s.first_moments[1 + k], visible.second[k] = s.second_moments[1 + k];
      hidden.first[k] = s.first_moments[4 + k], hidden.second[k] = s.second_moments[4 + k];
    }
    offset = s.hidden_offset;
    chains.set_visible_rows(s.chains.visible);
    chains.set_hidden_rows(s.chains.hidden);
    chains.set_streams(s.chains.streams);
    if (&s != &good) good = s;
  }
};

template <class T>
NetworkLearner<T>::NetworkLearner(std::shared_ptr<const DataSource> data,
                                  const ColumnMoments& moments, const Network& start,
                                  const TrainingOptions& options, std::uint64_t seed)
    : parts_(std::make_unique<Parts>(std::move(data), moments, start, options, seed)) {}
template <class T>
NetworkLearner<T>::~NetworkLearner() = default;
template <class T>
NetworkLearner<T>::NetworkLearner(NetworkLearner&&) noexcept = default;
template <class T>
NetworkLearner<T>& NetworkLearner<T>::operator=(NetworkLearner&&) noexcept = default;

template <class T>
TrainRow NetworkLearner<T>::step() {
  auto& p = *parts_;
  const double rate = p.rate();
  p.rows = p.o.batch;
  p.batch.resize(static_cast<std::size_t>(p.rows) * p.visible_units());
  for (const auto& rows : p.batches()) {
    p.data->read(rows, p.batch);
    p.update(rate);
  }
  if (const auto reason = why_not_normalisable(p.network())) p.diverged(*reason);
  ++p.epoch;
  TrainRow row = p.describe(rate);
  if (const auto reason = p.trouble(row)) {
    --p.epoch;
    p.diverged(*reason);
  }
  if (p.ladder) {
    row.log_z = p.online_log_z();
    p.ladder->adapt();  // after it nothing is counted, as after a restart
  }
  p.good = p.state();
  return row;
}

template <class T>
void NetworkLearner<T>::update(std::span<const float> rows) {
  auto& p = *parts_;
  const auto columns = static_cast<std::size_t>(p.visible_units());
  const std::size_t count = rows.size() / columns;
  if (count == 0 || rows.size() % columns != 0 ||
      (p.o.start == ChainStart::data && count != static_cast<std::size_t>(p.chains.size()))) {
    throw BadInput(fmt::format("{} values are no batch for {} visible units and {} chains",
                               rows.size(), columns, p.chains.size()),
                   "give whole rows; with start = \"data\" as many as there are chains");
  }
  p.rows = static_cast<int>(count);
  p.batch.assign(rows.begin(), rows.end());
  p.update(p.rate());
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
void NetworkLearner<T>::set_rate(double rate, double final_rate) {
  if (!(rate > 0) || !(final_rate > 0))
    throw BadInput("training: rates must be positive", "see training.rate, training.final_rate");
  parts_->o.rate = rate, parts_->o.final_rate = final_rate;
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
