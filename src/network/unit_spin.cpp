#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "network/unit_spin.cpp"
#include "hwy/foreach_target.h"
// clang-format off
#include "hwy/highway.h"
#include "network/two_valued-inl.h"
// clang-format on

#include "network/two_valued.hpp"
#include "network/unit_type.hpp"

HWY_BEFORE_NAMESPACE();
namespace quartic::HWY_NAMESPACE {
using SpinKernels = TwoValuedKernels<-1, 1>;
QUARTIC_UNIT_TARGET(Spin)
}  // namespace quartic::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace quartic {
namespace {
QUARTIC_UNIT_EXPORT(Spin)
using Spin = TwoValued<-1, 1>;
}  // namespace

const UnitType spin_unit{Spin::values, false,      false,        Spin::moments,
                         Spin::mode,   Spin::draw, kernelsFloat, kernelsDouble};

}  // namespace quartic
#endif
