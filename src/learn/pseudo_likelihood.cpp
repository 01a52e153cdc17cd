#include "quartic/learn/pseudo_likelihood.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "core/blas.hpp"
#include "learn/likelihood_start.hpp"
#include "learn/local_couplings.hpp"
#include "learn/restraint.hpp"
#include "learn/row_stream.hpp"
#include "quartic/core/error.hpp"
#include "quartic/core/linear_algebra.hpp"
#include "quartic/core/quartic_covariance.hpp"

namespace quartic {
namespace {

constexpr int lanes = RowStream::lanes;

constexpr int max_updates = 50;
constexpr std::size_t first_rows = 8192;  // the first updates use no more rows than this

/// -ln PL per row at one theta: by group of rows its value and slope, and its curvature.
struct Pass {
  std::vector<double> weight, value;       ///< of each group
  std::vector<std::vector<double>> slope;  ///< of each group, local vectors
  std::vector<double> curvature;           ///< over all rows, local matrices; may be left empty
};

/// The conditionals of one block of rows.
class Conditionals {
 public:
  Conditionals(const Graph& graph, const LocalCouplings& local, const std::vector<double>& theta)
      : graph_(&graph), local_(&local), theta_(&theta), numbers_(std::size_t{11} * lanes) {}

  void load(FieldBlock<const float> block) {
    phi_.assign(block.data, block.data + static_cast<std::ptrdiff_t>(block.sites) * lanes);
  }
  /// Adds -sum over rows of ln p(phi_i | neighbours), its slope, and its curvature where wanted.
  double add(int site, int count, double* slope, double* curvature) {
    const auto neighbours = graph_->neighbours(site);
    const auto degree = static_cast<int>(neighbours.size());
    const double *theta = theta_->data() + local_->vector_at(site), *x = value(site);
    const double r = theta[degree], a = theta[degree + 1], b = theta[degree + 2];
    const std::span<double> field = row(10);
    std::fill(field.begin(), field.end(), -r);
    gather(neighbours);
    for (int p = 0; p < degree; ++p)
      for (int n = 0; n < lanes; ++n) field[n] += theta[p] * known_[p * lanes + n];
    quartic_covariances(
        a, b, field.first(count),
        {row(0), {row(1), row(2), row(3)}, {row(4), row(5), row(6), row(7), row(8), row(9)}});
    double sum = 0;
    std::array<double, 3> power{};  // sums of x, x^2, x^4 less their conditional means
    const auto excess = row(1);     // of x, by row, in place
    for (int n = 0; n < count; ++n) {
      const double x2 = x[n] * x[n];
      sum += row(0)[n] + x2 * (a + b * x2) - field[n] * x[n];
      excess[n] = x[n] - excess[n];
      power[0] += excess[n], power[1] += x2 - row(2)[n], power[2] += x2 * x2 - row(3)[n];
    }
    for (int p = 0; p < degree; ++p)
      slope[p] -= blas().ddot(count, known_.data() + static_cast<std::ptrdiff_t>(p) * lanes, 1,
                              excess.data(), 1);
    for (int k = 0; k < 3; ++k) slope[degree + k] += power[k];
    if (curvature) add_curvature(degree, count, curvature);
    return sum;
  }

 private:
  std::span<double> row(int k) {
    return std::span(numbers_).subspan(static_cast<std::size_t>(k) * lanes, lanes);
  }
  const double* value(int site) const {
    return phi_.data() + static_cast<std::ptrdiff_t>(site) * lanes;
  }
  /// What multiplies x in ln p(x): phi_j for w, -1 for r.
  void gather(std::span<const Neighbour> neighbours) {
    known_.resize((neighbours.size() + 1) * lanes);
    double* to = known_.data();
    for (const auto& n : neighbours) to = std::copy_n(value(n.site), lanes, to);
    std::fill_n(to, lanes, -1.0);
  }
  /// The conditional covariance of (phi_j x, -x, -x^2, -x^4), lower triangle.
  void add_curvature(int degree, int count, double* curvature) {
    const int length = degree + 3, linear = degree + 1;
    other_.resize(static_cast<std::size_t>(length) * lanes);
    for (int p = 0; p < linear; ++p)
      for (int n = 0; n < count; ++n) other_[p * lanes + n] = known_[p * lanes + n] * row(4)[n];
    for (int n = 0; n < count; ++n) {
      other_[(degree + 1) * lanes + n] = -row(5)[n];
      other_[(degree + 2) * lanes + n] = -row(7)[n];
    }
    blas().dgemm(row_major, as_is, transposed, length, linear, count, 1.0, other_.data(), lanes,
                 known_.data(), lanes, 1.0, curvature, length);
    const auto sum = [&](int k) {
      return std::accumulate(row(k).begin(), row(k).begin() + count, 0.0);
    };
    const int a = degree + 1, b = degree + 2;
    curvature[a * length + a] += sum(6);
    curvature[b * length + a] += sum(8);
    curvature[b * length + b] += sum(9);
  }

