#include "mcmc/sweep_table.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>

#include "quartic/core/quartic_density.hpp"

namespace quartic {
namespace {

/// What the constants of a site depend on.
struct SiteKey {
  double a, b, r, total_weight;
  bool operator==(const SiteKey&) const = default;
};

/// The conditional's response <x>/j at a typical field, and the field itself, for every site:
/// phi_rms solves phi_rms^2 = <x^2> at the field j = 0.8 sum |w| phi_rms + |r|. Any positive
/// response leaves the reflection exact; this one makes it be accepted.
struct Typical {
  std::vector<double> field, response;
};

Typical typical_fields(const std::vector<SiteKey>& keys) {
  const std::size_t n = keys.size();
  std::vector<double> a(n), b(n), mean(n), second(n);
  Typical typical{std::vector<double>(n, 0.0), std::vector<double>(n)};
  for (std::size_t k = 0; k < n; ++k) a[k] = keys[k].a, b[k] = keys[k].b;
  for (int round = 0; round < 4; ++round) {
    quartic_moments(a, b, typical.field, {}, mean, second, {});
    for (std::size_t k = 0; k < n; ++k) {
      typical.response[k] = mean[k] / std::max(typical.field[k], 1e-300);
      if (round == 3) continue;
      const double rms = std::sqrt(second[k]);
      typical.field[k] = std::max(1e-3, 0.8 * keys[k].total_weight * rms + std::abs(keys[k].r));
    }
  }
  return typical;
}

/// The larger root m of 4 b m^3 + 2 a m = t, t >= 0, by Newton steps from above, where they
/// converge monotonically.
double mode(double a, double b, double t) {
  double m = std::cbrt(t / (4 * b)) + std::sqrt(std::max(0.0, -a / (2 * b)));
  if (a > 0) m = std::min(m, t / (2 * a));
  for (int step = 0; step < 8; ++step) {
    const double slope = 2 * a + 12 * b * m * m;
    if (!(slope > 0)) break;
    m = (8 * b * m * m * m + t) / slope;
  }
  return m;
}

/// The envelope's precision P = 2a + 4bc at |j| = t, with c where the move is accepted most.
double envelope_precision(double a, double b, double t) {
  const double m2 = mode(a, b, t) * mode(a, b, t), root = std::sqrt(b);
  const double centre = m2 + 1.2 / std::max(2 * a + 12 * b * m2, 2 * root);
  return std::max(2 * a + 4 * b * centre, 0.2 * root);
}

/// P at three fields up to `most` as a ratio of two straight lines in j^2: any P is exact, so this
/// needs no digits, only the right size everywhere.
std::array<double, 3> fit_precision(double a, double b, double most) {
  const double u1 = 0.15 * most * most, u2 = most * most;
  const double p0 = envelope_precision(a, b, 0), p1 = envelope_precision(a, b, std::sqrt(u1)),
               p2 = envelope_precision(a, b, most);
  if (!(p2 > p1 * (1 + 1e-9))) return {p0, 0, 0};
  const double q = std::max(0.0, ((p1 - p0) / u1 - (p2 - p0) / u2) / (p2 - p1));
  return {p0, (p2 * (1 + q * u2) - p0) / u2, q};
}

/// The wells count as separate once the barrier a^2 / (4b) between them is half a unit of action.
bool double_well(double a, double b) {
  return a < 0 && a * a > 2 * b;
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
  for (int first = 0; first < graph.sites(); first += run) {
    waiting.resize(std::min(run, graph.sites() - first));
    std::iota(waiting.begin(), waiting.end(), first);
    while (!waiting.empty()) {
      auto next = std::find_if(waiting.begin(), waiting.end(), ready);
      if (next == waiting.end()) next = waiting.begin();
      order.push_back(*next);
      waiting.erase(next);
    }
  }
  return order;
}

}  // namespace

template <class T>
SweepTable<T>::SweepTable(const Graph& graph) : order(sweep_order(graph)), site(graph.sites()) {
  row.push_back(0);
  for (int i = 0; i < graph.sites(); ++i) {
    for (const auto& n : graph.neighbours(i)) {
      neighbour.push_back(n.site);
      edge.push_back(n.edge);
    }
    row.push_back(static_cast<std::int32_t>(neighbour.size()));
  }
  weight.resize(neighbour.size());
}

template <class T>
void SweepTable<T>::set(const Action& action) {
  for (std::size_t k = 0; k < edge.size(); ++k) weight[k] = static_cast<T>(action.w[edge[k]]);
  // Sites that are alike, as in a homogeneous theory, share their constants.
  std::vector<SiteKey> keys;
  std::vector<std::size_t> kind(site.size());
  for (int i = 0; i < sites(); ++i) {
    SiteKey key{action.a[i], action.b[i], action.r[i], 0};
    for (auto k = row[i]; k < row[i + 1]; ++k)
      key.total_weight += std::abs(static_cast<double>(weight[k]));
    if (keys.empty() || key != keys.back()) keys.push_back(key);
    kind[i] = keys.size() - 1;
  }
  const Typical typical = typical_fields(keys);
  std::vector<SiteConstants<T>> constants;
  for (std::size_t k = 0; k < keys.size(); ++k) {
    const auto [a, b, r, total_weight] = keys[k];
    const double usual = 3 * typical.field[k];
    if (b == 0) {  // the envelope is the conditional itself; a > 0 is known from validity
      constants.push_back({.a = T(a),
                           .b = T(0),
                           .r = T(r),
                           .reflection = T(1 / (2 * a)),
                           .precision = {T(2 * a), T(0), T(0)},
                           .usual_field2 = std::numeric_limits<T>::infinity(),
                           .least_centre = T(0),
                           .step = T(2 / std::sqrt(2 * a)),
                           .well_square = T(0),
                           .two_root_b = T(0),
                           .folded = false});
      continue;
    }
    const auto precision = fit_precision(a, b, usual);
    const double least_precision = 0.2 * std::sqrt(b);
    const double width = 1 / std::sqrt(2 * std::abs(a) + 2 * std::sqrt(b));
    constants.push_back({.a = T(a),
                         .b = T(b),
                         .r = T(r),
                         .reflection = T(typical.response[k]),
                         .precision = {T(precision[0]), T(precision[1]), T(precision[2])},
                         .usual_field2 = T(usual * usual),
                         .least_centre = T(std::max(0.0, (least_precision - 2 * a) / (4 * b))),
                         .step = T(2.5 * width),
                         .well_square = T(std::max(0.0, -a / (2 * b))),
                         .two_root_b = T(2 * std::sqrt(b)),
                         .folded = double_well(a, b)});
  }
  for (int i = 0; i < sites(); ++i) site[i] = constants[kind[i]];
}

template struct SweepTable<float>;
template struct SweepTable<double>;

}  // namespace quartic
