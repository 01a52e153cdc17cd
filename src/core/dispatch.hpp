// Kernels that are templates of the precision behind Highway's dynamic dispatch, which takes plain
// functions only (HWY_EXPORT_T is newer than Highway 1.0).
#pragma once

#include <type_traits>
#include <utility>

/// In each target's namespace: NameBoth, which gives the template's instances there. HWY_EXPORT it
/// once outside.
#define QUARTIC_KERNEL(Name)                       \
  inline auto Name##Both() {                       \
    return std::pair(&Name<float>, &Name<double>); \
  }

/// The instance for T on the machine's target.
#define QUARTIC_DISPATCH(Name, T) quartic::instance_for<T>(HWY_DYNAMIC_DISPATCH(Name##Both)())

namespace quartic {

template <class T, class Pair>
auto instance_for(const Pair& both) {
  return std::get < std::is_same_v<T, float> ? 0 : 1 > (both);
}

}  // namespace quartic
