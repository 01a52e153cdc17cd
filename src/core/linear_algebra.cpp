#include "quartic/core/linear_algebra.hpp"

#include <cblas.h>
#include <omp.h>

#include <algorithm>
#include <utility>

extern "C" {
void dpotrf_(const char*, const int*, double*, const int*, int*);
void dpotrs_(const char*, const int*, const int*, const double*, const int*, double*, const int*,
             int*);
}

namespace quartic {

SerialBlas::SerialBlas() : before_(openblas_get_num_threads()) {
  openblas_set_num_threads(1);
}
SerialBlas::~SerialBlas() {
  openblas_set_num_threads(before_);
}

void accumulate_gram(std::span<const double> x, int rows, int columns, std::ptrdiff_t stride,
                     std::span<double> gram, int threads) {
  constexpr int tile = 128;
  const SerialBlas serial;
  const int tiles = (rows + tile - 1) / tile, pairs = tiles * (tiles + 1) / 2;
#pragma omp parallel for schedule(dynamic) num_threads(std::min(threads, pairs)) if (pairs > 2)
  for (int pair = 0; pair < pairs; ++pair) {
    int i = 0;
    while ((i + 1) * (i + 2) / 2 <= pair) ++i;
    const int j = pair - i * (i + 1) / 2;
    const int height = std::min(tile, rows - i * tile), width = std::min(tile, rows - j * tile);
    cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasTrans, height, width, columns, 1.0,
                x.data() + i * tile * stride, static_cast<int>(stride),
                x.data() + j * tile * stride, static_cast<int>(stride), 1.0,
                gram.data() + static_cast<std::ptrdiff_t>(i) * tile * rows + j * tile, rows);
  }
}

Cholesky::Cholesky(std::vector<double> matrix, int n) : matrix_(std::move(matrix)), n_(n) {}

std::optional<Cholesky> Cholesky::factor(std::vector<double> matrix, int n) {
  const SerialBlas serial;
  int info = 0;
  // Row-major lower is LAPACK's column-major upper.
  dpotrf_("U", &n, matrix.data(), &n, &info);
  if (info != 0) return std::nullopt;
  return Cholesky(std::move(matrix), n);
}

void Cholesky::solve(std::span<double> right, int count) const {
  const SerialBlas serial;
  int info = 0;
  dpotrs_("U", &n_, &count, matrix_.data(), &n_, right.data(), &n_, &info);
}

}  // namespace quartic
