#include "learn/gaussian_field.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

#include "field/quadratic_form.hpp"
#include "learn/feature_statistics.hpp"
#include "quartic/core/linear_algebra.hpp"

namespace quartic {
namespace {

/// A Gaussian field and what is known of it.
struct GaussianField {
  int sites;
  std::vector<double> covariance, mean;  ///< [i][j], [i]
  double log_z;

  double at(int i, int j) const { return covariance[static_cast<std::size_t>(i) * sites + j]; }
};

std::optional<GaussianField> field_of(const Action& action) {
  const int n = action.graph->sites();
  std::vector<double> diagonal(n);
  for (int i = 0; i < n; ++i) diagonal[i] = 2 * action.a[i];
  const auto factor = Cholesky::factor(quadratic_form(action, diagonal), n);
  if (!factor) return std::nullopt;
  GaussianField out{n, std::vector<double>(static_cast<std::size_t>(n) * n), std::vector<double>(n),
                    0};
  for (int i = 0; i < n; ++i) out.covariance[static_cast<std::size_t>(i) * (n + 1)] = 1;
  factor->solve(out.covariance, n);
  for (int i = 0; i < n; ++i) out.mean[i] = -action.r[i];
  factor->solve(out.mean, 1);
  out.log_z = 0.5 * (n * std::log(2 * std::numbers::pi) - factor->log_determinant() -
                     std::inner_product(action.r.begin(), action.r.end(), out.mean.begin(), 0.0));
  return out;
}

/// A term of S that is linear or quadratic in the field: sign phi_i or sign phi_i phi_j, and its k.
struct GaussianTerm {
  int k, i, j;  ///< j < 0: linear
  double sign;
};

std::vector<GaussianTerm> gaussian_terms(const Parameters& parameters) {
  std::vector<GaussianTerm> terms;
  const auto add = [&](CouplingKind kind, int count, auto&& term) {
    const int begin = parameters.begin(kind);
    const bool tied = parameters.freedom(kind) == Freedom::tied;
    if (parameters.end(kind) == begin) return;
    for (int n = 0; n < count; ++n) terms.push_back(term(tied ? begin : begin + n, n));
  };
  const Graph& graph = parameters.graph();
  const auto edges = graph.edges();
  add(CouplingKind::w, graph.edge_count(), [&](int k, int e) {
    return GaussianTerm{k, edges[e].first, edges[e].second, -1};
  });
  add(CouplingKind::r, graph.sites(), [](int k, int i) { return GaussianTerm{k, i, -1, 1}; });
  add(CouplingKind::a, graph.sites(), [](int k, int i) { return GaussianTerm{k, i, i, 1}; });
  return terms;
}

double covariance(const GaussianField& g, const GaussianTerm& x, const GaussianTerm& y) {
  if (x.j < 0 && y.j < 0) return g.at(x.i, y.i);
  if (x.j < 0) return g.mean[y.i] * g.at(x.i, y.j) + g.mean[y.j] * g.at(x.i, y.i);
  if (y.j < 0) return covariance(g, y, x);
  const double ik = g.at(x.i, y.i), il = g.at(x.i, y.j), jk = g.at(x.j, y.i), jl = g.at(x.j, y.j);
  return ik * jl + il * jk + g.mean[x.i] * (g.mean[y.i] * jl + g.mean[y.j] * jk) +
         g.mean[x.j] * (g.mean[y.i] * il + g.mean[y.j] * ik);
}

/// Mean of what Parameters calls f.
std::vector<double> means(const GaussianField& g, const Parameters& parameters,
                          std::span<const GaussianTerm> terms) {
  std::vector<double> out(parameters.size());
  for (const GaussianTerm& t : terms)
    out[t.k] += t.sign * (t.j < 0 ? g.mean[t.i] : g.at(t.i, t.j) + g.mean[t.i] * g.mean[t.j]);
  const int begin = parameters.begin(CouplingKind::b), end = parameters.end(CouplingKind::b);
  for (int i = 0; begin < end && i < g.sites; ++i) {
    const double variance = g.at(i, i), square = g.mean[i] * g.mean[i];
    out[std::min(begin + i, end - 1)] += 3 * variance * variance + square * (6 * variance + square);
  }
  return out;
}

/// d^2 ln Z, of the couplings other than b.
SymmetricMatrix hessian(const GaussianField& g, int size, std::span<const GaussianTerm> terms,
                        std::span<const double> decay) {
  std::vector<double> matrix(static_cast<std::size_t>(size) * size);
  // One thread a row of terms' couplings would race where they are tied.
  for (const GaussianTerm& x : terms)
    for (const GaussianTerm& y : terms)
      if (y.k <= x.k)
        matrix[static_cast<std::size_t>(x.k) * size + y.k] += x.sign * y.sign * covariance(g, x, y);
  for (int k = 0; k < size; ++k) matrix[static_cast<std::size_t>(k) * (size + 1)] += decay[k];
  return SymmetricMatrix::dense(std::move(matrix), size);
}

bool quartic_terms_count(const Action& start, const Parameters& parameters) {
  return parameters.freedom(CouplingKind::b) == Freedom::frozen &&
         std::any_of(start.b.begin(), start.b.end(), [](double b) { return b != 0; });
}

}  // namespace

std::optional<std::vector<double>> gaussian_means(const Action& action,
                                                  const Parameters& parameters) {
  const auto field = field_of(action);
  if (!field) return std::nullopt;
  return means(*field, parameters, gaussian_terms(parameters));
}

std::optional<Action> gaussian_field(const Action& start, const Parameters& parameters,
                                     std::span<const double> data, std::span<const double> decay) {
  constexpr int iterations = 100;
  const auto terms = gaussian_terms(parameters);
  const int size = parameters.begin(CouplingKind::b);
  if (start.graph->sites() > most_gaussian_sites || std::ssize(terms) > most_gaussian_terms ||
      size == 0 || quartic_terms_count(start, parameters))
    return std::nullopt;
  Action action = start;
  auto field = field_of(action);
  if (!field) return std::nullopt;
  auto theta = parameters.gather(action);
  const auto objective = [&](const GaussianField& g, std::span<const double> x) {
    double out = -g.log_z;
    for (int k = 0; k < size; ++k) out -= x[k] * (data[k] + decay[k] * x[k] / 2);
    return out;
  };
  double value = objective(*field, theta);
  for (int iteration = 0; iteration < iterations; ++iteration) {
    auto gradient = means(*field, parameters, terms);
    gradient.resize(size);
    for (int k = 0; k < size; ++k) gradient[k] -= data[k] + decay[k] * theta[k];
    const auto factor = hessian(*field, size, terms, decay).factor(std::vector<char>(size, 0), 0);
    if (!factor) return std::nullopt;
    auto step = gradient;
    factor->solve(step, 1);
    const double decrement2 = dot(gradient, step);
    if (decrement2 < 1e-9) return action;
    double eta = 1;
    for (;; eta /= 2) {
      if (eta < 1e-9) return std::nullopt;
      auto next = theta;
      for (int k = 0; k < size; ++k) next[k] += eta * step[k];
      parameters.scatter(next, action);
      auto there = field_of(action);
      if (!there) continue;
      const double climbed = objective(*there, next);
      if (!(climbed >= value + 1e-4 * eta * decrement2 - 1e-12 * std::abs(value))) continue;
      theta = std::move(next), field = std::move(there), value = climbed;
      break;
    }
  }
  return std::nullopt;
}

}  // namespace quartic
