#include "quartic/field/features.hpp"

#include <algorithm>

namespace quartic {
namespace {

/// Calls f(index, value of one chain) for one kind of coupling: an edge or a site at a time, all
/// lanes of a row in a loop of fixed length that vectorises.
template <class T, class Row>
void for_each_feature(CouplingKind kind, const Graph& graph, FieldBlock<const T> phi, Row&& row) {
  const int lanes = phi.lanes;
  if (kind == CouplingKind::w) {
    for (int e = 0; e < graph.edge_count(); ++e) {
      const auto [i, j] = graph.edges()[e];
      const T *x = phi.site(i), *y = phi.site(j);
      if (e >= graph.first_gate()) {
        row(
            e,
            [=](int lane) {
              const double square = static_cast<double>(x[lane]) * static_cast<double>(x[lane]);
              return -square * static_cast<double>(y[lane]);
            },
            lanes);
        continue;
      }
      row(
          e, [=](int lane) { return -static_cast<double>(x[lane]) * static_cast<double>(y[lane]); },
          lanes);
    }
    return;
  }
  // Hidden sites have neither a nor b.
  const int sites = kind == CouplingKind::r ? graph.sites() : graph.visible_sites();
  for (int i = 0; i < sites; ++i) {
    const T* x = phi.site(i);
    const auto square = [=](int lane) {
      return static_cast<double>(x[lane]) * static_cast<double>(x[lane]);
    };
    if (kind == CouplingKind::r)
      row(
          i, [=](int lane) { return static_cast<double>(x[lane]); }, lanes);
    if (kind == CouplingKind::a) row(i, square, lanes);
    if (kind == CouplingKind::b)
      row(
          i, [=](int lane) { return square(lane) * square(lane); }, lanes);
  }
}

}  // namespace

template <class T>
void evaluate_action(const Action& action, FieldBlock<const T> phi, std::span<double> out) {
  double* sum = out.data();
  std::fill(out.begin(), out.end(), 0.0);
  for (const auto kind : all_coupling_kinds) {
    const auto& couplings = action.couplings(kind);
    if (std::all_of(couplings.begin(), couplings.end(), [](double c) { return c == 0; })) continue;
    for_each_feature(kind, *action.graph, phi, [&](int index, auto value, int lanes) {
      const double coupling = couplings[index];
      for (int lane = 0; lane < lanes; ++lane) sum[lane] += coupling * value(lane);
    });
  }
}

template <class T>
void evaluate_features(const Parameters& parameters, FieldBlock<const T> phi, double* features,
                       std::ptrdiff_t stride) {
  for (const auto kind : all_coupling_kinds) {
    if (parameters.begin(kind) == parameters.end(kind)) continue;
    double* first = features + parameters.begin(kind) * stride;
    const bool tied = parameters.freedom(kind) == Freedom::tied;
    const int own = parameters.own_count(kind);
    if (tied) std::fill_n(first, phi.lanes, 0.0);
    for_each_feature(kind, parameters.graph(), phi, [&](int index, auto value, int lanes) {
      const int k = parameters.number(kind, index);
      if (k < 0) return;
      double* out = features + k * stride;
      if (tied && index < own) {
        for (int lane = 0; lane < lanes; ++lane) out[lane] += value(lane);
      } else {
        for (int lane = 0; lane < lanes; ++lane) out[lane] = value(lane);
      }
    });
  }
}

template <class T>
void add_action(SitePart part, const Action& action, double factor, FieldBlock<const T> phi,
                FieldBlock<double> out) {
  const Graph& graph = *action.graph;
  const bool gradient = part == SitePart::gradient;
  for (int e = 0; e < graph.edge_count(); ++e) {
    const auto [i, j] = graph.edges()[e];
    const double w = -factor * action.w[e];
    const T *x = phi.site(i), *y = phi.site(j);
    double *first = out.site(i), *second = out.site(j);
    for (int lane = 0; lane < phi.lanes; ++lane) {
      const double half = w / 2 * x[lane] * y[lane];
      first[lane] += gradient ? w * y[lane] : half;
      second[lane] += gradient ? w * x[lane] : half;
    }
  }
  for (int i = 0; i < graph.sites(); ++i) {
    const double r = factor * action.r[i], a = factor * action.a[i], b = factor * action.b[i];
    const T* field = phi.site(i);
    double* to = out.site(i);
    for (int lane = 0; lane < phi.lanes; ++lane) {
      const double x = field[lane], x2 = x * x;
      to[lane] += gradient ? r + x * (2 * a + 4 * b * x2) : x * r + x2 * (a + b * x2);
    }
  }
}

template void add_action(SitePart, const Action&, double, FieldBlock<const float>,
                         FieldBlock<double>);
template void add_action(SitePart, const Action&, double, FieldBlock<const double>,
                         FieldBlock<double>);
template void evaluate_action(const Action&, FieldBlock<const float>, std::span<double>);
template void evaluate_action(const Action&, FieldBlock<const double>, std::span<double>);
template void evaluate_features(const Parameters&, FieldBlock<const float>, double*,
                                std::ptrdiff_t);
template void evaluate_features(const Parameters&, FieldBlock<const double>, double*,
                                std::ptrdiff_t);

}  // namespace quartic
