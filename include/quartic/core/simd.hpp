// Which SIMD target the kernels run on.
#pragma once

#include <string>
#include <vector>

namespace quartic {

/// The target that the kernels use on this machine: "AVX3" (AVX-512), "AVX2", "SSE4", "EMU128",
/// "NEON", ...
std::string simd_target();

/// All targets that were compiled in and that this machine runs, best first. Tests run every kernel
/// on each.
std::vector<std::string> simd_targets();

/// For tests and benchmarks only: restricts the kernels to one target of simd_targets(); empty
/// lifts the restriction. Affects the whole process.
void restrict_simd_target(const std::string& target);

}  // namespace quartic
