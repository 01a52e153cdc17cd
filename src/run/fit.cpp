#include "quartic/run/fit.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <memory>
#include <span>

#include "mcmc/hidden_moves.hpp"
#include "quartic/core/error.hpp"
#include "quartic/learn/evaluation.hpp"
#include "quartic/learn/likelihood.hpp"
#include "quartic/run/data.hpp"
#include "quartic/run/loop.hpp"
#include "quartic/runfile/sample_file.hpp"
#include "run/action_task.hpp"
#include "run/density_remarks.hpp"
#include "run/hidden_planes.hpp"

namespace quartic {
namespace {

LikelihoodOptions fit_options(const Config& config, const Team& team) {
  LikelihoodOptions options = config.fit;
  options.pass.threads = config.run.threads;
  options.pass.team = &team;
  return options;
}

/// Passes over the data once, and notes how long it took.
template <class T>
LikelihoodLearner<T> make_learner(FitRun& run, const DataSet& data, const Team& team) {
  const Clock clock;
  LikelihoodLearner<T> learner(*data.train, data.held_out.get(), run.parameters(), run.action,
                               sampler_options(run.config, team), fit_options(run.config, team),
                               run.config.run.seed);
  run.data.pass_seconds = clock.seconds();
  return learner;
}

template <class T>
class FitTask : public ActionTask<FitRun, LikelihoodLearner<T>> {
 public:
  FitTask(FitRun& run, const DataSet& data, const Team& team)
      : Base(run, make_learner<T>(run, data, team), run.config.fit.epochs), data_(data) {}

  void warm_up(const Session& session) {
    Base::warm_up(session);
    run_.start = learner_.start_description();
  }

  void advance(const Session& session) {
    try {
      Base::advance(session);
    } catch (const Diverged& error) {
      throw by_the_data(error);
    } catch (const BadInput& error) {  // couplings that no precision holds
      throw by_the_data(error);
    }
    const int epoch = run_.history.rows.back().epoch;
    if (keeps_snapshot(epoch)) keep_snapshot(epoch);
  }

  bool conclude(const Session& session) {
    const Config& config = run_.config;
    if (!config.evaluation.enabled || run_.evaluation) return false;
    auto options = config.evaluation.of_field();
    options.progress = session.progress("evaluation");
    this->to_checkpoint();
    const auto& sampler = learner_.sampler();
    std::optional<ScoredData> held_out;
    const auto at_bound = learner_.b_at_bound();
    if (data_.held_out)
      held_out.emplace(ScoredData{*data_.held_out, *learner_.held_out(), at_bound});
    run_.evaluation = evaluate(
        sampler, run_.action, {*data_.train, learner_.data(), at_bound}, held_out,
        fit_options(config, sampler.team()).pass, options,
        config.output.max_draws(config.sampler.options.chains, sampler.sites()), config.run.seed);
    return true;
  }

 private:
  using Base = ActionTask<FitRun, LikelihoodLearner<T>>;
  using Base::learner_, Base::run_;

  /// Couplings that run away do so where the data have no density.
  Diverged by_the_data(const Error& error) const {
    const auto& remarks = run_.data.remarks;
    return Diverged(error.what(), remarks.empty() ? error.hint() : remarks.front());
  }

  void keep_snapshot(int epoch) {
    const auto& sampler = std::as_const(learner_).sampler();
    Snapshot snapshot{epoch, {}};
    const int sites = run_.action.graph->visible_sites();
    std::vector<float> phi(sampler.sites());
    for (int chain = 0; chain < snapshot_chains; ++chain) {
      sampler.configuration(chain, std::span(phi));
      snapshot.phi.insert(snapshot.phi.end(), phi.begin(), phi.begin() + sites);
    }
    sampler.team().broadcast(std::as_writable_bytes(std::span(snapshot.phi)));  // the root has them
    run_.snapshots.push_back(std::move(snapshot));
  }

