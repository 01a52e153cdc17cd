#include "quartic/network/exact.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <numeric>
#include <utility>

#include "network/coupled_layers.hpp"
#include "quartic/core/error.hpp"
#include "quartic/core/linear_algebra.hpp"

namespace quartic {
namespace {

constexpr double negligible_weight = 1e-20;  // of the largest so far
constexpr int max_discrete = 24, max_continuous = 3;
constexpr double minus_infinity = -std::numeric_limits<double>::infinity();

bool all_harmonic(const Layer& layer) {
  return !layer.discrete() &&
         std::all_of(layer.b.begin(), layer.b.end(), [](double b) { return b == 0; });
}

bool can_sum(const Layer& layer) {
  return layer.size() <= (layer.discrete() ? max_discrete : max_continuous);
}

/// Work to sum a side out, in conditionals of the other.
double cost(const Layer& layer) {
  const double values = layer.discrete() ? 2 : 60;
  return can_sum(layer) ? std::pow(values, layer.size()) : std::numeric_limits<double>::infinity();
}

/// A product grid of values for every unit of one side, all points of equal weight.
struct Grid {
  std::vector<std::vector<double>> values;
  double log_weight = 0;

  std::size_t size() const {
    std::size_t n = 1;
    for (const auto& v : values) n *= v.size();
    return n;
  }
  /// The values of point `index`, the last unit's running fastest, `stride` apart.
  void point(std::size_t index, double* out, std::ptrdiff_t stride) const {
    for (std::size_t k = values.size(); k-- > 0; index /= values[k].size())
      out[static_cast<std::ptrdiff_t>(k) * stride] = values[k][index % values[k].size()];
  }
};

/// Sums over part of a grid, relative to exp(peak): the side that is summed is called visible.
struct PartialSums {
  double peak = minus_infinity, norm = 0;
  std::vector<double> w, visible, hidden;  ///< moments 1, 2, 4 a unit, interleaved

  void resize(int visible_units, int hidden_units) {
    w.assign(static_cast<std::size_t>(visible_units) * hidden_units, 0.0);
    visible.assign(3 * static_cast<std::size_t>(visible_units), 0.0);
    hidden.assign(3 * static_cast<std::size_t>(hidden_units), 0.0);
  }
  void rescale(double new_peak) {
    if (new_peak <= peak) return;
    const double factor = std::exp(peak - new_peak);
    norm *= factor;
    for (auto* sums : {&w, &visible, &hidden})
      for (double& x : *sums) x *= factor;
    peak = new_peak;
  }
  void add(PartialSums other) {
    rescale(other.peak);
    other.rescale(peak);
    norm += other.norm;
    const auto join = [](std::vector<double>& to, const std::vector<double>& from) {
      for (std::size_t k = 0; k < to.size(); ++k) to[k] += from[k];
    };
    join(w, other.w), join(visible, other.visible), join(hidden, other.hidden);
  }
};

/// Sums the visible side out over a grid, the hidden side by its conditionals.
class SummedSide {
 public:
  SummedSide(const Network& network, int threads)
      : network_(network),
        layers_(network),
        threads_(threads > 0 ? threads : omp_get_max_threads()),
        ones_(chains_in_block, 1.0) {}

  /// -E(v) + sum_j ln Z1_j of points in the columns of v.
  void log_densities(const double* v, int lanes, NetworkScratch<double>& scratch,
                     double* out) const {
    const int visible = layers_.visible_units(), hidden = layers_.hidden_units();
    const auto field = scratch.values();
    multiply(Transpose::yes, Transpose::no, hidden, lanes, visible, layers_.w->data(), hidden, v,
             chains_in_block, 0.0, field.data, field.stride);
    std::fill_n(out, lanes, 0.0);
    layers_.hidden_type->kernels<double>().log_normaliser(block(field, lanes), out);
    for (int lane = 0; lane < lanes; ++lane)
      for (int i = 0; i < visible; ++i)
        out[lane] -= network_.visible.energy(i, v[i * chains_in_block + lane]);
  }

