// Which BLAS multiplies matrices, how fast, and whether it uses what this CPU can do.
#pragma once

#include <string>

namespace quartic {

/// The library behind dense products, loaded at the first of them or when asked for here.
struct BlasIdentity {
  std::string file;     ///< that was loaded
  std::string version;  ///< in its own words: "OpenBLAS 0.3.31"
  std::string core;     ///< whose kernels it chose: "SkylakeX", "Haswell", "Prescott", ...
  std::string advice;   ///< what is slow and what helps; empty where the kernels suit this CPU
  bool chosen = false;  ///< OPENBLAS_CORETYPE says which kernels

  /// The advice for who did not choose.
  std::string warning() const { return chosen ? std::string() : advice; }
};
/// Throws Error where no BLAS can be loaded.
const BlasIdentity& blas_identity();

/// What one thread reaches in products of float32 matrices, in 1e9 operations a second: the best of
/// a few, measured once, in some milliseconds.
double blas_speed();

}  // namespace quartic