  const DataSet& data_;
};

/// Whether a column is 0 in every row; most data show in their first that none is.
std::vector<char> zero_columns(const DataSource& data) {
  constexpr std::size_t values = 1 << 16;
  const std::size_t columns = data.columns(), rows = std::max<std::size_t>(values / columns, 1);
  std::vector<char> zero(columns, 1);
  for (std::size_t first = 0; first < data.rows() && std::ranges::count(zero, 1) > 0;
       first += rows) {
    const auto some = read_rows(data, first, std::min(rows, data.rows() - first));
    for (std::size_t k = 0; k < some.size(); ++k)
      if (some[k] != 0) zero[k % columns] = 0;
  }
  return zero;
}

/// The couplings that the data were drawn from, where they are the fields of a run on this graph,
/// as they are.
std::vector<double> true_couplings(const Config& config, const Action& start,
                                   const Parameters& parameters) {
  std::vector<double> unknown(parameters.size(), std::numeric_limits<double>::quiet_NaN());
  const DataOptions& data = config.data;
  if (data.scaling > ScalingMethod::none || data.binarise || !data.columns.empty() ||
      !data.column_names.empty() || !data.dataset.empty() || config.fit.pass.noise > 0 ||
      !is_run_file(data.path))
    return unknown;
  try {
    const Action truth = read_model(data.path).action;
    const auto ours = start.graph->edges(), theirs = truth.graph->edges();
    const bool same = truth.graph->sites() == start.graph->sites() &&
                      std::equal(ours.begin(), ours.end(), theirs.begin(), theirs.end());
    return same ? parameters.gather(truth) : unknown;
  } catch (const BadInput&) {  // HDF5, but no run
    return unknown;
  }
}

}  // namespace

Action with_hidden_units(const Config& config, const Action& start) {
  const ModelConfig& model = config.model;
  const int units = model.hidden_units.front();
  if (units == 0) return start;
  const auto values = find_word<HiddenValues>(name(model.hidden_unit(0)));
  if (!values)
    throw BadInput(
        fmt::format("the hidden units of a field are {} or {}, not {}", name(HiddenValues::binary),
                    name(HiddenValues::spin), name(model.hidden_unit(0))),
        "hidden = \"binary\" in [model]");
  if (config.fit.pass.noise > 0)
    throw BadInput("noise in [fit] is for fields without hidden units",
                   "noise = 0, or add noise to the data themselves");
  require_hidden_moves(config.sampler.options);
  Action action(std::make_shared<Graph>(start.graph, units, *values, model.gates.value_or(false)));
  for (const auto kind : all_coupling_kinds)
    std::copy(start.couplings(kind).begin(), start.couplings(kind).end(),
              action.couplings(kind).begin());
  return action;
}

void require_variation(const Config& config, const Parameters& parameters, const DataSet& data) {
  const auto start = config.fit.start;
  const bool estimates = start == LikelihoodStart::automatic ||
                         start == LikelihoodStart::score_matching ||
                         start == LikelihoodStart::pseudo_likelihood;
  const Graph& graph = parameters.graph();
  if (!estimates || config.fit.pass.noise > 0 || graph.hidden_sites() > 0) return;
  const auto zero = zero_columns(*data.train);
  std::vector<char> varies(parameters.size());
  for (const auto kind : {CouplingKind::w, CouplingKind::a, CouplingKind::b}) {
    const bool restrained = config.fit.restraint.weight_decay[static_cast<int>(kind)] > 0;
    const auto edges = graph.edges();
    const int count = kind == CouplingKind::w ? graph.edge_count() : graph.sites();
    for (int index = 0; index < count; ++index) {
      const int k = parameters.number(kind, index);
      const bool silent = kind == CouplingKind::w
                              ? zero[edges[index].first] && zero[edges[index].second]
                              : bool(zero[index]);
      if (k >= 0 && (restrained || !silent)) varies[k] = 1;
    }
  }
  for (int k = 0; k < parameters.size(); ++k) {
    if (varies[k] || parameters.kind(k) == CouplingKind::r) continue;
    throw BadInput("the data do not vary along " + parameters.label(k) + ": they are 0 there",
                   "add noise or weight decay, or freeze that kind of coupling");
  }
}

FitRun begin_fit(const Config& config, const Action& field, const DataSet& data,
                 const std::string& where, const std::string& command,
                 const ProgressCallback& progress) {
  Action start = with_hidden_units(config, field);
  require_sites(data, *start.graph, where);
  if (start.graph->hidden_sites() > 0 && config.fit.start != LikelihoodStart::given)
    place_hidden_units(start, *data.train, config.run.seed, config.run.threads, progress);
  Provenance provenance = make_provenance(command, config.run.seed);
  const auto freedom = config.action.freedom();
  FitData known = describe(data, 0);
  if (config.fit.pass.noise == 0)
    std::ranges::move(remarks_on(rows_to_remark_on(*data.train), data.train->columns(), data.names),
                      std::back_inserter(known.remarks));
  Config own = config;
  FitRun run{.config = std::move(own),
             .provenance = std::move(provenance),
             .action = start,
             .freedom = freedom,
             .data = std::move(known)};
  const Parameters parameters = run.parameters();
  require_variation(config, parameters, data);
  run.config.fit.optimiser = chosen_optimiser(config.fit, parameters);
  run.config.sampler.precision = chosen_precision(config.sampler.precision, start);
  // Hidden units part the data into modes, which sweeps alone would not join.
  constexpr int rungs_of_modes = 4;
  int& rungs = run.config.sampler.options.rungs;
  if (start.graph->hidden_sites() > 0) rungs = std::max(rungs, rungs_of_modes);
  for (int k = 0; k < parameters.size(); ++k) run.history.parameters.push_back(parameters.label(k));
  run.history.expected = true_couplings(config, start, parameters);
  return run;
}

Outcome fit(FitRun& run, const DataSet& data, Store<FitRun>& store, const Session& session) {
  const auto& evaluation = run.config.evaluation;
  if (evaluation.enabled)
    require_chains_at_end(session.team, evaluation.of_field().chains, "evaluation.chains");
  return with_precision(run.config.sampler.precision, [&]<class T>() {
    const bool resumed = FitTask<T>::begun(run);
    FitTask<T> task(run, data, session.team);
    return run_to_end(task, resumed, store, session);
  });
}

}  // namespace quartic