  std::vector<double> log_densities(const Grid& grid) const {
    std::vector<double> out(grid.size());
    const int blocks = static_cast<int>((out.size() + chains_in_block - 1) / chains_in_block);
    for_each_part(blocks, threads_, [&](int block, int) {
      const std::size_t first = static_cast<std::size_t>(block) * chains_in_block;
      const int lanes =
          static_cast<int>(std::min<std::size_t>(chains_in_block, out.size() - first));
      NetworkScratch<double> scratch(std::max(layers_.visible_units(), layers_.hidden_units()));
      AlignedVector<double> v(static_cast<std::size_t>(layers_.visible_units()) * chains_in_block);
      for (int lane = 0; lane < lanes; ++lane)
        grid.point(first + lane, v.data() + lane, chains_in_block);
      double log_density[chains_in_block];
      log_densities(v.data(), lanes, scratch, log_density);
      std::copy_n(log_density, lanes, out.begin() + static_cast<std::ptrdiff_t>(first));
    });
    return out;
  }

  PartialSums sum(const Grid& grid, bool moments) const {
    // A fixed number of parts, summed in order: the bits do not depend on threads.
    constexpr std::size_t part_size = 64 * chains_in_block;
    const std::size_t points = grid.size(), parts = (points + part_size - 1) / part_size;
    PartialSums total;
    if (moments) total.resize(layers_.visible_units(), layers_.hidden_units());
    constexpr std::size_t batch = 64;
    for (std::size_t begin = 0; begin < parts; begin += batch) {
      std::vector<PartialSums> sums(std::min(batch, parts - begin));
      for_each_part(static_cast<int>(sums.size()), threads_, [&](int part, int) {
        const std::size_t first = (begin + part) * part_size;
        sums[part] = sum_part(grid, first, std::min(first + part_size, points), moments);
      });
      for (auto& part : sums) total.add(std::move(part));
    }
    total.peak += grid.log_weight;
    return total;
  }

 private:
  UnitBlock<double> block(LayerValues<double> field, int lanes) const {
    return {layers_.hidden.data(),  layers_.hidden_units(),
            (lanes + 15) / 16 * 16, field.data,
            field.stride,           ones_.data()};
  }

  PartialSums sum_part(const Grid& grid, std::size_t begin, std::size_t end, bool moments) const {
    const int visible = layers_.visible_units(), hidden = layers_.hidden_units();
    NetworkScratch<double> scratch(std::max(visible, hidden));
    AlignedVector<double> v(static_cast<std::size_t>(visible) * chains_in_block, 0.0), mean;
    if (moments) mean.resize(static_cast<std::size_t>(hidden) * chains_in_block);
    PartialSums sums;
    if (moments) sums.resize(visible, hidden);
    double log_density[chains_in_block];
    for (; begin < end; begin += chains_in_block) {
      const int lanes = static_cast<int>(std::min<std::size_t>(chains_in_block, end - begin));
      for (int lane = 0; lane < lanes; ++lane)
        grid.point(begin + lane, v.data() + lane, chains_in_block);
      log_densities(v.data(), lanes, scratch, log_density);
      sums.rescale(*std::max_element(log_density, log_density + lanes));
      for (int lane = 0; lane < lanes; ++lane) {
        log_density[lane] = std::exp(log_density[lane] - sums.peak);
        sums.norm += log_density[lane];
      }
      if (moments) add_moments(v.data(), log_density, lanes, scratch.values(), mean.data(), sums);
    }
    return sums;
  }

