// What a network has learned, in its run file or in a layer's group of one: all but config,
// provenance and data.
#pragma once

#include "data/hdf5.hpp"
#include "quartic/runfile/network_run.hpp"

namespace quartic::run_parts {

void write_learned(hdf5::Writer& out, const NetworkRun& run);
/// Without data.
NetworkRun read_learned(const hdf5::Reader& in, Config config, Provenance provenance);
/// Refuses evaluations on other rows than the data have, once they are known.
void require_same_rows(const hdf5::Reader& in, const NetworkRun& run);

}  // namespace quartic::run_parts
