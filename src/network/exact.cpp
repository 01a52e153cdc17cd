#include "quartic/network/exact.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <numeric>
#include <utility>

#include "network/summed_side.hpp"
#include "quartic/core/error.hpp"
#include "quartic/core/linear_algebra.hpp"
#include "quartic/core/random.hpp"

namespace quartic {
namespace {

constexpr int max_discrete = 24, max_continuous = 3;
constexpr double exact_tolerance = 1e-5;
constexpr int first_points = 33;

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

Grid discrete_grid(const Layer& layer) {
  const auto values = layer.values();
  return {std::vector<std::vector<double>>(layer.size(), {values.begin(), values.end()}), 0};
}

using Box = QuadratureBox;

Grid grid_of(const Box& box, int points) {
  Grid grid;
  grid.halves = true;
  for (std::size_t i = 0; i < box.low.size(); ++i) {
    const double step = (box.high[i] - box.low[i]) / points;
    auto& values = grid.values.emplace_back(points);
    for (int k = 0; k < points; ++k) values[k] = box.low[i] + (k + 0.5) * step;
    grid.log_weight += std::log(step);
  }
  return grid;
}

/// One round: where the density on the coarse grid is not negligible, with a margin of one cell;
/// twice as wide where it reaches the edge. True once the box changes little.
bool fit_box(const SummedSide& side, Box& box, double negligible) {
  constexpr int points = 24;
  const std::size_t units = box.low.size();
  const auto log_density = side.log_densities(grid_of(box, points));
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

/// A box that holds all but a negligible part of the density, found from coarse grids: doubled
/// while its faces matter, then cut back to where the density lives. False where that takes more
/// rounds.
bool find_box(const SummedSide& side, Box& box, double negligible, int rounds) {
  for (int round = 0; round < rounds; ++round) {
    const Box before = box;
    if (!fit_box(side, box, negligible)) continue;
    box = before;
    return true;
  }
  return false;
}

/// Six widths of every unit about where the other side, if it is discrete, can move it: a box to
/// begin with in units of any size.
Box start_box(const Network& network, bool hidden) {
  const Layer &layer = hidden ? network.hidden : network.visible,
              &other = hidden ? network.visible : network.hidden;
  const auto values = other.values();
  Box box;
  for (int i = 0; i < layer.size(); ++i) {
    double fields[] = {0, 0};
    for (int k = 0; k < other.size() && !values.empty(); ++k) {
      const double w = hidden ? network.weight(k, i) : network.weight(i, k);
      fields[0] += std::min(w * values.front(), w * values.back());
      fields[1] += std::max(w * values.front(), w * values.back());
    }
    double low = std::numeric_limits<double>::infinity(), high = -low;
    for (const double field : fields) {
      const auto m = layer.moments(i, field);
      const double reach = 6 * std::sqrt(std::max(m.second - m.mean * m.mean, 0.0));
      low = std::min(low, m.mean - reach), high = std::max(high, m.mean + reach);
    }
    const bool found = std::isfinite(low) && std::isfinite(high) && low < high;
    box.low.push_back(found ? low : -1), box.high.push_back(found ? high : 1);
  }
  box.points = first_points;
  return box;
}

/// Whether it can be begun with: a saved one comes from a file.
bool usable(const Box& box, std::size_t units, int most) {
  if (box.low.size() != units || box.high.size() != units || box.points < 2 || box.points > most)
    return false;
  for (std::size_t i = 0; i < units; ++i)
    if (!std::isfinite(box.high[i] - box.low[i]) || box.low[i] >= box.high[i]) return false;
  return true;
}

/// Trapezoidal sums converge exponentially for such densities; refined until sums over every other
/// value of each unit say the same: with exp(-k^4/3) for the Fourier transform of exp(-x^4) the
/// whole sum is then right to the power 2.5 of the difference. An odd number of points: an even one
/// would hide the difference of a symmetric density.
PartialSums integrate(const SummedSide& side, Box begin, bool moments, double tolerance,
                      QuadratureBox* known) {
  const std::size_t units = begin.low.size();
  const bool exact = tolerance <= exact_tolerance;
  constexpr int coarse = 321;  // a side, while learning: what is sharper is no density of rows
  const int most = units > 2 ? 257 : exact ? 2047 : coarse;
  QuadratureBox fresh;
  QuadratureBox& box = known ? *known : fresh;
  if (!usable(box, units, most)) box = std::move(begin);
  const QuadratureBox before = box;
  if (!find_box(side, box, exact ? 42 : 24, exact ? 200 : 16) && !exact) {
    box = before;
    return {};
  }
  for (;;) {
    PartialSums sums = side.sum(grid_of(box, box.points), moments);
    double change = 0;
    for (const double half : sums.halves)
      change = std::max(change, std::abs(std::log(2 * half / sums.norm)));
    if (change < tolerance) {
      // As few next time as a third less would have done.
      if (change < std::pow(tolerance, 1.8)) box.points = std::max(box.points * 2 / 3 | 1, 33);
      return sums;
    }
    if (box.points >= most) {
      if (exact) return sums;
      box = before;
      return {};
    }
    box.points = std::min(box.points * 3 / 2 | 1, most);
  }
}

/// [visible][hidden] from [summed][other].
std::vector<double> seen_by_visible(bool hidden, const std::vector<double>& matrix,
                                    std::size_t visible, std::size_t hidden_units) {
  if (!hidden) return matrix;
  std::vector<double> out(matrix.size());
  for (std::size_t k = 0; k < out.size(); ++k)
    out[k] = matrix[k % hidden_units * visible + k / hidden_units];
  return out;
}

ExactNetwork of_sums(PartialSums sums, bool hidden) {
  ExactNetwork out{sums.peak + std::log(sums.norm), {}};
  if (sums.w.empty()) return out;  // no moments wanted, or no sum found
  for (auto* values : {&sums.w, &sums.u, &sums.summed, &sums.other})
    for (double& x : *values) x /= sums.norm;
  const auto every_third = [](const std::vector<double>& from, std::size_t first) {
    std::vector<double> to;
    for (std::size_t k = first; k < from.size(); k += 3) to.push_back(from[k]);
    return to;
  };
  const auto& visible = hidden ? sums.other : sums.summed;
  const auto& of_hidden = hidden ? sums.summed : sums.other;
  auto& m = out.moments;
  m.w = seen_by_visible(hidden, sums.w, visible.size() / 3, of_hidden.size() / 3);
  m.u = seen_by_visible(hidden, sums.u, visible.size() / 3, of_hidden.size() / 3);
  m.r = every_third(visible, 0), m.a = every_third(visible, 1), m.b = every_third(visible, 2);
  m.s = every_third(of_hidden, 0), m.m = every_third(of_hidden, 1);
  m.n = every_third(of_hidden, 2);
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

ExactNetwork sum_out(const Network& network, bool hidden, bool moments, int threads,
                     double tolerance, QuadratureBox* known) {
  const SummedSide side(network, hidden, threads);
  const Layer& layer = side.layer();
  return of_sums(layer.discrete()
                     ? side.sum(discrete_grid(layer), moments)
                     : integrate(side, start_box(network, hidden), moments, tolerance, known),
                 hidden);
}

ExactNetwork solve(const Network& network, bool moments, int threads,
                   double tolerance = exact_tolerance, QuadratureBox* known = nullptr) {
  require_normalisable(network);
  const ExactMethod method = exact_method(network);
  switch (method.kind) {
    case ExactMethod::Kind::determinant:
      return by_determinant(network);
    case ExactMethod::Kind::sum_visible:
      return sum_out(network, false, moments, threads, tolerance, known);
    case ExactMethod::Kind::sum_hidden:
      return sum_out(network, true, moments, threads, tolerance, known);
    case ExactMethod::Kind::none:
      break;
  }
  throw BadInput("the network's normaliser cannot be had exactly: " + method.reason,
                 "estimate it by annealing instead");
}

}  // namespace

ExactMethod exact_method(const Network& network) {
  if (all_harmonic(network.visible) && all_harmonic(network.hidden) && !network.gated())
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

ExactNetwork solve_exactly(const Network& network, int threads, double tolerance,
                           QuadratureBox* known) {
  return solve(network, true, threads, tolerance, known);
}

double exact_log_z(const Network& network, int threads) {
  return solve(network, false, threads).log_z;
}

bool hidden_can_be_drawn(const Network& network) {
  constexpr int most = 20;
  return network.hidden.discrete() && network.hidden.size() <= most;
}

std::vector<double> draw_hidden_exactly(const Network& network, int draws, std::uint64_t seed,
                                        int threads) {
  require_normalisable(network);
  if (!hidden_can_be_drawn(network))
    throw BadInput(fmt::format("{} {} hidden units cannot be drawn from a list of all their values",
                               network.hidden.size(), name(network.hidden.unit)),
                   "draw by chains (NetworkSampler)");
  const Grid grid = discrete_grid(network.hidden);
  auto weight = SummedSide(network, true, threads).log_densities(grid);
  const double peak = *std::max_element(weight.begin(), weight.end());
  double sum = 0;
  for (double& x : weight) x = sum += std::exp(x - peak);
  const auto units = static_cast<std::size_t>(network.hidden.size());
  std::vector<double> out(static_cast<std::size_t>(draws) * units);
  RandomStream random(seed, Stream::generate, 0);
  for (std::size_t n = 0; n < out.size(); n += units) {
    const auto at = std::upper_bound(weight.begin(), weight.end(), random.uniform() * sum);
    const auto state = std::min<std::ptrdiff_t>(at - weight.begin(),
                                                static_cast<std::ptrdiff_t>(weight.size()) - 1);
    grid.point(static_cast<std::size_t>(state), out.data() + n, 1);
  }
  return out;
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
    for (const double mean : out.s)
      if (network.gated()) out.u.push_back(x2 * mean);
  }
  return out;
}

NetworkMoments log_likelihood_gradient(const Network& network, const NetworkMoments& model,
                                       std::span<const double> phi) {
  NetworkMoments gradient = moments_given_visible(network, phi);
  // dS/dw = -phi h, dS/du = -phi^2 h, all others with the other sign.
  auto& g = gradient;
  const std::pair<std::vector<double>*, const std::vector<double>*> kinds[] = {
      {&g.w, &model.w}, {&g.u, &model.u}, {&g.r, &model.r}, {&g.a, &model.a},
      {&g.b, &model.b}, {&g.s, &model.s}, {&g.m, &model.m}, {&g.n, &model.n}};
  for (const auto& [data, of_model] : kinds)
    for (std::size_t k = 0; k < data->size(); ++k)
      (*data)[k] = (data == &g.w || data == &g.u ? 1 : -1) * ((*data)[k] - (*of_model)[k]);
  return gradient;
}

}  // namespace quartic
