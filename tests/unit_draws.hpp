// Exact draws of single units and sites, one at a time: what chains are held to.
#pragma once

#include <algorithm>
#include <cmath>

#include "core/quartic_window.hpp"
#include "quartic/core/random.hpp"
#include "quartic/network/layer.hpp"

namespace quartic {

/// Of exp(-b x^4 - a x^2 + j x): rejection from a Gaussian on the folded density, then the sign by
/// its exact odds exp(2 j |x|) : 1. Expected trials O(1) for every a, b, j.
inline double draw_quartic(double a, double b, double j, RandomStream& random) {
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

/// Of a unit's p(x | j).
inline double draw_unit(const Layer& layer, int i, double j, RandomStream& random) {
  const double field = j - layer.r[i];
  if (!layer.discrete()) return draw_quartic(layer.a[i], layer.b[i], field, random);
  const double low = layer.values()[0], high = layer.values()[1];
  return random.uniform() * (1 + std::exp(-(high - low) * field)) < 1 ? high : low;
}

}  // namespace quartic
