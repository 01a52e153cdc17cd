#include "quartic/run/any_run.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "quartic/core/error.hpp"
#include "quartic/run/data.hpp"
#include "quartic/run/file_store.hpp"
#include "quartic/run/fit.hpp"
#include "quartic/run/learn.hpp"
#include "quartic/run/sample.hpp"
#include "quartic/run/train.hpp"

namespace quartic {
namespace {

[[noreturn]] void refuse_shorter(std::string_view unit, std::int64_t done, int wanted) {
  throw BadInput(
      fmt::format("the run has {} {}s already, --{}s {} adds none", done, unit, unit, wanted),
      fmt::format("--{}s counts from the start: --{}s {} adds 50", unit, unit, done + 50));
}

[[noreturn]] void refuse_reweighted() {
  throw BadInput("a run of `quartic reweight` is always finished",
                 "quartic reweight the runs that it came from again");
}

// ---- finished -----------------------------------------------------------------------------------

bool is_finished(const LearnRun& run) {
  return run.stop_reason != StopReason::running &&
         (run.certificate || !run.config.certificate.enabled);
}
bool is_finished(const FitRun& run) {
  return run.stop_reason != StopReason::running &&
         (run.evaluation || !run.config.evaluation.enabled);
}
bool is_finished(const NetworkRun& run) {
  return run.stop_reason != StopReason::running && !run.draws.empty();
}
bool is_finished(const StackRun& run) {
  return run.finished();
}
bool is_finished(const SampleRun& run) {
  return run.stop_reason != StopReason::running;
}
bool is_finished(const ReweightRun&) {
  return true;
}

// ---- extended -----------------------------------------------------------------------------------

template <class Run, class Options>
void extend_epochs(Run& run, Options& options, int epochs) {
  if (epochs <= run.checkpoint.epoch) refuse_shorter("epoch", run.checkpoint.epoch, epochs);
  options.epochs = epochs;
  if (run.stop_reason == StopReason::running) return;
  if (run.stop_reason == StopReason::converged) options.stop_early = false;
  run.history.truncate(run.checkpoint.epoch);
  run.stop_reason = StopReason::running;
}

void extend_to(LearnRun& run, int epochs) {
  extend_epochs(run, run.config.learn, epochs);
  run.certificate.reset();
}

void extend_to(FitRun& run, int epochs) {
  if (run.stop_reason == StopReason::held_out_worse) run.config.fit.held_out_patience = 0;
  extend_epochs(run, run.config.fit, epochs);
  std::erase_if(run.snapshots,
                [&](const Snapshot& snapshot) { return snapshot.epoch >= run.checkpoint.epoch; });
  run.evaluation.reset();
}

void extend_to(NetworkRun& run, int epochs) {
  if (run.exact())
    throw BadInput("this network was learned exactly, as long as held-out rows asked for",
                   "quartic fit again with more [training] iterations, or epochs for chains");
  const int done = run.checkpoint.epoch;
  if (epochs <= done) refuse_shorter("epoch", done, epochs);
  if (run.config.training.epochs == 0) {  // what it came to by itself stays
    run.config.data.held_out = held_out_of(run.config.data.held_out);
    if (!run.history.empty()) run.config.training.rate = run.history.back().rate;
    run.pace.clear();
  }
  run.config.training.epochs = epochs;
  if (run.stop_reason == StopReason::running) return;
  std::erase_if(run.history, [&](const TrainRow& row) { return row.epoch > done; });
  std::erase_if(run.evaluations, [&](const NetworkEvaluation& e) { return e.epoch > done; });
  run.stop_reason = StopReason::running;
  run.draws.clear();
}

/// The top layer goes on; the layers below stay what its data were made by.
void extend_to(StackRun& run, int epochs) {
  const auto layers = static_cast<std::size_t>(run.config.model.layers());
  auto& limits = run.config.layer_epochs;
  if (limits.empty()) {
    limits.assign(layers, run.config.training.epochs);
    if (limits.front() == 0) run.config.data.held_out = held_out_of(run.config.data.held_out);
  }
  limits.back() = epochs;
  if (run.layers.size() < layers) return;
  extend_to(run.layers.back(), epochs);
  run.bounds.resize(layers - 1);
  run.draws.clear();
}

/// The new number of draws takes the place of every other reason to stop.
void extend_to(SampleRun& run, int draws) {
  if (draws <= run.measurement.draws) refuse_shorter("draw", run.measurement.draws, draws);
  auto& sample = run.config.sample;
  sample.draws = draws;
  sample.until.clear();
  sample.relative_error.reset();
  sample.max_seconds.reset();
  run.stop_reason = StopReason::running;
}

void extend_to(ReweightRun&, int) {
  refuse_reweighted();
}

// ---- resumed ------------------------------------------------------------------------------------

/// The run, where it came from, and who follows it.
struct Resumed {
  const std::filesystem::path &from, &to;
  const Session& session;
  const Functions& functions;

