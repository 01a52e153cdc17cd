// Histories and learned parameters in a run file, for every learner.
#pragma once

#include <fmt/format.h>

#include <span>

#include "quartic/field/parameters.hpp"
#include "quartic/runfile/history.hpp"
#include "runfile/columns.hpp"
#include "runfile/run_parts.hpp"

namespace quartic::run_parts {

/// One of a learner's vectors, in `checkpoint`, each its own dimension.
template <class State>
struct StateVector {
  const char* name;
  std::vector<double> State::*value;
};

template <class Row>
void write_history(hdf5::Writer& out, const History<Row>& history) {
  write_columns(out, "history", "epoch", history.rows);
  out.dimension("history", "parameter", history.parameters);
  out.write("history/theta", view(history.theta), {"epoch", "parameter"});
  out.write("history/theta_error", view(history.theta_error), {"epoch", "parameter"});
  out.write("history/expected", view(history.expected), {"parameter"});
}

template <class Row>
History<Row> read_history(const hdf5::Reader& in, std::size_t parameters) {
  History<Row> history;
  history.rows = read_columns<Row>(in, "history", "epoch");
  const std::size_t epochs = history.rows.size();
  history.parameters = in.texts("history/parameter");
  history.expected = in.read<double>("history/expected", parameters);
  history.theta = in.read<double>("history/theta", epochs * parameters);
  history.theta_error = in.read<double>("history/theta_error", epochs * parameters);
  return history;
}

/// Freedoms, and the errors of the couplings by kind.
void write_parameters(hdf5::Writer& out, const Parameters& parameters, const Action& action,
                      const std::vector<double>& theta_error);
struct LearnedParameters {
  std::array<Freedom, coupling_kinds> freedom{};
  std::vector<double> theta_error;  ///< by parameter
};
LearnedParameters read_parameters(const hdf5::Reader& in, const Action& action);

template <class State>
void write_vectors(hdf5::Writer& out, const State& state,
                   std::span<const StateVector<State>> vectors) {
  for (const auto& vector : vectors)
    out.dimension<double>("checkpoint", vector.name, state.*vector.value);
}

/// Refuses couplings that do not fit the graph.
template <class State>
void read_vectors(const hdf5::Reader& in, State& state, const Graph& graph,
                  std::span<const StateVector<State>> vectors) {
  for (const auto& vector : vectors)
    state.*vector.value = in.read<double>(fmt::format("checkpoint/{}", vector.name));
  const std::size_t sites = graph.sites(), edges = graph.edge_count();
  if (state.w.size() != edges || state.r.size() != sites || state.a.size() != sites ||
      state.b.size() != sites)
    in.refuse("the checkpoint's couplings do not fit its graph");
}

}  // namespace quartic::run_parts
