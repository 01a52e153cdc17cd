// [data] of a config.
#pragma once

#include "config/binder.hpp"
#include "quartic/data/data_set.hpp"

namespace quartic::binder {

/// Bound to the options; `seed` and `fixed_scaling` are no keys of it. require_readable follows
/// reading.
Section data_section(DataOptions& options);

}  // namespace quartic::binder
