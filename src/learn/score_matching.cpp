#include "quartic/learn/score_matching.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/blas.hpp"
#include "learn/local_couplings.hpp"
#include "learn/restraint.hpp"
#include "learn/row_stream.hpp"
#include "quartic/core/error.hpp"
#include "quartic/core/linear_algebra.hpp"

namespace quartic {

struct ScoreMatching::Data {
  std::shared_ptr<const Graph> graph;
  LocalCouplings local;
  std::vector<double> weight;               ///< rows of a group over all rows
  std::vector<std::vector<double>> matrix;  ///< E[d d'] of a group, local matrices
  std::vector<double> mean;                 ///< over all rows

  /// (E d d') theta - (0, 0, 2, 12 E phi^2) of local matrices.
  std::vector<double> slope(const std::vector<double>& matrices,
                            const std::vector<double>& theta) const;
  double objective(const std::vector<double>& matrices, const std::vector<double>& theta) const;
};

namespace {

int groups_in_memory(const LocalCouplings& local) {
  constexpr std::size_t wanted = 256UL << 20U, most = 2UL << 30U;
  const std::size_t bytes = sizeof(double) * local.matrix_size();
  if (16 * bytes > most) {
    throw BadInput(
        fmt::format("score matching: the local matrices of this graph take {} MB", bytes >> 20U),
        "use a sparser graph, or learn by the likelihood with adam");
  }
  return static_cast<int>(std::clamp<std::size_t>(wanted / bytes, 16, 256));
}

/// d_i of every row of a block, gathered from -phi, 2 phi and 4 phi^3 [site][lane].
struct BlockScores {
  static constexpr int lanes = RowStream::lanes;
  std::vector<double> minus, twice, cube, rows;

