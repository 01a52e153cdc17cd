#include "mcmc/sweep_table.hpp"

#include <algorithm>
#include <cmath>

#include "quartic/core/quartic_density.hpp"

namespace quartic {
namespace {

/// The conditional's response <x>/j at a typical field: phi_rms solves phi_rms^2 = <x^2> at the
/// field j = sum |w| phi_rms (+ |r|). Any positive value leaves the reflection exact; this one
/// makes it be accepted.
double typical_response(double a, double b, double total_weight, double r) {
  double rms = std::sqrt(quartic_moments(a, b, 0).second);
  double field = 1e-3;
  QuarticMoments moments{};
  for (int round = 0; round < 3; ++round) {
    field = std::max(1e-3, total_weight * rms * 0.8 + std::abs(r));
    moments = quartic_moments(a, b, field);
    rms = std::sqrt(moments.second);
  }
  return moments.mean / field;
}

/// The wells count as separate once the barrier a^2 / (4b) between them is half a unit of action.
bool double_well(double a, double b) {
  return a < 0 && a * a > 2 * b;
}

}  // namespace

template <class T>
SweepTable<T>::SweepTable(const Graph& graph) : site(graph.sites()) {
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
  double last_a = NAN, last_b = NAN, last_weight = NAN, last_r = NAN, response = 1;
  for (int i = 0; i < sites(); ++i) {
    const double a = action.a[i], b = action.b[i], r = action.r[i];
    if (b ==
        0) {  // Gaussian site: the envelope is the conditional itself; a > 0 is known from validity
      site[i] = {T(a), T(0), T(r), T(1 / (2 * a)), T(0), T(2 / std::sqrt(2 * a)),
                 T(0), T(0), false};
      continue;
    }
    double total_weight = 0;
    for (auto k = row[i]; k < row[i + 1]; ++k)
      total_weight += std::abs(static_cast<double>(weight[k]));
    if (a != last_a || b != last_b || total_weight != last_weight || r != last_r) {
      response = typical_response(a, b, total_weight, r);
    }
    last_a = a, last_b = b, last_weight = total_weight, last_r = r;
    const double least_precision = 0.2 * std::sqrt(b);
    const double least_centre = std::max(0.0, (least_precision - 2 * a) / (4 * b));
    const double width = 1 / std::sqrt(2 * std::abs(a) + 2 * std::sqrt(b));
    site[i] = {T(a),
               T(b),
               T(r),
               T(response),
               T(least_centre),
               T(2.5 * width),
               T(std::max(0.0, -a / (2 * b))),
               T(2 * std::sqrt(b)),
               double_well(a, b)};
  }
}

template struct SweepTable<float>;
template struct SweepTable<double>;

}  // namespace quartic
