// BLAS: the functions that are loaded do what their names say, start no threads, and a CPU that
// could do better is told so.
#include <gtest/gtest.h>

#include <filesystem>
#include <vector>

#include "core/blas.hpp"
#include "quartic/core/linear_algebra.hpp"

namespace quartic {
namespace {

std::ptrdiff_t threads_of_process() {
  const std::filesystem::directory_iterator tasks("/proc/self/task");
  return std::distance(begin(tasks), end(tasks));
}

TEST(Blas, StartsNoThreads) {
  const auto before = threads_of_process();
  EXPECT_EQ(blas().threads(), 1);
  { const SerialBlas serial; }
  EXPECT_EQ(threads_of_process(), before);
}

TEST(Blas, SaysWhatItIs) {
  const auto& identity = blas_identity();
  EXPECT_TRUE(identity.version.starts_with("OpenBLAS 0.")) << identity.version;
  EXPECT_FALSE(identity.core.empty());
  EXPECT_TRUE(std::filesystem::exists(identity.file)) << identity.file;
  EXPECT_GT(blas_speed(), 0);
  EXPECT_EQ(blas_speed(), blas_speed());  // measured once
}

/// Small integers, so that every order of summation gives the same bits.
template <class T>
std::vector<T> integers(int count, int start) {
  std::vector<T> out(count);
  for (int k = 0; k < count; ++k) out[k] = static_cast<T>((k * 7 + start) % 11 - 5);
  return out;
}

template <class T, class Gemm>
void expect_products(Gemm gemm) {
  constexpr int m = 3, n = 4, k = 5;
  const auto a = integers<T>(m * k, 1), b = integers<T>(k * n, 2);
  auto c = integers<T>(m * n, 3);
  const auto before = c;
  gemm(row_major, as_is, transposed, m, n, k, T(2), a.data(), k, b.data(), k, T(3), c.data(), n);
  for (int i = 0; i < m; ++i)
    for (int j = 0; j < n; ++j) {
      T sum = 3 * before[i * n + j];
      for (int l = 0; l < k; ++l) sum += 2 * a[i * k + l] * b[j * k + l];
      EXPECT_EQ(c[i * n + j], sum) << i << ", " << j;
    }
}

TEST(Blas, Products) {
  expect_products<float>(blas().sgemm);
  expect_products<double>(blas().dgemm);
  const auto x = integers<double>(6, 4);
  EXPECT_EQ(blas().ddot(3, x.data(), 2, x.data() + 1, 2), x[0] * x[1] + x[2] * x[3] + x[4] * x[5]);
  std::vector<double> square{0, 7, 0, 0};  // 3 rows of 2, the lower triangle of x x'
  blas().dsyrk(row_major, lower_triangle, as_is, 2, 3, 1, x.data(), 3, 0, square.data(), 2);
  EXPECT_EQ(square[0], x[0] * x[0] + x[1] * x[1] + x[2] * x[2]);
  EXPECT_EQ(square[2], x[0] * x[3] + x[1] * x[4] + x[2] * x[5]);
  EXPECT_EQ(square[1], 7);
}

TEST(Blas, AdvisesWhereItsKernelsAreOlderThanTheCpu) {
  const auto advises = [](const std::string& core, const std::string& simd,
                          const std::string& remedy, const std::string& wanted = "") {
    return blas_advice(core, simd, wanted).find(remedy) != std::string::npos;
  };
  EXPECT_TRUE(advises("Prescott", "AVX-512", "OPENBLAS_CORETYPE=SkylakeX"));
  EXPECT_TRUE(advises("Haswell", "AVX-512", "OPENBLAS_CORETYPE=SkylakeX"));
  EXPECT_TRUE(advises("Sandybridge", "AVX2", "OPENBLAS_CORETYPE=Haswell"));
  EXPECT_TRUE(advises("Prescott", "AVX2", "unset OPENBLAS_CORETYPE=Prescott", "Prescott"));
  EXPECT_TRUE(advises("Zen", "AVX2", "not OPENBLAS_CORETYPE=Nonsense", "Nonsense"));
  EXPECT_EQ(blas_advice("Haswell", "AVX2", "HASWELL"), "");
  for (const auto* core : {"SkylakeX", "Cooperlake", "SapphireRapids"})
    EXPECT_EQ(blas_advice(core, "AVX-512", ""), "");
  for (const auto* core : {"Haswell", "Zen", "SkylakeX"})
    EXPECT_EQ(blas_advice(core, "AVX2", ""), "");
  EXPECT_EQ(blas_advice("Nehalem", "", ""), "");
  EXPECT_EQ(blas_advice("", "AVX2", ""), "");  // another BLAS, which does not say
}

}  // namespace
}  // namespace quartic
