#include "network/mean_field.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>
#include <numeric>

#include "network/coupled_layers.hpp"
#include "quartic/core/random.hpp"

namespace quartic {
namespace {

constexpr int starts = chains_in_block;

/// Means of both layers from many starts at once, [unit][lane], of which those that have settled
/// drop out.
class MeanFieldRounds {
 public:
  explicit MeanFieldRounds(const Network& network)
      : layers_(network),
        ones_(starts, 1.0),
        x_(starts * network.visible.r.size()),
        j_(x_),
        y_(starts * network.hidden.r.size()),
        k_(y_),
        visible_balance_(network.visible.r),
        hidden_balance_(network.hidden.r) {
    const auto middle = [](const Layer& layer) {
      return layer.discrete() ? (layer.values().front() + layer.values().back()) / 2 : 0.0;
    };
    const double of_visible = middle(network.visible), of_hidden = middle(network.hidden);
    for (int i = 0; i < network.visible.size(); ++i) {
      for (int j = 0; j < network.hidden.size(); ++j) {
        visible_balance_[i] -= network.weight(i, j) * of_hidden;
        hidden_balance_[j] -= network.weight(i, j) * of_visible;
      }
    }
  }

  double& visible(int i, int lane) { return x_[static_cast<std::size_t>(i) * starts + lane]; }
  double& hidden(int j, int lane) { return y_[static_cast<std::size_t>(j) * starts + lane]; }

  /// `balanced`: as if no phase were preferred, with the fields that a network of spins without any
  /// would have: patterns show that are hard to nucleate otherwise.
  void update_hidden(bool balanced = false) {
    find_hidden_field();
    if (balanced) balance(hidden_balance_, k_);
    conditional_means(*layers_.hidden_type, block(layers_.hidden, k_), lanes_, y_.data());
  }
  void update_visible(bool balanced = false) {
    const int v = layers_.visible_units(), h = layers_.hidden_units();
    multiply(Transpose::no, Transpose::no, v, lanes_, h, layers_.w->data(), h, y_.data(), starts,
             0.0, j_.data(), starts);
    if (balanced) balance(visible_balance_, j_);
    conditional_means(*layers_.visible_type, block(layers_.visible, j_), lanes_, x_.data());
  }
  /// sum_i (ln Z1_i(j_i) - j_i <phi_i>) + sum_j ln Z1_j(k_j), for hidden units at their optimum.
  std::vector<double> bounds() {
    find_hidden_field();
    double sums[starts] = {};
    layers_.visible_type->kernels<double>().log_normaliser(block(layers_.visible, j_), sums);
    layers_.hidden_type->kernels<double>().log_normaliser(block(layers_.hidden, k_), sums);
    for (std::size_t n = 0; n < x_.size(); ++n) sums[n % starts] -= j_[n] * x_[n];
    return {sums, sums + starts};
  }
  MeanFieldMode mode(int lane, double bound) const {
    return {column(j_, lane), column(k_, lane), column(x_, lane), bound};
  }
  /// Goes on with these lanes alone, ascending; they are the first from then on.
  void keep(const std::vector<int>& lanes) {
    constexpr int vector = 8;  // a few that are done fill the last one
    for (auto* values : {&x_, &y_})
      for (std::size_t unit = 0; unit < values->size(); unit += starts)
        for (std::size_t k = 0; k < lanes.size(); ++k)
          (*values)[unit + k] = (*values)[unit + static_cast<std::size_t>(lanes[k])];
    lanes_ = std::min(starts, (static_cast<int>(lanes.size()) + vector - 1) / vector * vector);
  }

