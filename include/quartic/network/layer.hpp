// A layer of a network: units of one kind, independent of each other given the other layer.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "quartic/core/quartic_density.hpp"
#include "quartic/core/words.hpp"

namespace quartic {

/// The kinds of units. All obey p(x | j) ~ exp(-r x - a x^2 - b x^4 + j x) on their own range of x,
/// j being what the other layer exerts.
enum class Unit {
  quartic,   ///< x real, b > 0 (or b = 0 and a > 0)
  gaussian,  ///< x real, b = 0, a > 0
  binary,    ///< x in {0, 1}, a = b = 0
  spin       ///< x in {-1, 1}, a = b = 0
};
template <>
inline constexpr auto words_of<Unit> = word_list("quartic", "gaussian", "binary", "spin");

/// Of a unit's conditional; of discrete units with the counting measure.
using UnitMoments = QuarticMoments;

/// The couplings of a layer's units, and the few functions that everything else is made from, the
/// same for every kind. In the network's action r, a, b belong to the visible layer and s, m, n, of
/// the same meaning, to the hidden one.
struct Layer {
  Unit unit;
  std::vector<double> r;  ///< of x
  std::vector<double> a;  ///< of x^2; zero for discrete units
  std::vector<double> b;  ///< of x^4; zero for all but quartic units

  /// r = 0; continuous units start with variance near 1: a = 1/2, quartic ones with a = 0, b = 1/8.
  Layer(Unit kind, int size);

  int size() const { return static_cast<int>(r.size()); }
  /// The values that a discrete unit takes, ascending; empty for a continuous one.
  std::span<const double> values() const;
  bool discrete() const { return !values().empty(); }
  /// Whether the kind has a coupling a of x^2, or b of x^4.
  bool has_a() const;
  bool has_b() const;

  /// r x + a x^2 + b x^4.
  double energy(int i, double x) const { return x * (r[i] + x * (a[i] + b[i] * x * x)); }
  /// Of p(x | j), float64, as quartic_moments.
  UnitMoments moments(int i, double j) const;

  /// Why the couplings of unit i alone cannot be, or nothing: not finite, b < 0, a or b of a kind
  /// that has none. `letters` names r, a, b in the message ("rab" or "smn").
  std::optional<std::string> why_not(int i, std::string_view letters) const;
};

}  // namespace quartic