  const Graph* graph_;
  const LocalCouplings* local_;
  const std::vector<double>* theta_;
  std::vector<double> phi_, known_, other_, numbers_;
};

Pass evaluate(const DataSource& data, const Graph& graph, const LocalCouplings& local,
              const DataPass& options, const Action& action, bool with_curvature) {
  const auto theta = local.gather(action);
  constexpr std::size_t wanted = 256UL << 20U;
  const auto max_groups =
      std::clamp<std::size_t>(wanted / (sizeof(double) * local.vector_size()), 16, 256);
  const RowStream stream(data, graph.sites(), static_cast<int>(max_groups), options);
  Pass out;
  out.value.resize(stream.groups());
  out.slope.assign(stream.groups(), std::vector<double>(local.vector_size()));
  std::vector<std::vector<double>> curvature(
      std::min<int>(RowStream::slots, stream.groups()),
      std::vector<double>(with_curvature ? local.matrix_size() : 0));
  std::vector<Conditionals> conditionals(RowStream::slots, Conditionals(graph, local, theta));
  const SerialBlas serial;
  stream.for_each_block([&](int slot, int group, FieldBlock<const float> block, int count) {
    auto& matrix = curvature[slot];
    conditionals[slot].load(block);
    for (int i = 0; i < block.sites; ++i) {
      out.value[group] +=
          conditionals[slot].add(i, count, out.slope[group].data() + local.vector_at(i),
                                 with_curvature ? matrix.data() + local.matrix_at(i) : nullptr);
    }
  });
  stream.share(stream.groups(), [&](int g) { return std::span(&out.value[g], 1); });
  stream.share(stream.groups(), [&](int g) { return std::span(out.slope[g]); });
  if (with_curvature)
    stream.share(static_cast<int>(curvature.size()),
                 [&](int s) { return std::span(curvature[s]); });
  const auto rows = static_cast<double>(stream.rows());
  for (int g = 0; g < stream.groups(); ++g) {
    out.weight.push_back(stream.size(g) / rows);
    out.value[g] /= stream.size(g);
    for (double& x : out.slope[g]) x /= stream.size(g);
  }
  if (!with_curvature) return out;
  out.curvature.assign(local.matrix_size(), 0.0);
  for (const auto& matrix : curvature)
    for (std::size_t n = 0; n < matrix.size(); ++n) out.curvature[n] += matrix[n] / rows;
  return out;
}

void require_conditionals(const Action& action) {
  if (const auto i = site_without_conditional(action))
    throw BadInput(fmt::format("pseudo-likelihood: a[{0}] = {1}, b[{0}] = {2} is not normalisable",
                               *i, action.a[*i], action.b[*i]),
                   "start with b > 0, or b = 0 and a > 0");
}

/// Newton's method on one set of rows.
class Newton {
 public:
  Newton(const DataSource& data, const Graph& graph, const Parameters& parameters,
         const DataPass& pass, const Restraint& restraint, std::vector<double> lower)
      : data_(data),
        graph_(graph),
        local_(graph),
        parameters_(parameters),
        pass_(pass),
        index_(local_.index(parameters)),
        lower_(std::move(lower)),
        decay_(weight_decay(parameters, restraint)),
        ridge_(restraint.ridge) {}

  /// Improves `action` until within `tolerance` statistical errors of the maximum.
  void climb(Action& action, double tolerance) {
    theta_ = parameters_.gather(action);
    for (int k = 0; k < parameters_.size(); ++k) theta_[k] = std::max(theta_[k], lower_[k]);
    parameters_.scatter(theta_, action);
    look(action);
    while (improve(action, tolerance)) {
      if (++updates_ > max_updates) {
        throw Diverged(fmt::format("pseudo-likelihood: not converged after {} updates", updates_),
                       "add weight decay, give more data, or tie couplings");
      }
    }
  }
  int updates() const { return updates_; }
  LocalFit result(const Action& action) const {
    LocalFit out{action, theta_, {}, {}, {}, used_ridge_, updates_, why_not_normalisable(action)};
    std::vector<std::vector<double>> slopes;
    for (const auto& slope : at_.slope)
      slopes.push_back(local_.sum(slope, index_, parameters_.size()));
    std::vector<char> held(theta_.size());
    for (int k = 0; k < parameters_.size(); ++k) {
      held[k] = theta_[k] <= lower_[k];
      if (held[k]) out.at_bound.push_back(k);
    }
    out.error = sandwich_errors(hessian_, used_ridge_, held, scaled_deviations(slopes, at_.weight));
    out.value = group_estimate(at_.value, at_.weight);
    out.value.value = -out.value.value;
    return out;
  }

