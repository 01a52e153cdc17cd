#include "quartic/network/start.hpp"

#include <fmt/format.h>

#include <Eigen/Cholesky>
#include <algorithm>
#include <cmath>
#include <utility>

#include "core/quartic_window.hpp"
#include "network/unit_type.hpp"
#include "quartic/core/error.hpp"
#include "quartic/core/quartic_density.hpp"
#include "quartic/core/random.hpp"

namespace quartic {
namespace {

/// Of exp(-x^4 / 8), whose variance is near 1: the b of a quartic unit of that spread.
constexpr double unit_b = 0.125;

/// ln Z1 and <x^n> for n up to 8, by trapezoidal sums as quartic_moments.
struct QuarticPowers {
  double log_normaliser, power[9];
};

QuarticPowers quartic_powers(double a, double b, double j) {
  constexpr int points = 256;
  const double t = std::abs(j);
  const QuarticWindow window = quartic_window(a, b, t);
  const double step = window.length / points;
  QuarticPowers out{0, {}};
  for (int k = 0; k <= points; ++k) {
    const double x = window.low + k * step, d = x - window.mode;
    const double drop = d * d * (window.curvature + d * (4 * b * window.mode + b * d));
    const double value = (x > 0 ? 1 : 0.5) * std::exp(-drop), other = value * std::exp(-2 * t * x);
    double even = value + other, odd = std::copysign(value - other, j);
    for (int n = 0; n <= 8; ++n, even *= x, odd *= x) out.power[n] += n % 2 == 0 ? even : odd;
  }
  const double norm = out.power[0];
  for (double& p : out.power) p /= norm;
  out.log_normaliser = window.peak + std::log(norm * step);
  return out;
}

Eigen::Matrix3d covariance_of_powers(const QuarticPowers& x) {
  constexpr int power[] = {1, 2, 4};
  Eigen::Matrix3d out;
  for (int k = 0; k < 3; ++k)
    for (int l = 0; l < 3; ++l)
      out(k, l) = x.power[power[k] + power[l]] - x.power[power[k]] * x.power[power[l]];
  return out;
}

/// Largest likelihood of exp(-b x^4 - a x^2 - r x) for given <x>, <x^2>, <x^4>, in units where
/// <x^2> = 1: Newton's method on a convex function, damped. b stays at its lower bound where the
/// data want less.
class QuarticFit {
 public:
  QuarticFit(double first, double fourth, double variance)
      : wanted_{first, 1, fourth}, min_b_(1e-3 * unit_b / (variance * variance)) {
    // The Gaussian of these moments, with just so much b.
    const double precision = 1 / variance;
    theta_ = {-first * precision, precision / 2, min_b_};
  }

  Eigen::Vector3d solve() {
    for (int step = 0; step < 200; ++step) {
      const Sums here = sums(theta_);
      Eigen::Vector3d gradient = here.mean - wanted_;  // of ln likelihood, upwards
      Eigen::Matrix3d hessian = here.covariance;
      const bool at_bound = theta_(2) <= min_b_ * (1 + 1e-9) && gradient(2) < 0;
      if (at_bound)
        gradient(2) = 0, hessian.row(2).setZero(), hessian.col(2).setZero(), hessian(2, 2) = 1;
      const Eigen::Vector3d scale = hessian.diagonal().cwiseMax(1e-300).cwiseSqrt().cwiseInverse();
      Eigen::Matrix3d scaled = scale.asDiagonal() * hessian * scale.asDiagonal();
      scaled.diagonal().array() += 1e-10;
      const Eigen::Vector3d direction =
          scale.asDiagonal() * scaled.ldlt().solve(Eigen::Vector3d(scale.asDiagonal() * gradient));
      const double decrement = gradient.dot(direction);
      if (!(decrement > 1e-18)) break;
      double length = 1;
      while (length > 1e-8 && !try_step(here, direction, decrement, length)) length /= 2;
      if (length <= 1e-8) break;
    }
    return theta_;
  }

 private:
  struct Sums {
    double log_likelihood;
    Eigen::Vector3d mean;
    Eigen::Matrix3d covariance;
  };

  Sums sums(const Eigen::Vector3d& theta) const {
    const QuarticPowers x = quartic_powers(theta(1), theta(2), -theta(0));
    return {-theta.dot(wanted_) - x.log_normaliser,
            {x.power[1], x.power[2], x.power[4]},
            covariance_of_powers(x)};
  }