  void add_moments(double* v, const double* weight, int lanes, LayerValues<double> field,
                   double* mean, PartialSums& sums) const {
    const int visible = layers_.visible_units(), hidden = layers_.hidden_units();
    // The hidden units' higher moments are wanted with weights, so one conditional at a time.
    for (int j = 0; j < hidden; ++j) {
      for (int lane = 0; lane < lanes; ++lane) {
        mean[j * chains_in_block + lane] = 0;
        if (weight[lane] < negligible_weight) continue;
        const auto m = network_.hidden.moments(j, field.unit(j)[lane]);
        mean[j * chains_in_block + lane] = m.mean;
        const double moment[] = {m.mean, m.second, m.fourth};
        for (int k = 0; k < 3; ++k) sums.hidden[3 * j + k] += weight[lane] * moment[k];
      }
    }
    for (int i = 0; i < visible; ++i) {
      double* row = v + i * chains_in_block;
      for (int lane = 0; lane < lanes; ++lane) {
        const double x = row[lane], x2 = x * x, power[] = {x, x2, x2 * x2};
        for (int k = 0; k < 3; ++k) sums.visible[3 * i + k] += weight[lane] * power[k];
        row[lane] *= weight[lane];
      }
    }
    multiply(Transpose::no, Transpose::yes, visible, hidden, lanes, v, chains_in_block, mean,
             chains_in_block, 1.0, sums.w.data(), hidden);
  }

  const Network& network_;
  CoupledLayers<double> layers_;
  int threads_;
  AlignedVector<double> ones_;
};

Grid discrete_grid(const Layer& layer) {
  const auto values = layer.values();
  return {std::vector<std::vector<double>>(layer.size(), {values.begin(), values.end()}), 0};
}

/// A box that holds all but a negligible part of the density, found from coarse grids: doubled
/// while its faces matter, then cut back to where the density lives.
struct Box {
  std::vector<double> low, high;

