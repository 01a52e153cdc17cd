// The few dense operations that learning and networks need, on OpenBLAS, deterministic for any
// number of threads.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

namespace quartic {

/// While it lives, OpenBLAS runs single-threaded: quartic's own threads call it side by side.
class SerialBlas {
 public:
  SerialBlas();
  ~SerialBlas();
  SerialBlas(const SerialBlas&) = delete;
  SerialBlas& operator=(const SerialBlas&) = delete;

 private:
  int before_;
};

/// gram += X X^T for X of shape (rows, columns), row-major with the given stride; gram is (rows,
/// rows), its lower triangle filled. Tiles of fixed size run in parallel, so the bits do not depend
/// on `threads`. O(rows^2 columns).
void accumulate_gram(std::span<const double> x, int rows, int columns, std::ptrdiff_t stride,
                     std::span<double> gram, int threads);

/// Cholesky factor of a symmetric positive definite matrix (lower triangle given), or nothing if it
/// is not. O(n^3 / 3).
class Cholesky {
 public:
  static std::optional<Cholesky> factor(std::vector<double> matrix, int n);
  /// Solves in place for `count` right-hand sides, stored one after another.
  void solve(std::span<double> right, int count) const;
  /// Turns independent standard normal numbers, `count` rows of n, in place into draws of the
  /// Gaussian field whose precision the matrix is. O(n^2 count).
  void correlate(std::span<double> normal, int count) const;
  /// ln det of the matrix. O(n).
  double log_determinant() const;

 private:
  Cholesky(std::vector<double> matrix, int n);
  std::vector<double> matrix_;
  int n_;
};

/// A matrix' singular values in descending order and, if wanted, the vectors of the largest.
struct SingularValues {
  std::vector<double> values, left, right;
};
/// Of a row-major matrix, by LAPACK's divide and conquer. O(rows columns min(rows, columns)).
SingularValues singular_values(std::vector<double> matrix, int rows, int columns,
                               bool vectors = false);

}  // namespace quartic