  void load(FieldBlock<const float> block, double s2) {
    const std::size_t size = static_cast<std::size_t>(block.sites) * lanes;
    minus.resize(size), twice.resize(size), cube.resize(size);
    for (std::size_t n = 0; n < size; ++n) {
      const double x = block.data[n];
      minus[n] = -x, twice[n] = 2 * x, cube[n] = 4 * x * (x * x + 3 * s2);
    }
  }
  /// matrix += d d' over `count` rows of one site, lower triangle.
  void add(const Graph& graph, int site, int count, double* matrix) {
    const auto neighbours = graph.neighbours(site);
    const auto length = static_cast<int>(neighbours.size()) + 3;
    rows.resize(static_cast<std::size_t>(length) * lanes);
    double* to = rows.data();
    const auto append = [&](const std::vector<double>& from, int i) {
      std::copy_n(from.data() + static_cast<std::ptrdiff_t>(i) * lanes, lanes, to);
      to += lanes;
    };
    for (const auto& n : neighbours) append(minus, n.site);
    std::fill_n(to, lanes, 1.0), to += lanes;
    append(twice, site);
    append(cube, site);
    blas().dsyrk(row_major, lower_triangle, as_is, length, count, 1.0, rows.data(), lanes, 1.0,
                 matrix, length);
  }
};

/// What noise of variance s2 adds to the products of d_i, whose factors took it each by itself.
void add_noise(const Graph& graph, int site, double s2, double* matrix) {
  const auto neighbours = graph.neighbours(site);
  const auto degree = static_cast<int>(neighbours.size()), length = degree + 3;
  const int a = degree + 1, b = degree + 2;
  const double square = matrix[a * length + a] / 4;                    // <y^2>
  const double fourth = matrix[b * length + a] / 8 - 3 * s2 * square;  // <y^4>
  for (int p = 0; p < degree; ++p)
    for (int q = 0; q <= p; ++q)
      if (neighbours[p].site == neighbours[q].site) matrix[p * length + q] += s2;
  matrix[a * length + a] += 4 * s2;
  matrix[b * length + a] += 24 * s2 * (square + s2);
  matrix[b * length + b] += 16 * s2 * (9 * fourth + 36 * square * s2 + 15 * s2 * s2);
}

}  // namespace

ScoreMatching::ScoreMatching(const DataSource& data, std::shared_ptr<const Graph> graph,
                             const DataPass& pass)
    : data_(make_hidden<Data>(Data{graph, LocalCouplings(*graph), {}, {}, {}})) {
  if (!(pass.noise >= 0))
    throw BadInput("data: the noise must not be negative", "noise = 0 adds none");
  const double s2 = pass.noise * pass.noise;
  const LocalCouplings& local = data_->local;
  const RowStream stream(data, graph->sites(), groups_in_memory(local), pass);
  data_->matrix.assign(stream.groups(), std::vector<double>(local.matrix_size()));
  std::vector<BlockScores> scratch(RowStream::slots);
  const SerialBlas serial;
  stream.for_each_block([&](int slot, int group, FieldBlock<const float> block, int count) {
    scratch[slot].load(block, s2);
    for (int i = 0; i < block.sites; ++i)
      scratch[slot].add(*graph, i, count, data_->matrix[group].data() + local.matrix_at(i));
  });
  stream.share(stream.groups(), [&](int g) { return std::span(data_->matrix[g]); });
  data_->mean.assign(local.matrix_size(), 0.0);
  for (int g = 0; g < stream.groups(); ++g) {
    auto& matrix = data_->matrix[g];
    for (double& x : matrix) x /= stream.size(g);
    for (int i = 0; i < graph->sites(); ++i)
      add_noise(*graph, i, s2, matrix.data() + local.matrix_at(i));
    data_->weight.push_back(stream.size(g) / static_cast<double>(stream.rows()));
    for (std::size_t n = 0; n < matrix.size(); ++n) data_->mean[n] += data_->weight[g] * matrix[n];
  }
}

std::vector<double> ScoreMatching::Data::slope(const std::vector<double>& matrices,
                                               const std::vector<double>& theta) const {
  std::vector<double> out(local.vector_size());
  for (int i = 0; i < local.sites(); ++i) {
    const int length = local.count(i);
    const double *m = matrices.data() + local.matrix_at(i), *t = theta.data() + local.vector_at(i);
    double* to = out.data() + local.vector_at(i);
    for (int p = 0; p < length; ++p)
      for (int q = 0; q < length; ++q) to[p] += m[std::max(p, q) * length + std::min(p, q)] * t[q];
    const int a = length - 2, b = length - 1;
    to[a] -= 2;
    to[b] -= 3 * m[a * length + a];  // 12 <phi^2>
  }
  return out;
}

double ScoreMatching::Data::objective(const std::vector<double>& matrices,
                                      const std::vector<double>& theta) const {
  const auto with = slope(matrices, theta);
  double sum = 0;
  for (std::size_t n = 0; n < with.size(); ++n) sum += theta[n] * with[n] / 2;
  for (int i = 0; i < local.sites(); ++i) {  // -c'theta counts in full
    const int length = local.count(i), a = length - 2;
    const double *m = matrices.data() + local.matrix_at(i), *t = theta.data() + local.vector_at(i);
    sum -= (2 * t[a] + 3 * m[a * length + a] * t[a + 1]) / 2;
  }
  return sum;
}

Estimate ScoreMatching::objective(const Action& action) const {
  const auto theta = data_->local.gather(action);
  std::vector<double> values;
  for (const auto& matrix : data_->matrix) values.push_back(data_->objective(matrix, theta));
  return group_estimate(values, data_->weight);
}

LocalFit ScoreMatching::fit(const Parameters& parameters, const Action& start,
                            const Restraint& restraint) const {
  if (parameters.size() == 0)
    throw BadInput("every coupling is frozen: nothing to learn", "set a freedom to free or tied");
  const LocalCouplings& local = data_->local;
  const int size = parameters.size();
  const auto index = local.index(parameters);
  const auto fourth = [&](int i) {
    const int length = local.count(i), a = length - 2;
    return data_->mean[local.matrix_at(i) + (a + 1) * length + a] / 8;
  };
  const auto lower = lower_bounds(parameters, restraint, fourth);
  const auto decay = weight_decay(parameters, restraint);
  auto hessian = local.sum_matrix(data_->mean, index, size);
  hessian.add_to_diagonal(decay);
  for (int k = 0; k < size; ++k) {
    if (hessian.diagonal()[k] > 0) continue;
    throw BadInput("score matching: the data do not vary along " + parameters.label(k),
                   "add noise or weight decay, or freeze that kind of coupling");
  }

  // The frozen couplings' share of the slope goes to the right-hand side.
  LocalFit out{start, {}, {}, {}, {}, 0, 1, {}};
  parameters.scatter(std::vector<double>(size), out.action);
  auto right = local.sum(data_->slope(data_->mean, local.gather(out.action)), index, size);
  for (double& x : right) x = -x;
  auto minimum = minimise_quadratic(hessian, right, lower, restraint.ridge);
  out.theta = std::move(minimum.x), out.ridge = minimum.ridge;
  parameters.scatter(out.theta, out.action);
  for (int k = 0; k < size; ++k)
    if (minimum.at_bound[k]) out.at_bound.push_back(k);

  const auto theta = local.gather(out.action);
  std::vector<std::vector<double>> slopes;
  for (const auto& matrix : data_->matrix)
    slopes.push_back(local.sum(data_->slope(matrix, theta), index, size));
  out.error = sandwich_errors(hessian, out.ridge, minimum.at_bound,
                              scaled_deviations(slopes, data_->weight));
  out.value = objective(out.action);
  out.flaw = why_not_normalisable(out.action);
  return out;
}

}  // namespace quartic