  Grid grid(int points) const {
    Grid grid;
    for (std::size_t i = 0; i < low.size(); ++i) {
      const double step = (high[i] - low[i]) / points;
      auto& values = grid.values.emplace_back(points);
      for (int k = 0; k < points; ++k) values[k] = low[i] + (k + 0.5) * step;
      grid.log_weight += std::log(step);
    }
    return grid;
  }
};

/// One round: where the density on the coarse grid is not negligible, with a margin of one cell;
/// twice as wide where it reaches the edge. True once the box changes little.
bool fit_box(const SummedSide& side, Box& box) {
  constexpr int points = 24;
  constexpr double negligible = 42;
  const std::size_t units = box.low.size();
  const auto log_density = side.log_densities(box.grid(points));
  const double least = *std::max_element(log_density.begin(), log_density.end()) - negligible;
  std::vector<int> first(units, points), last(units, -1);
  for (std::size_t n = 0; n < log_density.size(); ++n) {
    if (log_density[n] < least) continue;
    std::size_t index = n;
    for (std::size_t i = units; i-- > 0; index /= points) {
      const int cell = static_cast<int>(index % points);
      first[i] = std::min(first[i], cell), last[i] = std::max(last[i], cell);
    }
  }
  bool stationary = true;
  for (std::size_t i = 0; i < units; ++i) {
    const double width = box.high[i] - box.low[i], cell = width / points;
    const bool down = first[i] == 0, up = last[i] == points - 1;
    stationary = stationary && !down && !up && last[i] - first[i] > points / 2;
    box.low[i] += down ? -width / 2 : (first[i] - 1) * cell;
    box.high[i] += up ? width / 2 : -(points - 2 - last[i]) * cell;
  }
  return stationary;
}

Box find_box(const SummedSide& side, int units) {
  Box box{std::vector<double>(units, -1.0), std::vector<double>(units, 1.0)};
  for (int round = 0; round < 200; ++round) {
    const Box before = box;
    if (fit_box(side, box)) return before;
  }
  return box;
}

/// Trapezoidal sums converge exponentially for such densities; refined until ln Z stands.
PartialSums integrate(const SummedSide& side, int units, bool moments) {
  const Box box = find_box(side, units);
  double before = minus_infinity;
  int points = 32;
  for (; points <= (units < 3 ? 2048 : 256); points = points * 3 / 2) {
    const PartialSums sums = side.sum(box.grid(points), false);
    const double log_z = sums.peak + std::log(sums.norm);
    // The error after a refinement is about the change before it, to the power 3/2.
    if (std::abs(log_z - before) < 1e-9) break;
    before = log_z;
  }
  return side.sum(box.grid(points), moments);
}

ExactNetwork of_sums(const PartialSums& sums) {
  ExactNetwork out{sums.peak + std::log(sums.norm), {}};
  if (sums.w.empty()) return out;
  const auto scaled = [&](const std::vector<double>& from, std::size_t first, std::size_t step) {
    std::vector<double> to;
    for (std::size_t k = first; k < from.size(); k += step) to.push_back(from[k] / sums.norm);
    return to;
  };
  auto& m = out.moments;
  m.w = scaled(sums.w, 0, 1);
  m.r = scaled(sums.visible, 0, 3), m.a = scaled(sums.visible, 1, 3),
  m.b = scaled(sums.visible, 2, 3);
  m.s = scaled(sums.hidden, 0, 3), m.m = scaled(sums.hidden, 1, 3), m.n = scaled(sums.hidden, 2, 3);
  return out;
}

/// S = x^T K x / 2 + r^T x with K = ((2a, -w), (-w^T, 2m)): ln Z = ln det(2 pi K^-1) / 2 + r K^-1 r
/// / 2.
ExactNetwork by_determinant(const Network& network) {
  const int visible = network.visible.size(), hidden = network.hidden.size(), n = visible + hidden;
  std::vector<double> k(static_cast<std::size_t>(n) * n, 0.0), covariance = k, linear, mean;
  const auto at = [n](std::vector<double>& matrix, int row, int column) -> double& {
    return matrix[static_cast<std::size_t>(row) * n + column];
  };
  for (int i = 0; i < visible; ++i) {
    at(k, i, i) = 2 * network.visible.a[i];
    for (int j = 0; j < hidden; ++j)
      at(k, visible + j, i) = -network.weight(i, j);  // lower triangle
  }
  for (int j = 0; j < hidden; ++j) at(k, visible + j, visible + j) = 2 * network.hidden.a[j];
  linear = network.visible.r;
  linear.insert(linear.end(), network.hidden.r.begin(), network.hidden.r.end());
  const auto factor = Cholesky::factor(std::move(k), n);
  if (!factor)
    throw BadInput("the network is not normalisable within rounding",
                   "raise a of the Gaussian units, or lower w");
  for (const double r : linear) mean.push_back(-r);
  factor->solve(mean, 1);
  for (int i = 0; i < n; ++i) at(covariance, i, i) = 1;
  factor->solve(covariance, n);
  ExactNetwork out;
  out.log_z = (n * std::log(2 * std::numbers::pi) - factor->log_determinant() -
               std::inner_product(linear.begin(), linear.end(), mean.begin(), 0.0)) /
              2;
  const auto fill = [&](int first, int count, auto& one, auto& two, auto& four) {
    for (int i = first; i < first + count; ++i) {
      const double square = mean[i] * mean[i], variance = at(covariance, i, i);
      one.push_back(mean[i]);
      two.push_back(square + variance);
      four.push_back(square * square + 6 * square * variance + 3 * variance * variance);
    }
  };
  fill(0, visible, out.moments.r, out.moments.a, out.moments.b);
  fill(visible, hidden, out.moments.s, out.moments.m, out.moments.n);
  for (int i = 0; i < visible; ++i)
    for (int j = visible; j < n; ++j)
      out.moments.w.push_back(at(covariance, i, j) + mean[i] * mean[j]);
  return out;
}

ExactNetwork sum_visible(const Network& network, bool moments, int threads) {
  const SummedSide side(network, threads);
  const Layer& layer = network.visible;
  const PartialSums sums = layer.discrete() ? side.sum(discrete_grid(layer), moments)
                                            : integrate(side, layer.size(), moments);
  return of_sums(sums);
}

/// Back from the transposed network.
ExactNetwork transposed(ExactNetwork other, int visible, int hidden) {
  auto& m = other.moments;
  std::swap(m.r, m.s), std::swap(m.a, m.m), std::swap(m.b, m.n);
  if (m.w.empty()) return other;
  std::vector<double> w(m.w.size());
  for (int i = 0; i < visible; ++i)
    for (int j = 0; j < hidden; ++j)
      w[static_cast<std::size_t>(i) * hidden + j] = m.w[static_cast<std::size_t>(j) * visible + i];
  m.w = std::move(w);
  return other;
}

ExactNetwork solve(const Network& network, bool moments, int threads) {
  require_normalisable(network);
  const ExactMethod method = exact_method(network);
  switch (method.kind) {
    case ExactMethod::Kind::determinant:
      return by_determinant(network);
    case ExactMethod::Kind::sum_visible:
      return sum_visible(network, moments, threads);
    case ExactMethod::Kind::sum_hidden:
      return transposed(sum_visible(network.transposed(), moments, threads), network.visible.size(),
                        network.hidden.size());
    case ExactMethod::Kind::none:
      break;
  }
  throw BadInput("the network's normaliser cannot be had exactly: " + method.reason,
                 "estimate it by annealing instead");
}

}  // namespace

ExactMethod exact_method(const Network& network) {
  if (all_harmonic(network.visible) && all_harmonic(network.hidden))
    return {ExactMethod::Kind::determinant, {}};
  const double visible = cost(network.visible), hidden = cost(network.hidden);
  if (std::isfinite(visible) || std::isfinite(hidden)) {
    return {hidden <= visible ? ExactMethod::Kind::sum_hidden : ExactMethod::Kind::sum_visible, {}};
  }
  return {ExactMethod::Kind::none,
          fmt::format("neither side, {} {} and {} {} units, is small enough to be summed out (at "
                      "most {} discrete or {} continuous units)",
                      network.visible.size(), name(network.visible.unit), network.hidden.size(),
                      name(network.hidden.unit), max_discrete, max_continuous)};
}

ExactNetwork solve_exactly(const Network& network, int threads) {
  return solve(network, true, threads);
}

double exact_log_z(const Network& network, int threads) {
  return solve(network, false, threads).log_z;
}

NetworkMoments moments_given_visible(const Network& network, std::span<const double> phi) {
  NetworkMoments out;
  const auto field = network.field_on_hidden(phi);
  for (int j = 0; j < network.hidden.size(); ++j) {
    const auto m = network.hidden.moments(j, field[j]);
    out.s.push_back(m.mean), out.m.push_back(m.second), out.n.push_back(m.fourth);
  }
  for (int i = 0; i < network.visible.size(); ++i) {
    const double x2 = phi[i] * phi[i];
    out.r.push_back(phi[i]), out.a.push_back(x2), out.b.push_back(x2 * x2);
    for (const double mean : out.s) out.w.push_back(phi[i] * mean);
  }
  return out;
}

NetworkMoments log_likelihood_gradient(const Network& network, const NetworkMoments& model,
                                       std::span<const double> phi) {
  NetworkMoments gradient = moments_given_visible(network, phi);
  // dS/dw = -phi h, all others with the other sign.
  auto& g = gradient;
  const std::pair<std::vector<double>*, const std::vector<double>*> kinds[] = {
      {&g.w, &model.w}, {&g.r, &model.r}, {&g.a, &model.a}, {&g.b, &model.b},
      {&g.s, &model.s}, {&g.m, &model.m}, {&g.n, &model.n}};
  for (const auto& [data, of_model] : kinds)
    for (std::size_t k = 0; k < data->size(); ++k)
      (*data)[k] = (data == &g.w ? 1 : -1) * ((*data)[k] - (*of_model)[k]);
  return gradient;
}

}  // namespace quartic