 private:
  void look(const Action& action) {
    at_ = evaluate(data_, graph_, local_, pass_, action, true);
    objective_ = 0;
    std::vector<double> local(local_.vector_size());
    for (std::size_t g = 0; g < at_.weight.size(); ++g) {
      objective_ += at_.weight[g] * at_.value[g];
      for (std::size_t n = 0; n < local.size(); ++n) local[n] += at_.weight[g] * at_.slope[g][n];
    }
    slope_ = local_.sum(local, index_, parameters_.size());
    for (std::size_t k = 0; k < theta_.size(); ++k) {
      objective_ += decay_[k] * theta_[k] * theta_[k] / 2;
      slope_[k] += decay_[k] * theta_[k];
    }
    hessian_ = local_.sum_matrix(at_.curvature, index_, parameters_.size());
    hessian_.add_to_diagonal(decay_);
  }
  /// One update with step halving; false where none is needed any more.
  bool improve(Action& action, double tolerance) {
    const int size = parameters_.size();
    for (int k = 0; k < size; ++k) {
      if (hessian_.diagonal()[k] > 0) continue;
      throw BadInput("pseudo-likelihood: the data do not vary along " + parameters_.label(k),
                     "add noise or weight decay, or freeze that kind of coupling");
    }
    const auto curved = hessian_.apply(theta_);
    std::vector<double> right(size);
    for (int k = 0; k < size; ++k) right[k] = curved[k] - slope_[k];
    const auto minimum = minimise_quadratic(hessian_, right, lower_, ridge_);
    used_ridge_ = minimum.ridge;
    const auto start = theta_;
    double decrement2 = 0;
    for (int k = 0; k < size; ++k) decrement2 += slope_[k] * (start[k] - minimum.x[k]);
    const double rows = static_cast<double>(data_.rows());
    if (decrement2 * rows <= tolerance * tolerance * size) return false;
    const double before = objective_;
    for (double rate = 1; rate > 1e-6; rate /= 2) {
      for (int k = 0; k < size; ++k) theta_[k] = start[k] + rate * (minimum.x[k] - start[k]);
      Action moved = action;
      parameters_.scatter(theta_, moved);
      if (site_without_conditional(moved)) continue;
      look(moved);
      if (objective_ > before - 1e-4 * rate * decrement2 + 1e-12 * std::abs(before)) continue;
      action = std::move(moved);
      return true;
    }
    throw Diverged("pseudo-likelihood: no step uphill improves it",
                   "add weight decay, give more data, or tie couplings");
  }

  const DataSource& data_;
  const Graph& graph_;
  LocalCouplings local_;
  const Parameters& parameters_;
  DataPass pass_;
  std::vector<int> index_;
  std::vector<double> lower_, decay_;
  double ridge_, used_ridge_ = 0, objective_ = 0;
  int updates_ = 0;
  std::vector<double> theta_, slope_;
  SymmetricMatrix hessian_;
  Pass at_;
};

}  // namespace

std::optional<int> site_without_conditional(const Action& action) {
  for (int i = 0; i < action.graph->sites(); ++i)
    if (!(action.b[i] > 0 || (action.b[i] == 0 && action.a[i] > 0))) return i;
  return std::nullopt;
}

PseudoLikelihood::PseudoLikelihood(const DataSource& data, std::shared_ptr<const Graph> graph,
                                   const DataPass& pass)
    : data_(data), graph_(std::move(graph)), pass_(pass) {
  const RowStream check(data, graph_->sites(), 1, pass);
  if (pass.noise != 0)
    throw BadInput("pseudo-likelihood has no closed form with noise", "use a JitteredSource");
}

LocalFit PseudoLikelihood::fit(const Parameters& parameters, const Action& start,
                               const Restraint& restraint, double tolerance) const {
  if (parameters.size() == 0)
    throw BadInput("every coupling is frozen: nothing to learn", "set a freedom to free or tied");
  require_conditionals(start);
  std::vector<std::size_t> rows(std::min(first_rows, data_.rows()));
  std::iota(rows.begin(), rows.end(), std::size_t{0});
  const RowSubset first(data_, std::move(rows));
  const DataMoments moments(first, graph_, pass_);
  const auto lower = lower_bounds(parameters, restraint, [&](int i) { return moments.fourth(i); });
  Action action = start;
  int updates = 0;
  // Few rows come close; on all of them an update or two are left. Pays where rows abound.
  if (4 * first.rows() < data_.rows() &&
      first.rows() > 4 * static_cast<std::size_t>(parameters.size())) {
    Newton newton(first, *graph_, parameters, pass_, restraint, lower);
    newton.climb(action, 0.5);
    updates = newton.updates();
  }
  Newton newton(data_, *graph_, parameters, pass_, restraint, lower);
  newton.climb(action, tolerance);
  auto out = newton.result(action);
  out.iterations += updates;
  return out;
}

Estimate PseudoLikelihood::value(const Action& action) const {
  require_conditionals(action);
  const LocalCouplings local(*graph_);
  const auto pass = evaluate(data_, *graph_, local, pass_, action, false);
  const auto estimate = group_estimate(pass.value, pass.weight);
  return {-estimate.value, estimate.error};
}

}  // namespace quartic
