// How large a site's field is, and how sharp: what decides on envelopes and on the precision.
#pragma once

#include <string>

#include "quartic/field/action.hpp"

namespace quartic {

/// What the constants of a site depend on.
struct SiteKey {
  double a, b, r, total_weight;
  double hidden_weight = 0;  ///< of edges to hidden sites, whose h is of order 1
  bool operator==(const SiteKey&) const = default;
};

/// The larger root m of 4 b m^3 + 2 a m = t, t >= 0, by Newton steps from above, where they
/// converge monotonically.
double outer_mode(double a, double b, double t);

/// A field that a site typically feels: 0.9 sum |w| phi_rms + |r|, and what hidden ones give, with
/// phi_rms^2 = <x^2> at that field, by Laplace's rule, from the side of the broken phase. 1 where b
/// = 0.
double typical_field(const SiteKey& key);

/// The key by which a site is judged too sharp: its neighbours' weights with their signs, as those
/// of different signs fight each other. The sum of their moduli, which is right for envelopes,
/// would find a field of sqrt((sum |w| - 2 a) / 4 b) where the quadratic form holds it near zero.
SiteKey aligned(const Action& action, int site);

/// Why fields of this machine precision (2^-23, 2^-52) cannot hold such a site at all, or nothing.
std::string why_too_sharp(const SiteKey& key, double epsilon);

/// The site's action at that field, from the floor of its wells.
double action_scale(const SiteKey& key, double field);

}  // namespace quartic
