// Limited-memory BFGS that can stop after any iteration and go on.
#pragma once

#include <algorithm>
#include <cmath>
#include <deque>
#include <numeric>
#include <utility>
#include <vector>

namespace quartic {

/// Minimises a smooth function that may be infinite outside a convex or other region, from a point
/// where it is finite (Liu & Nocedal, Math. Program. 45 (1989) 503; backtracking to sufficient
/// decrease, pairs of negative curvature are left out). No library that we know can be left and
/// resumed between iterations, which early stopping on several sets of rows in step needs.
class LimitedMemory {
 public:
  using Point = std::vector<double>;

  /// `evaluate(x, gradient)` gives the value and fills the gradient.
  template <class Evaluate>
  LimitedMemory(Point start, Evaluate&& evaluate)
      : x(std::move(start)), gradient(x.size()), value(evaluate(x, gradient)) {}

  /// One iteration; false, and nothing changed, once there is no way down.
  template <class Evaluate>
  bool step(Evaluate&& evaluate) {
    if (converged) return false;
    Point direction = descent();
    double slope = dot(direction, gradient);
    if (!(slope < 0)) {
      pairs_.clear();
      direction = descent();
      slope = dot(direction, gradient);
    }
    Point next(x.size()), next_gradient(x.size());
    double length = 1;
    for (int trial = 0; trial < most_trials; ++trial, length /= 2) {
      for (std::size_t k = 0; k < x.size(); ++k) next[k] = x[k] + length * direction[k];
      const double now = evaluate(next, next_gradient);
      if (!(now <= value + sufficient * length * slope)) continue;
      accept(std::move(next), std::move(next_gradient), now);
      return true;
    }
    converged = pairs_.empty();  // else once more, along the gradient
    pairs_.clear();
    return !converged;
  }

  /// All that the next iteration depends on, through a StatePacker or StateUnpacker.
  template <class Archive>
  void archive(Archive& state) {
    std::size_t pairs = pairs_.size();
    const std::size_t size = x.size();
    state(x, gradient, value, converged, still_, pairs);
    state.require(x.size() == size && gradient.size() == size && pairs <= memory);
    pairs_.resize(pairs);
    for (Pair& pair : pairs_) {
      state(pair.step, pair.change, pair.product);
      state.require(pair.step.size() == size && pair.change.size() == size);
    }
  }

  Point x, gradient;
  double value;
  bool converged = false;

 private:
  static constexpr int memory = 20, most_trials = 40, most_still = 5;
  static constexpr double sufficient = 1e-4, still = 1e-8;

  static double dot(const Point& a, const Point& b) {
    return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
  }

  struct Pair {
    Point step, change;
    double product;
  };

  Point descent() const {
    Point q = gradient;
    const auto add = [&q](double factor, const Point& to) {
      for (std::size_t k = 0; k < q.size(); ++k) q[k] += factor * to[k];
    };
    std::vector<double> alpha;
    for (auto pair = pairs_.rbegin(); pair != pairs_.rend(); ++pair) {
      alpha.push_back(dot(pair->step, q) / pair->product);
      add(-alpha.back(), pair->change);
    }
    double scale = 1;
    if (!pairs_.empty()) {
      scale = pairs_.back().product / dot(pairs_.back().change, pairs_.back().change);
    } else {
      double size = 0;
      for (const double g : gradient) size += std::abs(g);
      scale = std::min(1.0, 1 / std::max(size, 1e-300));
    }
    for (double& k : q) k *= scale;
    for (const auto& pair : pairs_) {
      const double beta = dot(pair.change, q) / pair.product;
      add(alpha.back() - beta, pair.step);
      alpha.pop_back();
    }
    for (double& k : q) k = -k;
    return q;
  }

  void accept(Point next, Point next_gradient, double now) {
    Pair pair{next, next_gradient, 0};
    for (std::size_t k = 0; k < x.size(); ++k) pair.step[k] -= x[k], pair.change[k] -= gradient[k];
    pair.product = dot(pair.step, pair.change);
    const double sizes = std::sqrt(dot(pair.step, pair.step) * dot(pair.change, pair.change));
    if (pair.product > 1e-12 * sizes) pairs_.push_back(std::move(pair));
    if (pairs_.size() > memory) pairs_.pop_front();
    still_ = value - now < still * std::max(1.0, std::abs(now)) ? still_ + 1 : 0;
    converged = still_ >= most_still;
    x = std::move(next), gradient = std::move(next_gradient), value = now;
  }

  std::deque<Pair> pairs_;
  int still_ = 0;
};

}  // namespace quartic
