// exp(l - i phi) for many samples at once.
#pragma once

#include <cstddef>

namespace quartic {

inline constexpr std::size_t weight_chunk = 128;

/// modulus = exp(log_modulus - offset) and, unless `phase` is null, real and imag = modulus
/// exp(-i phase) for `count` <= weight_chunk samples, on the widest SIMD target. log_modulus <=
/// offset.
void complex_weights(const double* log_modulus, const double* phase, double offset,
                     std::size_t count, double* modulus, double* real, double* imag);

}  // namespace quartic
