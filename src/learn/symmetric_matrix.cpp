#include "learn/symmetric_matrix.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "quartic/core/error.hpp"
#include "quartic/core/memory.hpp"
#include "quartic/core/stop.hpp"

namespace quartic {

void require_dense(int parameters, const char* key) {
  require_memory(2 * sizeof(double) * static_cast<double>(parameters) * parameters,
                 fmt::format("a matrix of {} parameters and its factor", parameters),
                 fmt::format("lower {}, or tie couplings", key));
}

void FreeFactor::solve(std::span<double> right, int count) const {
  const std::size_t free = free_.size();
  std::vector<double> packed(free * count);
  for (int c = 0; c < count; ++c)
    for (std::size_t k = 0; k < free; ++k)
      packed[c * free + k] = scale_[k] * right[c * full_ + free_[k]];
  if (dense_) {
    if (free > 0) dense_->solve(packed, count);
  } else {
    constexpr int together = 16;
    for (int first = 0; first < count; first += together) {
      heed_stop();
      Eigen::Map<Eigen::MatrixXd> x(packed.data() + free * first, static_cast<Eigen::Index>(free),
                                    std::min(together, count - first));
      x = sparse_->solve(Eigen::MatrixXd(x));
    }
  }
  std::fill_n(right.begin(), full_ * count, 0.0);
  for (int c = 0; c < count; ++c)
    for (std::size_t k = 0; k < free; ++k)
      right[c * full_ + free_[k]] = scale_[k] * packed[c * free + k];
}

SymmetricMatrix SymmetricMatrix::dense(std::vector<double> matrix, int n) {
  SymmetricMatrix out;
  out.n_ = n, out.dense_ = std::move(matrix);
  for (std::size_t k = 0; k < static_cast<std::size_t>(n); ++k)
    out.diagonal_.push_back(out.dense_[k * (n + 1)]);
  return out;
}

SymmetricMatrix SymmetricMatrix::sparse(const std::vector<Eigen::Triplet<double>>& entries, int n) {
  Eigen::SparseMatrix<double> matrix(n, n);
  matrix.setFromTriplets(entries.begin(), entries.end());
  if (static_cast<double>(matrix.nonZeros()) > 0.1 * n * (n + 1) / 2) {
    std::vector<double> full(static_cast<std::size_t>(n) * n);
    for (int column = 0; column < n; ++column)
      for (Eigen::SparseMatrix<double>::InnerIterator it(matrix, column); it; ++it)
        full[static_cast<std::size_t>(it.row()) * n + column] = it.value();
    return dense(std::move(full), n);
  }
  SymmetricMatrix out;
  out.n_ = n, out.sparse_ = std::move(matrix);
  const Eigen::VectorXd diagonal = out.sparse_.diagonal();
  out.diagonal_.assign(diagonal.begin(), diagonal.end());
  return out;
}

std::vector<double> SymmetricMatrix::apply(std::span<const double> x) const {
  std::vector<double> y(n_);
  if (dense_.empty()) {
    const Eigen::Map<const Eigen::VectorXd> in(x.data(), n_);
    Eigen::Map<Eigen::VectorXd>(y.data(), n_) = sparse_.selfadjointView<Eigen::Lower>() * in;
    return y;
  }
  for (int i = 0; i < n_; ++i) {
    const double* row = dense_.data() + static_cast<std::ptrdiff_t>(i) * n_;
    double sum = 0;
    for (int j = 0; j < i; ++j) {
      sum += row[j] * x[j];
      y[j] += row[j] * x[i];
    }
    y[i] += sum + row[i] * x[i];
  }
  return y;
}

void SymmetricMatrix::add_to_diagonal(std::span<const double> x) {
  for (int k = 0; k < n_; ++k) {
    diagonal_[k] += x[k];
    if (dense_.empty()) {
      sparse_.coeffRef(k, k) = diagonal_[k];
    } else {
      dense_[static_cast<std::size_t>(k) * (n_ + 1)] = diagonal_[k];
    }
  }
}

void SymmetricMatrix::scale(double factor) {
  for (double& x : dense_) x *= factor;
  for (double& x : diagonal_) x *= factor;
  sparse_ *= factor;
}

void SymmetricMatrix::add(const SymmetricMatrix& other, double factor) {
  for (std::size_t n = 0; n < dense_.size(); ++n) dense_[n] += factor * other.dense_[n];
  for (std::size_t k = 0; k < diagonal_.size(); ++k) diagonal_[k] += factor * other.diagonal_[k];
}

std::optional<FreeFactor> SymmetricMatrix::factor(const std::vector<char>& fixed,
                                                  double ridge) const {
  FreeFactor out;
  out.full_ = static_cast<std::size_t>(n_);
  std::vector<int> position(n_, -1);
  for (int k = 0; k < n_; ++k) {
    if (fixed[k]) continue;
    if (!(diagonal_[k] > 0)) return std::nullopt;
    position[k] = static_cast<int>(out.free_.size());
    out.free_.push_back(k);
    out.scale_.push_back(1 / std::sqrt(diagonal_[k]));
  }
  const auto free = static_cast<int>(out.free_.size());
  if (!dense_.empty() || n_ == 0) {
    std::vector<double> part(static_cast<std::size_t>(free) * free);
    for (int i = 0; i < free; ++i) {
      const double* row = dense_.data() + static_cast<std::ptrdiff_t>(out.free_[i]) * n_;
      double* to = part.data() + static_cast<std::ptrdiff_t>(i) * free;
      for (int j = 0; j < i; ++j) to[j] = row[out.free_[j]] * out.scale_[i] * out.scale_[j];
      to[i] = 1 + ridge;
    }
    out.dense_ = Cholesky::factor(std::move(part), free);
    if (!out.dense_) return std::nullopt;
    return out;
  }
  std::vector<Eigen::Triplet<double>> entries;
  for (int column = 0; column < n_; ++column) {
    const int j = position[column];
    if (j < 0) continue;
    for (Eigen::SparseMatrix<double>::InnerIterator it(sparse_, column); it; ++it) {
      const int i = position[it.row()];
      if (i < 0) continue;
      const double value = i == j ? 1 + ridge : it.value() * out.scale_[i] * out.scale_[j];
      entries.emplace_back(i, j, value);
    }
  }
  Eigen::SparseMatrix<double> part(free, free);
  part.setFromTriplets(entries.begin(), entries.end());
  auto factor = std::make_shared<FreeFactor::Sparse>(part);
  // LDLT goes through indefinite matrices too; rounding leaves pivots of 1e-16 where it is
  // singular.
  if (factor->info() != Eigen::Success || (free > 0 && factor->vectorD().minCoeff() < 1e-14))
    return std::nullopt;
  out.sparse_ = std::move(factor);
  return out;
}

void solve_held(const SymmetricMatrix& h, const std::vector<char>& held, const FreeFactor& factor,
                std::span<double> right) {
  const auto n = static_cast<std::size_t>(h.size());
  const std::vector<double> own(right.begin(), right.end());
  factor.solve(right, static_cast<int>(right.size() / n));
  if (std::find(held.begin(), held.end(), 1) == held.end()) return;
  std::vector<double> pivot(n);  // of each that is let go: its curvature, the others following
  for (std::size_t k = 0; k < n; ++k) {
    if (!held[k]) continue;
    std::vector<double> unit(n);
    unit[k] = 1;
    const auto column = h.apply(unit);
    auto follow = column;
    factor.solve(follow, 1);
    const double curvature =
        column[k] - std::inner_product(column.begin(), column.end(), follow.begin(), 0.0);
    pivot[k] = std::max(curvature, 1e-12 * column[k]);
  }
  for (std::size_t first = 0; first < right.size(); first += n) {
    const auto x = right.subspan(first, n);
    const auto pull = h.apply(x);
    for (std::size_t k = 0; k < n; ++k)
      if (held[k]) x[k] = (own[first + k] - pull[k]) / pivot[k];
  }
}

FreeFactor factor_with_ridge(const SymmetricMatrix& matrix, const std::vector<char>& fixed,
                             double& ridge, const char* hint) {
  for (;; ridge = std::max(10 * ridge, 1e-12)) {
    if (ridge > 1) throw Diverged("the equations for the couplings are singular", hint);
    if (auto factor = matrix.factor(fixed, ridge)) return std::move(*factor);
  }
}

namespace {

constexpr const char* singular_hint =
    "give more data or samples, add noise or weight decay, or tie couplings";

/// With the least ridge from `ridge` on that factors; nothing where pivoting finds no end, as with
/// rounding that changes signs.
std::optional<BoundedMinimum> pivoted(const SymmetricMatrix& h, std::span<const double> c,
                                      std::span<const double> lower, double ridge) {
  const int n = h.size();
  BoundedMinimum out;
  out.at_bound.assign(n, 0), out.ridge = ridge;
  int fewest = n + 1, patience = 3;
  for (int pivoting = 0; pivoting < 10 * n + 10; ++pivoting) {
    out.factor = factor_with_ridge(h, out.at_bound, out.ridge, singular_hint);
    out.x.assign(n, 0.0);
    for (int k = 0; k < n; ++k)
      if (out.at_bound[k]) out.x[k] = lower[k];
    const auto fixed_part = h.apply(out.x);
    std::vector<double> right(n);
    for (int k = 0; k < n; ++k) right[k] = c[k] - fixed_part[k];
    out.factor.solve(right, 1);
    for (int k = 0; k < n; ++k)
      if (!out.at_bound[k]) out.x[k] = right[k];
    const auto slope = h.apply(out.x);
    std::vector<int> wrong;
    for (int k = 0; k < n; ++k) {
      const double scale = 1e-10 * (std::abs(c[k]) + std::abs(slope[k]));
      if (out.at_bound[k] ? slope[k] - c[k] < -scale : out.x[k] < lower[k]) wrong.push_back(k);
    }
    if (wrong.empty()) return out;
    const auto count = static_cast<int>(wrong.size());
    if (count < fewest) {
      fewest = count, patience = 3;
    } else if (patience-- <= 0) {
      wrong = {wrong.back()};  // one at a time cannot cycle
    }
    for (const int k : wrong) out.at_bound[k] = !out.at_bound[k];
  }
  return std::nullopt;
}

}  // namespace

BoundedMinimum minimise_quadratic(const SymmetricMatrix& h, std::span<const double> c,
                                  std::span<const double> lower, double ridge) {
  for (;; ridge = std::max(10 * ridge, 1e-10)) {
    if (ridge > 1) throw Diverged("the equations for the couplings are singular", singular_hint);
    if (auto found = pivoted(h, c, lower, ridge)) return std::move(*found);
  }
}

}  // namespace quartic
