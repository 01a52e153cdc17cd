// Histories and learned parameters in a run file, for every learner.
#pragma once

#include <fmt/format.h>

#include <span>

#include "quartic/field/parameters.hpp"
#include "quartic/runfile/history.hpp"
#include "runfile/run_parts.hpp"

namespace quartic::run_parts {

/// One number of a row, in `history`.
template <class Row>
struct Column {
  const char* name;
  double Row::*value;
};
template <class Row>
struct IntColumn {
  const char* name;
  int Row::*value;
};

/// One of a learner's vectors, in `checkpoint`, each its own dimension.
template <class State>
struct StateVector {
  const char* name;
  std::vector<double> State::*value;
};

template <class Row>
void write_history(hdf5::Writer& out, const History<Row>& history,
                   std::span<const Column<Row>> columns,
                   std::span<const IntColumn<Row>> int_columns = {}) {
  const auto values = [&](const auto& column) {
    std::vector<std::decay_t<decltype(history.rows[0].*column.value)>> found;
    for (const auto& row : history.rows) found.push_back(row.*column.value);
    return found;
  };
  out.dimension<int>("history", "epoch", values(IntColumn<Row>{"epoch", &Row::epoch}));
  out.dimension("history", "parameter", history.parameters);
  out.write("history/theta", view(history.theta), {"epoch", "parameter"});
  out.write("history/theta_error", view(history.theta_error), {"epoch", "parameter"});
  out.write("history/expected", view(history.expected), {"parameter"});
  for (const auto& column : columns)
    out.write(fmt::format("history/{}", column.name), view(values(column)), {"epoch"});
  for (const auto& column : int_columns)
    out.write(fmt::format("history/{}", column.name), view(values(column)), {"epoch"});
}

template <class Row>
History<Row> read_history(const hdf5::Reader& in, std::size_t parameters,
                          std::span<const Column<Row>> columns,
                          std::span<const IntColumn<Row>> int_columns = {}) {
  History<Row> history;
  const auto epochs = in.read<std::int32_t>("history/epoch");
  history.parameters = in.texts("history/parameter");
  history.expected = in.read<double>("history/expected", parameters);
  history.theta = in.read<double>("history/theta", epochs.size() * parameters);
  history.theta_error = in.read<double>("history/theta_error", epochs.size() * parameters);
  history.rows.resize(epochs.size());
  const auto fill = [&]<class V>(const char* name, V Row::*member) {
    const auto values = in.read<V>(fmt::format("history/{}", name), epochs.size());
    for (std::size_t k = 0; k < values.size(); ++k) history.rows[k].*member = values[k];
  };
  fill("epoch", &Row::epoch);
  for (const auto& column : columns) fill(column.name, column.value);
  for (const auto& column : int_columns) fill(column.name, column.value);
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
