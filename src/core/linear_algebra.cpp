#include "quartic/core/linear_algebra.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/blas.hpp"
#include "core/parallel.hpp"
#include "quartic/core/error.hpp"

namespace quartic {

SerialBlas::SerialBlas() : before_(blas().threads()) {
  blas().set_threads(1);
}
SerialBlas::~SerialBlas() {
  blas().set_threads(before_);
}

void accumulate_gram(std::span<const double> x, int rows, int columns, std::ptrdiff_t stride,
                     std::span<double> gram, int threads) {
  constexpr int tile = 128;
  const SerialBlas serial;
  const int tiles = (rows + tile - 1) / tile, pairs = tiles * (tiles + 1) / 2;
  const auto add_pair = [&](int pair, int) {
    int i = 0;
    while ((i + 1) * (i + 2) / 2 <= pair) ++i;
    const int j = pair - i * (i + 1) / 2;
    const int height = std::min(tile, rows - i * tile), width = std::min(tile, rows - j * tile);
    blas().dgemm(row_major, as_is, transposed, height, width, columns, 1.0,
                 x.data() + i * tile * stride, static_cast<int>(stride),
                 x.data() + j * tile * stride, static_cast<int>(stride), 1.0,
                 gram.data() + static_cast<std::ptrdiff_t>(i) * tile * rows + j * tile, rows);
  };
  in_parallel(pairs, pairs > 2 ? threads : 1, add_pair, Share::as_free);
}

Cholesky::Cholesky(std::vector<double> matrix, int n) : matrix_(std::move(matrix)), n_(n) {}

namespace {

/// By blocks of this size larger matrices heed a stop several times a second.
constexpr int block = 512;

/// L21 <- A21 L11^-T and A22 <- A22 - L21 L21^T below a factored block that begins at `at`.
void eliminate(std::vector<double>& matrix, int n, int at, int size) {
  double* const a = matrix.data();
  const auto entry = [n](int row, int column) {
    return static_cast<std::ptrdiff_t>(row) * n + column;
  };
  const int below = at + size;
  for (int row = below; row < n; row += block) {
    heed_stop();
    const int rows = std::min(block, n - row);
    int info = 0;  // row-major lower is LAPACK's column-major upper
    blas().dtrtrs("U", "T", "N", &size, &rows, a + entry(at, at), &n, a + entry(row, at), &n,
                  &info);
    for (int column = below; column <= row; column += block)
      blas().dgemm(row_major, as_is, transposed, rows, std::min(block, n - column), size, -1.0,
                   a + entry(row, at), n, a + entry(column, at), n, 1.0, a + entry(row, column), n);
  }
}

}  // namespace

std::optional<Cholesky> Cholesky::factor(std::vector<double> matrix, int n) {
  const SerialBlas serial;
  const int step = n > 2 * block ? block : n;
  for (int at = 0; at < n; at += step) {
    const int size = std::min(step, n - at);
    int info = 0;
    blas().dpotrf("U", &size, matrix.data() + static_cast<std::ptrdiff_t>(at) * (n + 1), &n, &info);
    if (info != 0) return std::nullopt;
    if (at + size < n) eliminate(matrix, n, at, size);
  }
  return Cholesky(std::move(matrix), n);
}

void Cholesky::solve(std::span<double> right, int count) const {
  const SerialBlas serial;
  constexpr double together = 5e8;  // products between two looks at a stop
  const double each = static_cast<double>(n_) * n_;
  const int step = static_cast<int>(std::clamp(together / each, 16.0, 1e6));
  for (int first = 0; first < count; first += step) {
    heed_stop();
    const int some = std::min(step, count - first);
    int info = 0;
    blas().dpotrs("U", &n_, &some, matrix_.data(), &n_,
                  right.data() + static_cast<std::ptrdiff_t>(first) * n_, &n_, &info);
  }
}

void Cholesky::correlate(std::span<double> normal, int count) const {
  int info = 0;
  blas().dtrtrs("U", "N", "N", &n_, &count, matrix_.data(), &n_, normal.data(), &n_, &info);
}

double Cholesky::log_determinant() const {
  double sum = 0;
  for (std::ptrdiff_t i = 0; i < n_; ++i) sum += 2 * std::log(matrix_[i * n_ + i]);
  return sum;
}

SingularValues singular_values(std::vector<double> matrix, int rows, int columns, bool vectors) {
  const SerialBlas serial;
  const int rank = std::min(rows, columns);
  const auto length = [&](int n) {
    return vectors ? static_cast<std::size_t>(n) * rank : std::size_t{1};
  };
  // A row-major matrix is LAPACK's transposed one: its left vectors are columns long.
  std::vector<double> left(length(columns)), right(length(rows)), work(1);
  std::vector<int> integers(8 * static_cast<std::size_t>(rank));
  SingularValues out{std::vector<double>(rank), {}, {}};
  int info = 0, size = -1;  // first it says how much room it wants
  for (int call = 0; call < 2; ++call) {
    blas().dgesdd(vectors ? "S" : "N", &columns, &rows, matrix.data(), &columns, out.values.data(),
                  left.data(), &columns, right.data(), &rank, work.data(), &size, integers.data(),
                  &info);
    if (call == 0) work.resize(size = static_cast<int>(work[0]));
  }
  if (info != 0)
    throw Diverged("the singular values of a matrix did not converge",
                   "its entries run away: lower the rate, or scale the data");
  if (vectors) {
    out.right.assign(left.begin(), left.begin() + columns);
    for (int i = 0; i < rows; ++i) out.left.push_back(right[static_cast<std::size_t>(i) * rank]);
  }
  return out;
}

}  // namespace quartic
