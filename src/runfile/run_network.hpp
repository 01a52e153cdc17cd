// What a network has learned, in its run file or in a layer's group of one: all but config,
// provenance and data.
#pragma once

#include "data/hdf5.hpp"
#include "quartic/runfile/network_run.hpp"

namespace quartic::run_parts {

void write_learned(hdf5::Writer& out, const NetworkRun& run);
/// Without data.
NetworkRun read_learned(const hdf5::Reader& in, Config config, Provenance provenance);

/// Calls f(name, number) for every number of a value with its error.
template <class E, class F>
void visit(const std::string& name, E& estimate, F&& f) {
  f(name, estimate.value);
  f(name + "_error", estimate.error);
}

/// The same for a Likelihood.
template <class L, class F>
void visit_likelihood(const std::string& name, L& likelihood, F&& f) {
  visit(name, likelihood.value, f);
  f(name + "_lower", likelihood.lower);
  f(name + "_upper", likelihood.upper);
  f(name + "_rows_error", likelihood.rows_error);
}

}  // namespace quartic::run_parts
