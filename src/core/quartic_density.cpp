#include "quartic/core/quartic_density.hpp"

#include <algorithm>
#include <cmath>

#include "core/quartic_window.hpp"

namespace quartic {
namespace {

struct FoldedSums {
  double norm = 0, first = 0, second = 0, fourth = 0;

  void add(const QuarticWindow& window, double b, double t, double x, double weight) {
    const double d = x - window.mode;
    const double drop = d * d * (window.curvature + d * (4 * b * window.mode + b * d));
    const double value = weight * std::exp(-drop);
    const double even = value * (1 + std::exp(-2 * t * x));
    const double x2 = x * x;
    norm += even;
    first -= value * x * std::expm1(-2 * t * x);
    second += even * x2;
    fourth += even * x2 * x2;
  }
};

double relative_change(double now, double before) {
  return now == 0 ? 0 : std::abs(now - before) / std::abs(now);
}

}  // namespace

QuarticMoments quartic_moments(double a, double b, double j) {
  require_quartic(a, b, j);
  const double t = std::abs(j);
  const QuarticWindow window = quartic_window(a, b, t);
  double step = window.length / 32;
  FoldedSums sums;
  // At x = 0 the folded integrand counts half: it is the even extension's own value.
  sums.add(window, b, t, window.low, window.low > 0 ? 1.0 : 0.5);
  for (int k = 1; k <= 32; ++k) sums.add(window, b, t, window.low + k * step, 1.0);
  for (int points = 32; points <= 4096; points *= 2, step /= 2) {
    const FoldedSums before = sums;
    for (int k = 0; k < points; ++k) sums.add(window, b, t, window.low + (k + 0.5) * step, 1.0);
    const double change = std::max({relative_change(sums.norm, 2 * before.norm),
                                    relative_change(sums.first, 2 * before.first),
                                    relative_change(sums.fourth, 2 * before.fourth)});
    // The error after a halving is about the square of the change that it made.
    if (change < 1e-9) {
      step /= 2;
      break;
    }
  }
  return {window.peak + std::log(sums.norm * step), std::copysign(sums.first / sums.norm, j),
          sums.second / sums.norm, sums.fourth / sums.norm};
}

double log_quartic_normaliser(double a, double b, double j) {
  return quartic_moments(a, b, j).log_normaliser;
}

double draw_quartic(double a, double b, double j, RandomStream& random) {
  require_quartic(a, b, j);
  if (b == 0) return j / (2 * a) + random.normal() / std::sqrt(2 * a);
  const double t = std::abs(j);
  const double mode = quartic_mode(a, b, t);
  // Envelope: (y^2 - s^2)^2 >= s^2 (y - s)^2 for y >= 0 leaves a Gaussian in y.
  const double s2 =
      mode * mode + 1 / (2 * std::max(a, 0.0) + 12 * b * mode * mode + 2 * std::sqrt(b));
  const double s = std::sqrt(s2);
  const double precision = 2 * a + 6 * b * s2;
  const double centre = (2 * b * s2 * s + t) / precision;
  const double width = 1 / std::sqrt(precision);
  for (;;) {
    const double y = centre + width * random.normal();
    if (y < 0) continue;
    const double fold = std::exp(-2 * t * y);
    const double weight = std::exp(-b * (y - s) * (y - s) * y * (y + 2 * s)) * (1 + fold) / 2;
    if (random.uniform() >= weight) continue;
    const bool with_field = random.uniform() * (1 + fold) < 1;
    return with_field == (j >= 0) ? y : -y;
  }
}

}  // namespace quartic
