// [data] of a config.
#pragma once

#include "io/binder.hpp"
#include "quartic/io/data_set.hpp"

namespace quartic {
namespace binder {

/// Bound to the options; `seed` and `fixed_scaling` are no keys of it.
Section data_section(DataOptions& options);

}  // namespace binder

/// What must hold between keys of [data]. Throws BadInput beginning with `where`.
void check_data(const DataOptions& options, const std::string& where);

}  // namespace quartic
