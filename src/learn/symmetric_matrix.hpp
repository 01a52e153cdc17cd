// Symmetric positive definite matrices, dense or sparse, and quadratic functions with lower bounds.
#pragma once

#include <Eigen/SparseCholesky>
#include <Eigen/SparseCore>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "quartic/core/linear_algebra.hpp"

namespace quartic {

/// Throws BadInput where a dense matrix of so many parameters would not fit; `key`: of the config,
/// the most that are solved so.
void require_dense(int parameters, const char* key);

/// The Cholesky factor of the rows and columns of a matrix that are not fixed.
class FreeFactor {
 public:
  /// Solves in place for `count` right-hand sides of full length, one after another; entries of
  /// fixed rows become 0.
  void solve(std::span<double> right, int count) const;

 private:
  friend class SymmetricMatrix;
  using Sparse = Eigen::SimplicialLDLT<Eigen::SparseMatrix<double>, Eigen::Lower>;
  std::size_t full_ = 0;
  std::vector<int> free_;      ///< the rows that are not fixed
  std::vector<double> scale_;  ///< one a free row: 1 / sqrt(diagonal)
  std::optional<Cholesky> dense_;
  std::shared_ptr<const Sparse> sparse_;
};

class SymmetricMatrix {
 public:
  /// Row-major; the lower triangle counts.
  static SymmetricMatrix dense(std::vector<double> matrix, int n);
  /// Entries (row >= column); repeated ones add. Where more than a tenth is filled, it is kept
  /// dense.
  static SymmetricMatrix sparse(const std::vector<Eigen::Triplet<double>>& entries, int n);

  int size() const { return n_; }
  const std::vector<double>& diagonal() const { return diagonal_; }
  std::vector<double> apply(std::span<const double> x) const;
  void add_to_diagonal(std::span<const double> x);
  void scale(double factor);
  /// Adds factor * other; both dense.
  void add(const SymmetricMatrix& other, double factor);
  /// Of rows and columns k with fixed[k] == 0, with `ridge` times the diagonal added; nothing where
  /// that is not positive definite. Scaled to unit diagonal.
  std::optional<FreeFactor> factor(const std::vector<char>& fixed, double ridge) const;

 private:
  int n_ = 0;
  std::vector<double> dense_;
  Eigen::SparseMatrix<double> sparse_;  ///< lower triangle; empty where dense
  std::vector<double> diagonal_;
};

/// The factor with the least ridge, from `ridge` on, that makes one; `ridge` is then that. Diverged
/// with the hint beyond 1.
FreeFactor factor_with_ridge(const SymmetricMatrix& matrix, const std::vector<char>& fixed,
                             double& ridge, const char* hint);

/// H x = right for right-hand sides one after another, in place, with what is held fixed: the
/// factor is that of the other rows. An entry that is held gets what it would be with it let go
/// alone.
void solve_held(const SymmetricMatrix& h, const std::vector<char>& held, const FreeFactor& factor,
                std::span<double> right);

struct BoundedMinimum {
  std::vector<double> x;
  std::vector<char> at_bound;
  double ridge = 0;   ///< in units of the diagonal: what it took to factor
  FreeFactor factor;  ///< of the rows that are not at their bound
};

/// The least x'Hx/2 - c'x with x_k >= lower_k (-infinity: no bound), by block principal pivoting,
/// which ends in a few factorisations (Judice & Pires, Comput. Oper. Res. 21, 587, 1994; Kim &
/// Park, SIAM J. Sci. Comput. 33, 3261, 2011). The ridge grows from `ridge` until the matrix
/// factors; Diverged beyond 1.
BoundedMinimum minimise_quadratic(const SymmetricMatrix& h, std::span<const double> c,
                                  std::span<const double> lower, double ridge);

}  // namespace quartic