  bool try_step(const Sums& here, const Eigen::Vector3d& direction, double decrement,
                double length) {
    Eigen::Vector3d next = theta_ + length * direction;
    next(2) = std::max({next(2), min_b_, theta_(2) / 4});
    const double gain = -next.dot(wanted_) - log_quartic_normaliser(next(1), next(2), -next(0)) -
                        here.log_likelihood;
    if (!(gain > 1e-4 * length * decrement) && !(std::abs(gain) < 1e-14)) return false;
    theta_ = next;
    return true;
  }

  Eigen::Vector3d wanted_, theta_;
  double min_b_;
};

double typical_deviation(const ColumnMoments& moments) {
  std::vector<double> deviations;
  for (std::size_t i = 0; i < moments.first.size(); ++i)
    deviations.push_back(std::sqrt(std::max(0.0, moments.variance(i))));
  auto middle = deviations.begin() + static_cast<std::ptrdiff_t>(deviations.size() / 2);
  std::nth_element(deviations.begin(), middle, deviations.end());
  return *middle;
}

void fit_continuous(Layer& layer, const ColumnMoments& moments) {
  const double typical = typical_deviation(moments);
  for (int i = 0; i < layer.size(); ++i) {
    const double mean = moments.first[i], second = moments.second[i],
                 variance = moments.variance(i), size = std::sqrt(second);
    if (!(variance > 0) || std::sqrt(variance) < 1e-6 * std::max(size, typical)) {
      throw BadInput(
          fmt::format("column {} of the data does not vary (it is always {:g}): a {} unit would "
                      "need an infinite a",
                      i, mean, name(layer.unit)),
          "leave the column out, add noise of the pixels' resolution, or use binary units");
    }
    if (!layer.has_b()) {
      layer.r[i] = -mean / variance, layer.a[i] = 1 / (2 * variance);
      continue;
    }
    // Of two values alike in number the wells would be as narrow as one likes; a thousandth of
    // their distance is what chains of float32 still move in.
    constexpr double narrowest = 1e-3;
    const double fourth =
        std::max(moments.fourth[i] / (second * second), 1 + 4 * narrowest * narrowest);
    const Eigen::Vector3d theta = QuarticFit(mean / size, fourth, variance / second).solve();
    layer.r[i] = theta(0) / size, layer.a[i] = theta(1) / second,
    layer.b[i] = theta(2) / (second * second);
  }
}

void fit_discrete(Layer& layer, const ColumnMoments& moments) {
  require_values(layer.unit, moments);
  const double low = layer.values()[0], high = layer.values()[1];
  const double rows = static_cast<double>(moments.rows);
  for (int i = 0; i < layer.size(); ++i) {
    const double of_high = (moments.first[i] - low) / (high - low) * rows;
    layer.r[i] = -std::log((of_high + 0.5) / (rows - of_high + 0.5)) / (high - low);
  }
}

}  // namespace

std::array<double, 9> unit_covariance(const Layer& layer, int i) {
  Eigen::Matrix3d covariance = Eigen::Matrix3d::Zero();
  if (layer.discrete()) {
    covariance(0, 0) = layer.moments(i, 0).variance();
  } else {
    covariance = covariance_of_powers(quartic_powers(layer.a[i], layer.b[i], -layer.r[i]));
    if (!layer.has_b()) covariance.row(2).setZero(), covariance.col(2).setZero();
  }
  std::array<double, 9> out;
  Eigen::Map<Eigen::Matrix3d>(out.data()) = covariance;
  return out;
}

void require_values(Unit unit, const ColumnMoments& moments) {
  const Layer layer(unit, 1);
  if (!layer.discrete()) return;
  constexpr double rounding = 1e-6;
  const double low = layer.values()[0], high = layer.values()[1];
  for (std::size_t i = 0; i < moments.first.size(); ++i) {
    // Between the two values, <(x - low) (high - x)> >= 0 vanishes only for these.
    const double between = (low + high) * moments.first[i] - low * high - moments.second[i];
    const double least = moments.low.empty() ? moments.first[i] : moments.low[i],
                 most = moments.high.empty() ? moments.first[i] : moments.high[i];
    if (std::abs(between) > rounding || least < low - rounding || most > high + rounding)
      throw BadInput(fmt::format("column {} of the data holds other values than {:g} and {:g}, the "
                                 "values of a {} unit",
                                 i, low, high, name(unit)),
                     "binarise the data, or use gaussian or quartic units");
  }
}

ColumnMoments column_moments(const DataSource& data) {
  const std::size_t columns = data.columns(), rows = data.rows(), piece = 1024;
  const std::vector<double> zeros(columns);
  ColumnMoments out{rows, zeros, zeros, zeros, zeros, zeros};
  for_each_batch(data, piece, [&](std::span<const float> values, std::size_t begin) {
    for (std::size_t n = 0; n < values.size(); ++n) {
      const std::size_t i = n % columns;
      const double x = static_cast<double>(values[n]), x2 = x * x;
      if (!std::isfinite(x)) {
        throw BadInput(
            fmt::format("row {}, column {} of the data is {}", begin + n / columns, i, x),
            "remove or fill the values that are missing");
      }
      out.first[i] += x, out.second[i] += x2, out.fourth[i] += x2 * x2;
      const bool begins = begin == 0 && n < columns;  // the first row
      out.low[i] = begins ? x : std::min(out.low[i], x);
      out.high[i] = begins ? x : std::max(out.high[i], x);
    }
  });
  for (auto* sums : {&out.first, &out.second, &out.fourth})
    for (double& x : *sums) x /= static_cast<double>(rows);
  return out;
}

Layer fit_layer(Unit unit, const ColumnMoments& moments) {
  Layer layer(unit, static_cast<int>(moments.first.size()));
  if (layer.discrete()) {
    fit_discrete(layer, moments);
  } else {
    fit_continuous(layer, moments);
  }
  return layer;
}

Network initial_network(Unit visible, Unit hidden, int hidden_units, const ColumnMoments& moments,
                        const StartOptions& options) {
  Network network(fit_layer(visible, moments), Layer(hidden, hidden_units));
  RandomStream random(options.seed, Stream::start, 0);
  for (int i = 0; i < network.visible.size(); ++i) {
    const double spread =
        network.visible.discrete() ? 1 : std::sqrt(std::max(moments.variance(i), 1e-300));
    for (int j = 0; j < hidden_units; ++j)
      network.w[static_cast<std::size_t>(i) * hidden_units + j] =
          options.deviation / spread * random.normal();
  }
  return network;
}

Network grown(const Network& small, Network wide) {
  const auto from = static_cast<std::size_t>(small.hidden.size()),
             to = static_cast<std::size_t>(wide.hidden.size());
  if (small.visible.unit != wide.visible.unit || small.hidden.unit != wide.hidden.unit ||
      small.visible.size() != wide.visible.size() || from > to || small.gated() || wide.gated())
    throw BadInput(fmt::format("{} x {} units do not grow to {} x {}", small.visible.size(), from,
                               wide.visible.size(), to),
                   "give units of the same kinds, as many columns and no gates");
  wide.visible = small.visible;
  for (std::size_t i = 0; i < static_cast<std::size_t>(wide.visible.size()); ++i)
    std::copy_n(small.w.begin() + static_cast<std::ptrdiff_t>(i * from), from,
                wide.w.begin() + static_cast<std::ptrdiff_t>(i * to));
  for (auto [source, target] : {std::pair{&small.hidden.r, &wide.hidden.r},
                                {&small.hidden.a, &wide.hidden.a},
                                {&small.hidden.b, &wide.hidden.b}})
    std::copy(source->begin(), source->end(), target->begin());
  return wide;
}

namespace {
/// Gates of a base do nothing, but are there: the models of a path have the same units.
Network uncoupled(Layer visible, Layer hidden, const Network& like) {
  Network out(std::move(visible), std::move(hidden));
  out.u.assign(like.u.size(), 0.0);
  return out;
}
}  // namespace

Network base_network(const Network& network, const ColumnMoments& moments) {
  return uncoupled(fit_layer(network.visible.unit, moments), network.hidden, network);
}

Network base_network(const Network& network, const ColumnMoments& moments,
                     std::span<const float> rows) {
  const auto visible = static_cast<std::size_t>(network.visible.size());
  const auto hidden = static_cast<std::size_t>(network.hidden.size());
  if (rows.empty() || rows.size() % visible != 0)
    throw BadInput(fmt::format("{} values are no rows of {} visible units", rows.size(), visible),
                   "give whole rows, one value a visible unit");
  const std::vector<double> zeros(hidden);
  ColumnMoments given{rows.size() / visible, zeros, zeros, zeros, {}, {}};
  for (std::size_t row = 0; row < given.rows; ++row) {
    const auto phi = rows.subspan(row * visible, visible);
    const auto field = network.field_on_hidden(std::vector<double>(phi.begin(), phi.end()));
    for (std::size_t j = 0; j < hidden; ++j) {
      const UnitMoments m = network.hidden.moments(static_cast<int>(j), field[j]);
      given.first[j] += m.mean, given.second[j] += m.second, given.fourth[j] += m.fourth;
    }
  }
  for (auto* sums : {&given.first, &given.second, &given.fourth})
    for (double& x : *sums) x /= static_cast<double>(given.rows);
  return uncoupled(fit_layer(network.visible.unit, moments), fit_layer(network.hidden.unit, given),
                   network);
}

}  // namespace quartic