  /// Kept from the first instant, with the limit that it has now.
  template <class Run, class Go>
  Outcome go(Run& run, Go go_on) const {
    FileStore<Run> store(to, session.team);
    store.write(run);
    try {
      const Outcome outcome = go_on(store);
      if (outcome == Outcome::finished) store.forget_old();
      return outcome;
    } catch (const Interrupted&) {  // outside of a loop, which would return
      return Outcome::interrupted;
    }
  }

  DataSet data(const Config& config, const FitData& known,
               std::optional<LearningWay> way = {}) const {
    DataSet data = open_data(config, from.string(), way);
    require_same(data, known, config, from);
    return data;
  }

  Outcome operator()(LearnRun& run) const {
    for (auto& spec : run.config.target) spec.function = functions.target;
    const Problem problem = make_problem(run.config, run.action);
    return go(run, [&](auto& store) { return learn(run, problem, store, session); });
  }
  Outcome operator()(FitRun& run) const {
    const DataSet rows = open_data(run.config, from.string());
    require_sites(rows, *run.action.graph, from.string());
    require_same(rows, run.data, run.config, from);
    return go(run, [&](auto& store) { return fit(run, rows, store, session); });
  }
  Outcome operator()(NetworkRun& run) const {
    const DataSet rows = data(run.config, run.data, way_begun(run));
    return go(run, [&](auto& store) {
      return train(run, network_data(run.config, rows_of(rows), rows.scaling), store, session);
    });
  }
  Outcome operator()(StackRun& run) const {
    const DataSet rows = data(run.config, run.layers.front().data);
    return go(run, [&](auto& store) { return train(run, rows, store, session); });
  }
  Outcome operator()(SampleRun& run) const {
    return go(run, [&](auto& store) { return sample(run, store, session, functions.observables); });
  }
  Outcome operator()(ReweightRun&) const { refuse_reweighted(); }
};

}  // namespace

AnyRun read_run(const std::filesystem::path& file) {
  switch (run_kind(file)) {
    case RunKind::learn:
      return read_learn_run(file);
    case RunKind::sample:
      return read_sample_run(file);
    case RunKind::reweight:
      return read_reweight_run(file);
    case RunKind::fit:
      return read_fit_run(file);
    case RunKind::network:
      return read_network_run(file);
    case RunKind::stack:
      return read_stack_run(file);
  }
  throw Error(ErrorCode::internal, "a run of an unknown kind");
}

std::string unit_of(const AnyRun& run) {
  if (std::holds_alternative<ReweightRun>(run)) return {};
  if (const auto* network = std::get_if<NetworkRun>(&run); network && network->exact()) return {};
  return std::holds_alternative<SampleRun>(run) ? "draw" : "epoch";
}

bool finished(const AnyRun& run) {
  return std::visit([](const auto& r) { return is_finished(r); }, run);
}

void extend(AnyRun& run, int limit) {
  std::visit([limit](auto& r) { extend_to(r, limit); }, run);
}

void set_threads(AnyRun& run, int threads) {
  std::visit([threads](auto& r) { r.config.run.threads = threads; }, run);
  if (auto* stack = std::get_if<StackRun>(&run))
    for (auto& layer : stack->layers) layer.config.run.threads = threads;
}

Outcome resume(AnyRun& run, const std::filesystem::path& from, const std::filesystem::path& to,
               const Session& session, const Functions& functions) {
  return std::visit(Resumed{from, to, session, functions}, run);
}

}  // namespace quartic
