#include "quartic/mcmc/precision.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "mcmc/site_scale.hpp"

namespace quartic {
namespace {

constexpr double single = std::numeric_limits<float>::epsilon();

/// The quartic term alone gives a conditional this stiffness, times sqrt(b).
constexpr double least_stiffness = 2.9;

struct SiteScale {
  double place, width;  ///< |phi| at the mode, width of the fluctuations about it
};

SiteScale scale_of(const SiteKey& key, double field) {
  const auto [a, b, r, total_weight, hidden_weight] = key;
  if (b == 0) return {std::abs(r) / (2 * a), 1 / std::sqrt(2 * a)};
  const double m = outer_mode(a, b, field);
  return {m, 1 / std::sqrt(std::max(2 * a + 12 * b * m * m, least_stiffness * std::sqrt(b)))};
}

}  // namespace

double outer_mode(double a, double b, double t) {
  double m = std::cbrt(t / (4 * b)) + std::sqrt(std::max(0.0, -a / (2 * b)));
  if (a > 0) m = std::min(m, t / (2 * a));
  for (int step = 0; step < 8; ++step) {
    const double slope = 2 * a + 12 * b * m * m;
    if (!(slope > 0)) break;
    const double next = (8 * b * m * m * m + t) / slope;
    if (next == m) break;
    m = next;
  }
  return m;
}

double typical_field(const SiteKey& key) {
  const auto [a, b, r, total_weight, hidden_weight] = key;
  if (b == 0) return 1;
  double square = std::max(0.0, (total_weight - 2 * a) / (4 * b)), field = 0;
  for (int round = 0; round < 10; ++round) {
    const double next =
        std::max(1e-3, 0.9 * total_weight * std::sqrt(square) + std::abs(r) + hidden_weight);
    if (next == field) break;
    field = next;
    const double m = outer_mode(a, b, field);
    square = m * m + 1 / std::max(2 * a + 12 * b * m * m, least_stiffness * std::sqrt(b));
  }
  return field;
}

SiteKey aligned(const Action& action, int site) {
  SiteKey key{action.a[site], action.b[site], action.r[site], 0};
  for (const auto& n : action.graph->neighbours(site)) {
    if (n.edge >= action.graph->first_gate()) continue;
    const double w = action.w[n.edge];
    if (action.graph->is_hidden(n.site))
      key.hidden_weight += std::abs(w);
    else
      key.total_weight += w;
  }
  key.total_weight = std::abs(key.total_weight);
  return key;
}

std::string why_too_sharp(const SiteKey& key, double epsilon) {
  const auto [place, width] = scale_of(key, typical_field(key));
  const double steps = width / (epsilon * place);
  if (steps < 170)
    return fmt::format(
        "a field of about {:.2g} that fluctuates by {:.1g} is beyond the precision of its {}",
        place, width, epsilon == single ? "float32" : "float64");
  const double largest = std::max(place, width), most = epsilon == single ? 1e7 : 1e70;
  if (largest > most || largest < 1 / most)
    return fmt::format("the fourth power of a field of about {:.2g} has no place in {}", largest,
                       epsilon == single ? "float32" : "float64");
  return {};
}

double action_scale(const SiteKey& key, double field) {
  const auto [a, b, r, total_weight, hidden_weight] = key;
  const double m = scale_of(key, field).place, square = m * m;
  const double well = a < 0 ? -a / (2 * b) : 0, linear = b == 0 ? std::abs(r) : field;
  return std::abs(b * (square - well) * (square - well) + std::max(a, 0.0) * square - linear * m);
}

std::string why_not_float32(const Action& action) {
  constexpr double largest_action = 3000;
  constexpr double coarse = 3000;  // from here on rounding costs the moves acceptance
  SiteKey before{0, 0, 0, -1};
  for (int i = 0; i < action.graph->visible_sites(); ++i) {
    const SiteKey key = aligned(action, i);
    if (key == before) continue;
    before = key;
    const double field = typical_field(key);
    const auto [place, width] = scale_of(key, field);
    if (place > coarse * width)
      return fmt::format("site {}: a field of about {:.2g} that fluctuates by {:.1g}", i, place,
                         width);
    if (auto reason = why_too_sharp(key, single); !reason.empty())
      return fmt::format("site {}: {}", i, reason);
    if (const double size = action_scale(key, field); size > largest_action)
      return fmt::format(
          "site {}: its action of about {:.2g} leaves too few digits of float32 for "
          "fluctuations of order 1",
          i, size);
  }
  return {};
}

Precision chosen_precision(Precision wanted, const Action& action) {
  if (wanted != Precision::automatic) return wanted;
  return why_not_float32(action).empty() ? Precision::float32 : Precision::float64;
}

}  // namespace quartic
