// Exact draws of single units and sites, one at a time: what chains are held to.
#pragma once

#include <algorithm>
#include <cmath>

#include "quartic/core/quartic_density.hpp"
#include "quartic/core/random.hpp"
#include "quartic/network/layer.hpp"

namespace quartic {

/// Of a unit's p(x | j).
inline double draw_unit(const Layer& layer, int i, double j, RandomStream& random) {
  const double field = j - layer.r[i];
  if (!layer.discrete()) return draw_quartic(layer.a[i], layer.b[i], field, random);
  const double low = layer.values()[0], high = layer.values()[1];
  return random.uniform() * (1 + std::exp(-(high - low) * field)) < 1 ? high : low;
}

}  // namespace quartic
