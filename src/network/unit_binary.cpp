#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "network/unit_binary.cpp"
#include "hwy/foreach_target.h"
// clang-format off
#include "hwy/highway.h"
#include "network/two_valued-inl.h"
// clang-format on

#include "network/two_valued.hpp"
#include "network/unit_type.hpp"

HWY_BEFORE_NAMESPACE();
namespace quartic::HWY_NAMESPACE {
using BinaryKernels = TwoValuedKernels<0, 1>;
QUARTIC_UNIT_TARGET(Binary)
}  // namespace quartic::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace quartic {
namespace {
QUARTIC_UNIT_EXPORT(Binary)
using Binary = TwoValued<0, 1>;
}  // namespace

const UnitType binary_unit{Binary::values, false,        false,        Binary::moments,
                           Binary::mode,   Binary::draw, kernelsFloat, kernelsDouble};

}  // namespace quartic
#endif
