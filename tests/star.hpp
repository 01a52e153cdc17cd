// A hub tied to leaves that pull it into the other of its wells, beside two sites apart: issue of a
// whole ensemble in the wrong well. Exact by elimination of the leaves.
#pragma once

#include <cmath>
#include <memory>
#include <vector>

#include "quartic/core/quartic_density.hpp"
#include "quartic/field/action.hpp"

namespace quartic::testing {

constexpr int leaves = 20;

inline Action star_action(double hub_r = 0.8, double w = 0.3) {
  std::vector<Edge> edges;
  for (int leaf = 1; leaf <= leaves; ++leaf) edges.push_back({0, leaf});
  Action action(std::make_shared<Graph>(leaves + 3, edges));
  std::fill(action.w.begin(), action.w.end(), w);
  for (int i = 0; i < leaves + 3; ++i) {
    const bool hub = i == 0, leaf = !hub && i <= leaves;
    action.a[i] = hub ? -20 : leaf ? 1 : 0.05;
    action.b[i] = hub ? 0.1 : leaf ? 0.5 : 0.001;
    action.r[i] = hub ? hub_r : leaf ? -1.2 : -3;
  }
  return action;
}

struct StarExact {
  double m, phi2, share_below;  ///< of the hub's negative well
};

inline StarExact exact(const Action& star) {
  double z = 0, below = 0, hub = 0, leaf = 0, squares = 0;
  const double peak = 1050;  // keeps the exponent small
  for (double x = -16; x <= 16; x += 1e-3) {
    const auto one = quartic_moments(star.a[1], star.b[1], star.w[0] * x - star.r[1]);
    const double weight =
        std::exp(-(star.r[0] * x + star.a[0] * x * x + star.b[0] * x * x * x * x) +
                 leaves * one.log_normaliser - peak);
    z += weight, below += x < 0 ? weight : 0;
    hub += weight * x, leaf += weight * one.mean;
    squares += weight * (x * x + leaves * one.second);
  }
  const auto apart = quartic_moments(star.a.back(), star.b.back(), -star.r.back());
  const double sites = leaves + 3;
  return {(hub / z + leaves * leaf / z + 2 * apart.mean) / sites,
          (squares / z + 2 * apart.second) / sites, below / z};
}

}  // namespace quartic::testing
