// The functions of BLAS and LAPACK that quartic calls, from a shared library that is loaded at the
// first call.
//
// Linked, an OpenBLAS would start a thread a core in every program before main, which hangs at exit
// where memory is limited, for threads that nobody uses: quartic's own call it side by side.
#pragma once

#include <string>

#include "quartic/core/blas.hpp"

namespace quartic {

/// CBLAS's numbers.
enum BlasOrder : int { row_major = 101 };
enum BlasTranspose : int { as_is = 111, transposed = 112 };
enum BlasTriangle : int { lower_triangle = 122 };

/// Lengths are 32-bit integers, as in every library without another suffix to its names.
struct BlasFunctions {
  void (*sgemm)(BlasOrder, BlasTranspose, BlasTranspose, int m, int n, int k, float alpha,
                const float* a, int lda, const float* b, int ldb, float beta, float* c, int ldc);
  void (*dgemm)(BlasOrder, BlasTranspose, BlasTranspose, int m, int n, int k, double alpha,
                const double* a, int lda, const double* b, int ldb, double beta, double* c,
                int ldc);
  void (*dsyrk)(BlasOrder, BlasTriangle, BlasTranspose, int n, int k, double alpha, const double* a,
                int lda, double beta, double* c, int ldc);
  void (*dgemv)(BlasOrder, BlasTranspose, int m, int n, double alpha, const double* a, int lda,
                const double* x, int dx, double beta, double* y, int dy);
  double (*ddot)(int n, const double* x, int dx, const double* y, int dy);
  void (*dpotrf)(const char*, const int*, double*, const int*, int*);
  void (*dpotrs)(const char*, const int*, const int*, const double*, const int*, double*,
                 const int*, int*);
  void (*dtrtrs)(const char*, const char*, const char*, const int*, const int*, const double*,
                 const int*, double*, const int*, int*);
  void (*dgesdd)(const char*, const int*, const int*, double*, const int*, double*, double*,
                 const int*, double*, const int*, double*, const int*, int*, int*);
  int (*threads)();  ///< that it would use itself
  void (*set_threads)(int);
};
const BlasFunctions& blas();

/// What helps a library that runs the kernels of `core` on a CPU that can do `simd` ("AVX-512",
/// "AVX2" or ""), where OPENBLAS_CORETYPE is `wanted`; empty where they suit.
std::string blas_advice(const std::string& core, const std::string& simd,
                        const std::string& wanted);

}  // namespace quartic
