// Memory aligned for SIMD rows.
#pragma once

#include <cstddef>
#include <new>
#include <vector>

namespace quartic {

inline constexpr std::size_t row_alignment = 64;  ///< bytes: one AVX-512 register, one cache line

template <class T>
struct AlignedAllocator {
  using value_type = T;
  AlignedAllocator() = default;
  template <class U>
  explicit AlignedAllocator(const AlignedAllocator<U>&) {}
  T* allocate(std::size_t n) {
    return static_cast<T*>(::operator new (n * sizeof(T), std::align_val_t{row_alignment}));
  }
  void deallocate(T* p, std::size_t) { ::operator delete (p, std::align_val_t{row_alignment}); }
  bool operator==(const AlignedAllocator&) const = default;
};

template <class T>
using AlignedVector = std::vector<T, AlignedAllocator<T>>;

}  // namespace quartic
