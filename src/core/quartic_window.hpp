// Where the folded quartic density lives: its mode on x >= 0 and the interval that holds all but
// exp(-45) of it.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "quartic/core/error.hpp"

namespace quartic {

/// exp(-quartic_cutoff) is what the window leaves out, relative to the peak.
inline constexpr double quartic_cutoff = 45;

inline void require_quartic(double a, double b, double j) {
  const bool finite = std::isfinite(a) && std::isfinite(b) && std::isfinite(j);
  if (finite && (b > 0 || (b == 0 && a > 0))) return;
  throw BadInput("the quartic density with a = " + std::to_string(a) + ", b = " +
                     std::to_string(b) + ", j = " + std::to_string(j) + " is not normalisable",
                 "use b > 0, or b = 0 with a > 0, all finite");
}

/// The same of one entry of many, naming it.
inline void require_quartic_entry(std::size_t entry, double a, double b, double j) {
  try {
    require_quartic(a, b, j);
  } catch (const BadInput& error) {
    throw BadInput("entry " + std::to_string(entry) + ": " + error.what(), error.hint());
  }
}

/// The mode on x >= 0 for t = |j|: the root of 4 b x^3 + 2 a x = t, by Newton's method from an
/// upper bound; the left side is convex there, so the iteration descends monotonically.
inline double quartic_mode(double a, double b, double t) {
  double x = b > 0 ? std::cbrt(t / (4 * b)) : std::numeric_limits<double>::infinity();
  x = a >= 0 ? std::min(x, a > 0 ? t / (2 * a) : x) : x + std::sqrt(-a / (2 * b));
  for (int step = 0; step < 60 && x > 0; ++step) {
    const double next = (8 * b * x * x * x + t) / (12 * b * x * x + 2 * a);
    if (!(next < x)) break;
    x = next;
  }
  return x;
}

struct QuarticWindow {
  double mode;
  double peak;       ///< the exponent at the mode
  double curvature;  ///< a + 6 b mode^2: half the second derivative there
  double low;        ///< 0, or where the density has fallen below the cutoff
  double length;
};

inline QuarticWindow quartic_window(double a, double b, double t) {
  QuarticWindow window{};
  const double x = window.mode = quartic_mode(a, b, t);
  window.peak = x * (t - x * (a + b * x * x));
  // Left of the mode the exponent falls by at least a quarter of the harmonic drop, as curvature >=
  // 4 b mode^2, also where x^2 underflows in the well of a tiny a < 0.
  window.curvature = std::max(a + 6 * b * x * x, 4 * b * x * x);
  const double left = std::min(x, std::sqrt(4 * quartic_cutoff / window.curvature));
  const double right = std::min(std::sqrt(quartic_cutoff / window.curvature),
                                std::sqrt(std::sqrt(quartic_cutoff / b)));
  window.low = x - left;
  window.length = left + right;
  return window;
}

}  // namespace quartic
