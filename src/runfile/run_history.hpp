// What the files of every learner of an action hold: parameters, history, checkpoint.
#pragma once

#include "quartic/field/parameters.hpp"
#include "quartic/runfile/history.hpp"
#include "runfile/columns.hpp"

namespace quartic::run_parts {

/// Freedoms, and the errors of the couplings by kind.
template <class IO, class Run>
void parameters(IO& io, Run& run) {
  Action errors(run.action.graph);
  if (!run.theta_error.empty()) run.parameters().scatter(run.theta_error, errors);
  for (const auto kind : all_coupling_kinds) {
    auto& values_of_kind = errors.couplings(kind);
    values(io, coupling_path(kind, "_error"), values_of_kind,
           {kind == CouplingKind::w ? "edge" : "site"}, values_of_kind.size());
    attribute(io, "model", fmt::format("freedom_{}", name(kind)),
              run.freedom[static_cast<int>(kind)]);
  }
  if constexpr (!writing<IO>) {
    // A tied kind's errors are all equal, and dividing their sum by their number could round.
    const Parameters parameters = run.parameters();
    for (const auto kind : all_coupling_kinds) {
      const auto& of_kind = errors.couplings(kind);
      const int own = parameters.own_count(kind);
      const int hidden = parameters.hidden_count(kind);
      const int count = parameters.end(kind) - parameters.begin(kind) - hidden;
      const auto behind = of_kind.begin() + own;
      run.theta_error.insert(run.theta_error.end(), of_kind.begin(), of_kind.begin() + count);
      run.theta_error.insert(run.theta_error.end(), behind, behind + hidden);
    }
  }
}

template <class IO, class H>
void history(IO& io, H& history, std::size_t parameters) {
  columns(io, "history", "epoch", history.rows);
  dimensions(io, "history", "parameter", history.parameters);
  const std::size_t size = history.rows.size() * parameters;
  values(io, "history/theta", history.theta, {"epoch", "parameter"}, size);
  values(io, "history/theta_error", history.theta_error, {"epoch", "parameter"}, size);
  values(io, "history/expected", history.expected, {"parameter"}, parameters);
}

/// A list of the checkpoint that files of quartic 0.1.0 do not have.
template <class IO, class List>
void later_dimension(IO& io, const char* name, List& list) {
  if constexpr (!writing<IO>)
    if (!io.has(std::string("checkpoint/") + name)) return;
  dimensions(io, "checkpoint", name, list);
}

/// Of a LearnRun or FitRun, beside head and action, what they have in common. Refuses couplings
/// that do not fit the graph.
template <class IO, class Run>
void learner(IO& io, Run& run) {
  const Graph& graph = *run.action.graph;
  auto& state = run.checkpoint;
  parameters(io, run);
  if constexpr (writing<IO>) {
    io.scalar("results/converged", stored(run.stop_reason == StopReason::converged));
    write_sampler(io, state.sampler, graph.sites(), run.config.sampler.precision);
  } else {
    state.sampler = read_sampler(io, run.config.sampler.options, graph.sites());
  }
  history(io, run.history, run.theta_error.size());
  scalar(io, "results/stop_reason", run.stop_reason);
  dimensions(io, "checkpoint", "w", state.w, "r", state.r, "a", state.a, "b", state.b);
  dimensions_of(io, "checkpoint", run.theta_error.size(), "theta_error", state.theta_error,
                "first_moment", state.first_moment, "second_moment", state.second_moment);
  later_dimension(io, "noise", state.noise);
  attributes(io, "checkpoint", "epoch", state.epoch, "quiet_epochs", state.quiet_epochs, "warm",
             run.warmed_up, "reason", state.stop_reason);
  if constexpr (!writing<IO>) {
    const std::size_t sites = graph.sites(), edges = graph.edge_count();
    if (state.w.size() != edges || state.r.size() != sites || state.a.size() != sites ||
        state.b.size() != sites)
      io.refuse("the checkpoint's couplings do not fit its graph");
  }
}

}  // namespace quartic::run_parts
