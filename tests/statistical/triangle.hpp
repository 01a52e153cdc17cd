// A frustrated triangle of three sites with exact draws to start from, and what a wrong move of it
// would change.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <memory>
#include <vector>

#include "quartic/core/quartic_density.hpp"
#include "quartic/core/random.hpp"
#include "quartic/field/action.hpp"
#include "unit_draws.hpp"

namespace quartic::testing {

inline constexpr int lanes = 64;  ///< of a block of chains in tests of moves

struct Triangle {
  const char* name;
  double scale;
  std::array<double, 3> w, r, a, b;  ///< w of the edges 01, 12, 20
};

inline const Triangle triangles[] = {
    {"ferromagnet", 1, {1, 0.7, 0.4}, {0, 0, 0}, {1.5, 1.2, 0.9}, {0.175, 0.3, 0.2}},
    {"frustrated", 1, {-0.9, -0.8, -0.6}, {0, 0, 0}, {0.4, -0.3, 0.2}, {0.2, 0.3, 0.4}},
    {"double wells", 0.5, {0.7, -0.5, 0.6}, {0, 0, 0}, {-2, -1.5, -2}, {0.4, 0.3, 0.5}},
    {"fields of both signs",
     1,
     {0.8, -0.7, 0.5},
     {0.4, -0.6, 0.3},
     {0.5, -0.5, 0.1},
     {0.2, 0.3, 0.25}},
    {"one field, wells, scaled",
     1.6,
     {0.4, 0.3, -0.35},
     {0, 0.7, 0},
     {-1, -1.2, -0.8},
     {0.3, 0.35, 0.3}},
};

/// Exact draws: sites 0 and 1 from their marginal, site 2 from its conditional.
class ExactTriangle {
 public:
  explicit ExactTriangle(const Triangle& t) : t_(t) {
    constexpr int cells = 400;
    constexpr double span = 8;
    step_ = span / cells;
    double total = 0;
    for (int i = 0; i < cells; ++i) {
      for (int j = 0; j < cells; ++j) {
        const double x = -span / 2 + (i + 0.5) * step_, y = -span / 2 + (j + 0.5) * step_;
        total += std::exp(log_density(x, y));
        cumulative_.push_back(total);
        cell_.push_back({x, y});
      }
    }
  }
  /// A cell by the density at its centre, then a point in it by rejection; across half a cell the
  /// density grows by less than the factor 1.6.
  std::array<double, 3> draw(RandomStream& random) const {
    while (true) {
      const double u = random.uniform() * cumulative_.back();
      const auto k =
          std::upper_bound(cumulative_.begin(), cumulative_.end(), u) - cumulative_.begin();
      const auto [cx, cy] = cell_[k];
      const double x = cx + step_ * (random.uniform() - 0.5),
                   y = cy + step_ * (random.uniform() - 0.5);
      const double ratio = std::exp(log_density(x, y) - log_density(cx, cy));
      if (random.uniform() * 1.6 >= ratio) continue;
      return {x, y, draw_quartic(t_.a[2], t_.b[2], field(x, y), random)};
    }
  }

 private:
  double field(double x, double y) const {
    return t_.scale * (t_.w[1] * y + t_.w[2] * x) - t_.r[2];
  }
  double log_density(double x, double y) const {
    const auto single = [&](int i, double v) {
      return -v * (t_.r[i] + v * (t_.a[i] + t_.b[i] * v * v));
    };
    return single(0, x) + single(1, y) + t_.scale * t_.w[0] * x * y +
           log_quartic_normaliser(t_.a[2], t_.b[2], field(x, y));
  }
  Triangle t_;
  double step_;
  std::vector<double> cumulative_;
  std::vector<std::array<double, 2>> cell_;
};

constexpr int triangle_chains = 8192;

/// The same exact draws start every move on every target.
inline const std::vector<std::array<double, 3>>& triangle_starts(std::size_t which) {
  static const auto all = [] {
    std::vector<std::vector<std::array<double, 3>>> list;
    for (const auto& t : triangles) {
      const ExactTriangle exact(t);
      auto& draws = list.emplace_back();
      for (int chain = 0; chain < triangle_chains; ++chain) {
        RandomStream random(12, Stream::check, static_cast<std::uint64_t>(chain));
        draws.push_back(exact.draw(random));
      }
    }
    return list;
  }();
  return all[which];
}

/// What a wrong flip would move: signs of products, signed and squared moments that hang on r and
/// w.
inline std::vector<double> probes(const std::array<double, 3>& x) {
  std::vector<double> f;
  for (int i = 0; i < 3; ++i) {
    const double y = x[(i + 1) % 3];
    f.insert(f.end(), {x[i], x[i] > 0 ? 1.0 : 0.0, x[i] * y, x[i] * y > 0 ? 1.0 : 0.0,
                       x[i] * x[i] * y, x[i] * std::abs(y)});
  }
  f.push_back(x[0] * x[1] * x[2]);
  f.push_back(x[0] * x[1] > 0 && x[1] * x[2] > 0 ? 1.0 : 0.0);
  return f;
}

inline Action triangle_action(const Triangle& t) {
  Action action(std::make_shared<Graph>(3, std::vector<Edge>{{0, 1}, {1, 2}, {2, 0}}));
  action.w.assign(t.w.begin(), t.w.end()), action.r.assign(t.r.begin(), t.r.end());
  action.a.assign(t.a.begin(), t.a.end()), action.b.assign(t.b.begin(), t.b.end());
  return action;
}

/// Before and after of many chains are draws of the same distribution: the mean change of each
/// probe in units of its own error.
class ProbeChanges {
 public:
  void add(const std::array<double, 3>& before, const std::array<double, 3>& after) {
    const auto f = probes(before), g = probes(after);
    sum_.resize(f.size()), square_.resize(f.size());
    for (std::size_t k = 0; k < f.size(); ++k) {
      sum_[k] += g[k] - f[k];
      square_[k] += (g[k] - f[k]) * (g[k] - f[k]);
    }
  }
  double largest() const {
    double most = 0;
    for (std::size_t k = 0; k < sum_.size(); ++k)
      if (square_[k] > 1e-6) most = std::max(most, std::abs(sum_[k]) / std::sqrt(square_[k]));
    return most;
  }

 private:
  std::vector<double> sum_, square_;
};

}  // namespace quartic::testing