 private:
  /// Of every other start.
  static void balance(const std::vector<double>& by, AlignedVector<double>& field) {
    for (std::size_t n = 0; n < field.size(); n += 2) field[n] += by[n / starts];
  }
  void find_hidden_field() {
    const int v = layers_.visible_units(), h = layers_.hidden_units();
    multiply(Transpose::yes, Transpose::no, h, lanes_, v, layers_.w->data(), h, x_.data(), starts,
             0.0, k_.data(), starts);
  }
  UnitBlock<double> block(const std::vector<UnitConstants<double>>& units,
                          const AlignedVector<double>& field) const {
    return {units.data(), static_cast<int>(units.size()), lanes_, field.data(), starts,
            ones_.data()};
  }
  static std::vector<double> column(const AlignedVector<double>& from, int lane) {
    std::vector<double> out;
    for (std::size_t n = lane; n < from.size(); n += starts) out.push_back(from[n]);
    return out;
  }

  CoupledLayers<double> layers_;
  int lanes_ = starts;
  AlignedVector<double> ones_, x_, j_, y_, k_;
  std::vector<double> visible_balance_, hidden_balance_;
};

/// What a unit is started at: its values, or for a continuous one where most of it is.
struct Ends {
  double low, high, alone;
};
std::vector<Ends> ends_of(const Layer& layer) {
  std::vector<Ends> out;
  const auto values = layer.values();
  for (int i = 0; i < layer.size(); ++i) {
    const UnitMoments m = layer.moments(i, 0);
    const double width = 1.5 * std::sqrt(m.second);
    out.push_back(layer.discrete() ? Ends{values.front(), values.back(), m.mean}
                                   : Ends{-width, width, m.mean});
  }
  return out;
}

/// Sets a layer of one start.
template <class At>
void start_at(const std::vector<Ends>& ends, double density, RandomStream& random, const At& at) {
  for (std::size_t i = 0; i < ends.size(); ++i)
    at(static_cast<int>(i)) = random.uniform() < density ? ends[i].high : ends[i].low;
}

constexpr double densities[] = {0.1, 0.25, 0.5, 0.75, 0.9};

/// Starts that know nothing but the network. The hidden values are set last, so that those starts
/// begin with them.
void start_blindly(const Network& network, std::uint64_t seed, MeanFieldRounds& rounds) {
  constexpr int corners = 3, single = 16;
  const auto visible = ends_of(network.visible), hidden = ends_of(network.hidden);
  RandomStream random(seed, Stream::check, 0);
  const auto corner = [](const Ends& e, int which) {
    return which == 0 ? e.alone : which == 1 ? e.low : e.high;
  };
  for (int lane = 0; lane < starts; ++lane) {
    start_at(visible, densities[lane % 5], random,
             [&](int i) -> double& { return rounds.visible(i, lane); });
    for (std::size_t i = 0; lane < corners && i < visible.size(); ++i)  // broken off symmetry
      rounds.visible(static_cast<int>(i), lane) =
          corner(visible[i], lane) + 1e-3 * (random.uniform() - 0.5);
  }
  rounds.update_hidden();
  for (int lane = corners; lane < starts; ++lane) {
    const auto at = [&](int j) -> double& { return rounds.hidden(j, lane); };
    const int number = lane - corners;
    if (number < corners) {
      for (std::size_t j = 0; j < hidden.size(); ++j)
        at(static_cast<int>(j)) = corner(hidden[j], number);
    } else if (number < corners + single) {  // one unit on, the others off
      for (std::size_t j = 0; j < hidden.size(); ++j) at(static_cast<int>(j)) = hidden[j].low;
      const std::size_t one = (number - corners) * std::max<std::size_t>(hidden.size() / single, 1);
      at(static_cast<int>(one % hidden.size())) = hidden[one % hidden.size()].high;
    } else if (number < corners + 2 * single) {  // those that one visible unit turns on
      const std::size_t i = (number - corners - single) * visible.size() / single;
      for (std::size_t j = 0; j < hidden.size(); ++j)
        at(static_cast<int>(j)) = network.weight(static_cast<int>(i), static_cast<int>(j)) > 0
                                      ? hidden[j].high
                                      : hidden[j].low;
    } else if (number % 4 < 2) {
      start_at(hidden, densities[number / 4 % 5], random, at);
    }
  }
}

void start_at_rows(std::span<const double> rows, int columns, MeanFieldRounds& rounds) {
  const std::size_t count = rows.size() / columns;
  for (int lane = 0; lane < starts; ++lane) {
    const std::size_t row = count <= starts ? lane % count : lane * count / starts;
    for (int i = 0; i < columns; ++i) rounds.visible(i, lane) = rows[row * columns + i];
  }
  rounds.update_hidden();
}

void run_rounds(MeanFieldRounds& rounds, int balanced, std::vector<MeanFieldMode>& out) {
  // A start near a saddle hardly moves at first, but by more than a rounding.
  constexpr int most_rounds = 200, between = 10;
  constexpr double settled = 1e-6, still = 1e-9;
  std::vector<int> start(starts);  // of each lane
  std::iota(start.begin(), start.end(), 0);
  std::vector<double> bounds(starts, -std::numeric_limits<double>::infinity());
  std::vector<MeanFieldMode> found(starts);
  for (int round = 1; round <= most_rounds && !start.empty(); ++round) {
    rounds.update_visible(round <= balanced);
    rounds.update_hidden(round <= balanced);
    if (round % between != 0) continue;
    const auto now = rounds.bounds();
    double change = 0;
    std::vector<int> moving;
    for (std::size_t lane = 0; lane < start.size(); ++lane) {
      const double gain = now[lane] - bounds[lane];
      change = std::max(change, gain);
      if (gain > still) moving.push_back(static_cast<int>(lane));
    }
    bounds = now;
    const bool over = change < settled || round == most_rounds;
    for (std::size_t lane = 0; lane < start.size(); ++lane)
      if (over || !std::binary_search(moving.begin(), moving.end(), static_cast<int>(lane)))
        found[start[lane]] = rounds.mode(static_cast<int>(lane), now[lane]);
    if (over) break;
    rounds.keep(moving);
    for (std::size_t k = 0; k < moving.size(); ++k)
      start[k] = start[moving[k]], bounds[k] = bounds[moving[k]];
    start.resize(moving.size());
  }
  std::move(found.begin(), found.end(), std::back_inserter(out));
}

/// Parts of a network that do not feel each other where two modes differ: the part of each hidden
/// unit, or its own number in a part of which no weight is 0.
std::vector<int> parts_between(const Network& network, const MeanFieldMode& one,
                               const MeanFieldMode& other) {
  constexpr double apart = 1e-3;
  const int visible = network.visible.size(), hidden = network.hidden.size();
  std::vector<int> part(hidden);
  std::iota(part.begin(), part.end(), 0);
  for (int i = 0; i < visible; ++i) {
    if (std::abs(one.visible_mean[i] - other.visible_mean[i]) < apart) continue;
    int first = -1;
    for (int j = 0; j < hidden; ++j) {
      if (network.weight(i, j) == 0) continue;
      if (first < 0) first = part[j];
      if (part[j] != first) std::replace(part.begin(), part.end(), int{part[j]}, first);
    }
  }
  const bool whole = std::all_of(part.begin(), part.end(), [&](int p) { return p == part[0]; });
  if (whole) std::iota(part.begin(), part.end(), 0);
  return part;
}

/// Starts that take each part from one of two modes: where blocks have phases of their own, most of
/// their combinations are far from every blind start.
void start_between(const Network& network, const std::vector<MeanFieldMode>& modes,
                   RandomStream& random, MeanFieldRounds& rounds) {
  const auto count = static_cast<double>(modes.size());
  std::vector<std::vector<double>> hidden_means;
  for (const auto& mode : modes) {
    hidden_means.emplace_back();
    for (int j = 0; j < network.hidden.size(); ++j)
      hidden_means.back().push_back(network.hidden.moments(j, mode.hidden_field[j]).mean);
  }
  for (int lane = 0; lane < starts; ++lane) {
    const auto one = static_cast<std::size_t>(random.uniform() * count);
    const auto step = 1 + static_cast<std::size_t>(random.uniform() * (count - 1));
    const std::size_t other = (one + step) % modes.size();
    const auto part = parts_between(network, modes[one], modes[other]);
    std::vector<char> taken(part.size());
    for (char& t : taken) t = random.uniform() < 0.5;
    for (std::size_t i = 0; i < modes[one].visible_mean.size(); ++i)
      rounds.visible(static_cast<int>(i), lane) = modes[one].visible_mean[i];
    for (std::size_t j = 0; j < part.size(); ++j)
      rounds.hidden(static_cast<int>(j), lane) = hidden_means[taken[part[j]] ? one : other][j];
  }
}

/// KL(q|q') + KL(q'|q) of the visible units.
double divergence(const MeanFieldMode& one, const MeanFieldMode& other) {
  double sum = 0;
  for (std::size_t i = 0; i < one.visible_mean.size(); ++i)
    sum += (one.visible_field[i] - other.visible_field[i]) *
           (one.visible_mean[i] - other.visible_mean[i]);
  return sum;
}

/// Those that are apart from each other, the largest bounds first.
std::vector<MeanFieldMode> distinct(std::vector<MeanFieldMode> all, int most) {
  constexpr double least_divergence = 16, margin = 25;
  std::erase_if(all, [](const MeanFieldMode& mode) { return !std::isfinite(mode.bound); });
  std::stable_sort(all.begin(), all.end(),
                   [](const auto& x, const auto& y) { return x.bound > y.bound; });
  std::vector<MeanFieldMode> out;
  for (auto& mode : all) {
    if (mode.bound < all.front().bound - margin || static_cast<int>(out.size()) >= most) break;
    if (std::all_of(out.begin(), out.end(), [&](const MeanFieldMode& known) {
          return divergence(known, mode) > least_divergence;
        }))
      out.push_back(mode);
  }
  return out;
}

}  // namespace

Network base_of_mode(const Network& network, const MeanFieldMode& mode) {
  Network base(network.visible, network.hidden);
  for (std::size_t i = 0; i < base.visible.r.size(); ++i)
    base.visible.r[i] -= mode.visible_field[i];
  for (std::size_t j = 0; j < base.hidden.r.size(); ++j) base.hidden.r[j] -= mode.hidden_field[j];
  return base;
}

std::vector<MeanFieldMode> mean_field_modes(const Network& network, std::span<const double> rows,
                                            int most, std::uint64_t seed, int threads) {
  constexpr int balanced_rounds = 10;
  const int most_generations =
      std::clamp(200'000 / (network.visible.size() * network.hidden.size()), 1, 8);
  std::vector<std::vector<MeanFieldMode>> found(rows.empty() ? 1 : 2);
  for_each_part(static_cast<int>(found.size()), thread_count(threads, network), [&](int part, int) {
    MeanFieldRounds rounds(network);
    if (part == 0) {
      start_blindly(network, seed, rounds);
    } else {
      start_at_rows(rows, network.visible.size(), rounds);
    }
    run_rounds(rounds, part == 0 ? balanced_rounds : 0, found[part]);
  });
  std::vector<MeanFieldMode> all;
  for (auto& part : found) std::move(part.begin(), part.end(), std::back_inserter(all));
  auto out = distinct(std::move(all), most);
  RandomStream random(seed, Stream::check, 1);
  for (int generation = 0; generation < most_generations && out.size() > 1; ++generation) {
    const std::size_t before = out.size();
    MeanFieldRounds rounds(network);
    start_between(network, out, random, rounds);
    run_rounds(rounds, 0, out);
    out = distinct(std::move(out), most);
    if (out.size() == before) break;
  }
  return out;
}

}  // namespace quartic
