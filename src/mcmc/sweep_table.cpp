#include "mcmc/sweep_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>
#include <optional>
#include <span>

#include "core/double_well.hpp"
#include "core/parallel.hpp"
#include "mcmc/site_scale.hpp"
#include "quartic/core/error.hpp"
#include "quartic/core/quartic_density.hpp"

namespace quartic {
namespace {

/// The typical field, and the conditional's mean <x> as a straight line about it, c0 + c1 |j|. Any
/// line leaves the reflection exact; this one makes it be accepted.
struct Typical {
  std::vector<double> field, offset, slope;
};

Typical typical_fields(std::span<const SiteKey> keys) {
  const std::size_t n = keys.size();
  std::vector<double> a(n), b(n), field(n), mean(n);
  for (std::size_t k = 0; k < n; ++k) {
    a[k] = keys[k].a, b[k] = keys[k].b;
    field[k] = typical_field(keys[k]);
  }
  Typical typical{field, std::vector<double>(n), std::vector<double>(n)};
  std::vector<double> low(n), high(n), low_mean(n);
  for (std::size_t k = 0; k < n; ++k) {
    const double r = std::abs(keys[k].r), spread = field[k] - r;
    low[k] = std::max(0.4 * field[k], r - spread),
    high[k] = std::max(1.1 * field[k], r + 0.5 * spread);
  }
  quartic_moments(a, b, low, {}, low_mean, {}, {});
  quartic_moments(a, b, high, {}, mean, {}, {});
  for (std::size_t k = 0; k < n; ++k) {
    typical.slope[k] = (mean[k] - low_mean[k]) / (high[k] - low[k]);
    typical.offset[k] = low_mean[k] - typical.slope[k] * low[k];
  }
  return typical;
}

/// The envelope's precision P = 2a + 4bc at |j| = t, with c where the move is accepted most.
double envelope_precision(double a, double b, double t) {
  const double m2 = outer_mode(a, b, t) * outer_mode(a, b, t), root = std::sqrt(b);
  const double centre = m2 + 1.2 / std::max(2 * a + 12 * b * m2, 2 * root);
  return std::max(2 * a + 4 * b * centre, 0.2 * root);
}

/// The fields |j| that a site usually feels: those of its neighbours about that of r.
struct UsualFields {
  double low, middle, high;
  UsualFields(double r, double typical)
      : low(std::max(0.0, std::abs(r) - 3 * (typical - std::abs(r)))),
        middle(low > 0 ? std::abs(r) : 1.25 * typical),
        high(std::abs(r) + 3 * (typical - std::abs(r))) {
    high = std::max(high, 1.5 * middle);
  }
};

/// P as a ratio of two straight lines in j^2, right at three fields. Any P > 0 is exact, but the
/// proposal's mean j / P has to meet the mode.
std::array<double, 3> fit_precision(double a, double b, const UsualFields& fields) {
  const double u0 = fields.low * fields.low, u1 = fields.middle * fields.middle,
               u2 = fields.high * fields.high;
  const double p0 = envelope_precision(a, b, fields.low),
               p1 = envelope_precision(a, b, fields.middle),
               p2 = envelope_precision(a, b, fields.high);
  // Slopes of P (1 + q u) between the first field and the others agree.
  const double left = (p1 - p0) / (u1 - u0), right = (p2 - p0) / (u2 - u0);
  const double bent = (p2 * u2 - p0 * u0) / (u2 - u0) - (p1 * u1 - p0 * u0) / (u1 - u0);
  const double q = bent > 0 ? std::max(0.0, (left - right) / bent) : 0.0;
  const double slope = (p2 * (1 + q * u2) - p0 * (1 + q * u0)) / (u2 - u0);
  return {p0 * (1 + q * u0) - slope * u0, slope, q};
}

/// Within runs of 32 sites, which stay in the nearest cache, the next site is the first that is no
/// neighbour of the last two.
std::vector<std::int32_t> sweep_order(const Graph& graph) {
  constexpr int run = 32;
  std::vector<std::int32_t> order;
  std::vector<std::int32_t> waiting;
  const auto ready = [&](int site) {
    const std::size_t recent = std::min<std::size_t>(order.size(), 2);
    return std::none_of(order.end() - static_cast<std::ptrdiff_t>(recent), order.end(),
                        [&](int before) { return graph.adjacent(site, before); });
  };
  const int visible = graph.visible_sites();
  for (int first = 0; first < visible; first += run) {
    waiting.resize(std::min(run, visible - first));
    std::iota(waiting.begin(), waiting.end(), first);
    while (!waiting.empty()) {
      auto next = std::find_if(waiting.begin(), waiting.end(), ready);
      if (next == waiting.end()) next = waiting.begin();
      order.push_back(*next);
      waiting.erase(next);
    }
  }
  // Behind all others, so that no draw is between the two of a pair of Gaussians.
  for (int site = visible; site < graph.sites(); ++site) order.push_back(site);
  return order;
}

template <class T>
void set_constants(std::span<const SiteKey> keys, SiteConstants<T>* out) {
  const Typical typical = typical_fields(keys);
  for (std::size_t k = 0; k < keys.size(); ++k) {
    const auto [a, b, r, total_weight, hidden_weight] = keys[k];
    const UsualFields usual(r, typical.field[k]);
    if (b == 0) {  // the envelope is the conditional itself; a > 0 is known from validity
      out[k] = {.a = T(a),
                .b = T(0),
                .r = T(r),
                .reflection = {T(0), T(1 / (2 * a))},
                .precision = {T(2 * a), T(0), T(0)},
                .usual_field2 = {T(0), std::numeric_limits<T>::infinity()},
                .min_centre = T(0),
                .step = T(2 / std::sqrt(2 * a)),
                .well_square = T(0),
                .two_root_b = T(0),
                .folded = false};
      continue;
    }
    const auto precision = fit_precision(a, b, usual);
    const double min_precision = 0.2 * std::sqrt(b);
    const double width = 1 / std::sqrt(2 * std::abs(a) + 2 * std::sqrt(b));
    out[k] = {.a = T(a),
              .b = T(b),
              .r = T(r),
              .reflection = {T(typical.offset[k]), T(typical.slope[k])},
              .precision = {T(precision[0]), T(precision[1]), T(precision[2])},
              .usual_field2 = {T(0.9 * usual.low * usual.low), T(1.1 * usual.high * usual.high)},
              .min_centre = T(std::max(0.0, (min_precision - 2 * a) / (4 * b))),
              .step = T(2.5 * width),
              .well_square = T(std::max(0.0, -a / (2 * b))),
              .two_root_b = T(2 * std::sqrt(b)),
              .folded = double_well(a, b)};
  }
}

}  // namespace

template <class T>
SweepTable<T>::SweepTable(const Graph& graph) : order(sweep_order(graph)), site(graph.sites()) {
  row.push_back(0);
  for (int i = 0; i < graph.sites(); ++i) {
    const auto neighbours = graph.neighbours(i);  // in the order of the edges, gates last
    first_gate.push_back(static_cast<std::int32_t>(neighbour.size()));
    for (const auto& n : neighbours) {
      if (n.edge < graph.first_gate()) ++first_gate.back();
      neighbour.push_back(n.site);
      edge.push_back(n.edge);
    }
    row.push_back(static_cast<std::int32_t>(neighbour.size()));
  }
  weight.resize(neighbour.size());
}

template <class T>
void require_held(const Action& action) {
  std::optional<SiteKey> before;
  for (int i = 0; i < action.graph->visible_sites(); ++i) {
    const SiteKey key = aligned(action, i);
    if (before && key == *before) continue;
    before = key;
    const auto reason = why_too_sharp(key, std::numeric_limits<T>::epsilon());
    if (!reason.empty())
      throw BadInput(fmt::format("site {}: {}", i, reason),
                     sizeof(T) == 4 ? "sampler.precision = \"auto\" or \"float64\""
                                    : "other units of the field");
  }
}
template void require_held<float>(const Action&);
template void require_held<double>(const Action&);

template <class T>
void SweepTable<T>::set(const Action& action, int threads) {
  for (std::size_t k = 0; k < edge.size(); ++k) weight[k] = static_cast<T>(action.w[edge[k]]);
  // Sites that are alike, as in a homogeneous theory, share their constants.
  std::vector<SiteKey> keys;
  const Graph& graph = *action.graph;
  std::vector<std::size_t> kind(graph.visible_sites());
  for (int i = 0; i < graph.visible_sites(); ++i) {
    SiteKey key{action.a[i], action.b[i], action.r[i], 0};
    for (auto k = row[i]; k < first_gate[i]; ++k)
      (graph.is_hidden(neighbour[k]) ? key.hidden_weight : key.total_weight) +=
          std::abs(static_cast<double>(weight[k]));
    if (keys.empty() || key != keys.back()) keys.push_back(key);
    kind[i] = keys.size() - 1;
  }
  require_held<T>(action);
  std::vector<SiteConstants<T>> constants(keys.size());
  constexpr std::size_t part = 32;  // some 30 microseconds
  in_parallel(static_cast<int>((keys.size() + part - 1) / part), threads, [&](int n, int) {
    const std::size_t first = n * part, count = std::min(part, keys.size() - first);
    set_constants<T>(std::span(keys).subspan(first, count), constants.data() + first);
  });
  for (std::size_t i = 0; i < kind.size(); ++i) {
    site[i] = constants[kind[i]];
    site[i].gated = graph.gated();
    site[i].quartic_width = T(action.b[i] > 0 ? 1 / std::sqrt(std::sqrt(action.b[i])) : 1e15);
  }
  for (int i = graph.visible_sites(); i < sites(); ++i) {
    site[i] = {};
    site[i].r = T(action.r[i]), site[i].two_valued = true, site[i].low = T(graph.hidden_low());
  }
}

template struct SweepTable<float>;
template struct SweepTable<double>;

}  // namespace quartic
