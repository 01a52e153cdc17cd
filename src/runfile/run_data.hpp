// The data that a model learned from, in its run file: `data` and `observed_data`.
#pragma once

#include "data/hdf5.hpp"
#include "quartic/runfile/fit_data.hpp"

namespace quartic::run_parts {

void write_data(hdf5::Writer& out, const FitData& data, int columns);
FitData read_data(const hdf5::Reader& in, int columns);

}  // namespace quartic::run_parts
