#include "app/fitting.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <limits>

#include "app/epoch_loop.hpp"
#include "app/number.hpp"
#include "app/report.hpp"
#include "quartic/runfile/sample_file.hpp"

namespace quartic::app {
namespace {

LikelihoodOptions fit_options(const Config& config) {
  LikelihoodOptions options = config.fit;
  options.pass.threads = config.run.threads;
  return options;
}

/// Passes over the data once, and notes how long it took.
template <class T>
LikelihoodLearner<T> make_learner(FitRun& run, const DataSet& data) {
  const auto start = Clock::now();
  LikelihoodLearner<T> learner(*data.train, data.held_out.get(), run.parameters(), run.action,
                               sampler_options(run.config), fit_options(run.config),
                               run.config.run.seed);
  run.data.pass_seconds = since(start);
  return learner;
}

template <class T>
class Session : public ActionLoop<FitRun, LikelihoodLearner<T>> {
 public:
  Session(FitRun& run, const DataSet& data, std::filesystem::path file, double max_hours,
          const Globals& globals)
      : Loop(run, make_learner<T>(run, data), std::move(file), max_hours, globals), data_(data) {}

 private:
  using Loop = ActionLoop<FitRun, LikelihoodLearner<T>>;
  using Loop::learner_, Loop::progress_, Loop::run_;

  Status status() const override {
    const FitRow& row = this->row();
    std::string numbers =
        fmt::format("|grad| {}  gain {}", with_error(row.gradient_norm, row.gradient_norm_error),
                    with_error(row.gain, row.gain_error));
    if (data_.held_out)
      numbers += fmt::format("  held-out {}", with_error(row.held_out_gain, row.gain_error));
    numbers += fmt::format("  chi2 {:.2f}  acc {:.2f}", row.chi2, row.acceptance);
    return {.unit = "epoch",
            .first = this->first_epoch(),
            .done = row.epoch,
            .total = run_.config.fit.epochs,
            .may_stop_early = true,
            .numbers = std::move(numbers),
            .event = to_json(row)};
  }

  void warmed_up() override { run_.start = learner_.start_description(); }

  void keep(const FitRow& row) override {
    if (!keeps_snapshot(row.epoch)) return;
    const auto& sampler = std::as_const(learner_).sampler();
    Snapshot snapshot{row.epoch, {}};
    for (int chain = 0; chain < snapshot_chains; ++chain) {
      const auto block = sampler.block(chain / sampler.lanes());
      for (int i = 0; i < sampler.sites(); ++i)
        snapshot.phi.push_back(static_cast<float>(block.site(i)[chain % sampler.lanes()]));
    }
    run_.snapshots.push_back(std::move(snapshot));
  }

  void conclude() override {
    if (!run_.config.evaluation.enabled || run_.evaluation) return;
    auto options = run_.config.evaluation.of_field();
    options.progress = [this](double done) { progress_.part("evaluation", done); };
    const int most = run_.config.output.max_draws(run_.config.sampler.options.chains,
                                                  learner_.sampler().sites());
    // From the saved state, where a run killed while evaluation would begin again.
    learner_.restore(run_.checkpoint);
    std::optional<ScoredData> held_out;
    if (data_.held_out) held_out.emplace(ScoredData{*data_.held_out, *learner_.held_out()});
    run_.evaluation =
        evaluate(learner_.sampler(), run_.action, {*data_.train, learner_.data()}, held_out,
                 fit_options(run_.config).pass, options, most, run_.config.run.seed);
    this->write();
  }

  const DataSet& data_;
};

/// Some of the rows, spread over all.
std::vector<float> some_rows(const DataSource& rows) {
  constexpr std::size_t max_values = 1 << 20, max_rows = 1024;
  const std::size_t count =
      std::min({rows.rows(), max_rows, std::max<std::size_t>(max_values / rows.columns(), 1)});
  std::vector<std::size_t> wanted;
  for (std::size_t n = 0; n < count; ++n) wanted.push_back(n * rows.rows() / count);
  std::vector<float> values(count * rows.columns());
  rows.read(wanted, values);
  return values;
}

/// The couplings that the data were drawn from, where they are the fields of a run on this graph,
/// as they are.
std::vector<double> true_couplings(const Config& config, const Action& start,
                                   const Parameters& parameters) {
  std::vector<double> unknown(parameters.size(), std::numeric_limits<double>::quiet_NaN());
  const DataOptions& data = config.data;
  if (data.scaling != ScalingMethod::none || data.binarise || !data.columns.empty() ||
      !data.dataset.empty() || config.fit.pass.noise > 0 || !is_run_file(data.path))
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

DataSet open_data(const Config& config, const std::string& where) {
  require_data(config, where);
  DataOptions options = config.data;
  options.seed = config.run.seed;
  DataSet data = open_data_set(options);
  if (config.model.kind != ModelKind::field && config.model.noise > 0) {
    data.train = with_noise(std::move(data.train), config.model.noise, config.run.seed);
    if (data.held_out)
      data.held_out = with_noise(std::move(data.held_out), config.model.noise, ~config.run.seed);
  }
  return data;
}

void require_sites(const DataSet& data, const Graph& graph, const std::string& where) {
  const auto columns = data.train->columns();
  if (columns == static_cast<std::size_t>(graph.sites())) return;
  const bool planar = data.row_shape.size() <= 3 && !data.row_shape.empty();
  throw BadInput(fmt::format("{}: the rows of the data have {} values, the graph has {} sites ({})",
                             where, columns, graph.sites(), graph.description()),
                 planar ? fmt::format("[graph] extent = [{}], or choose [data] columns",
                                      fmt::join(data.row_shape, ", "))
                        : "one site a column: another [graph], or [data] columns");
}

void require_same(const DataSet& data, const FitData& known, const Config& config,
                  const std::filesystem::path& run) {
  if (data.checksum() == known.checksum) return;
  throw BadInput(
      fmt::format("the data of '{}' have changed: '{}' had the checksum {}, it has {} now",
                  run.string(), config.data.path, known.checksum, data.checksum()),
      fmt::format("quartic fit {} begins a new run with them", run.string()));
}

FitData describe(const DataSet& data, double pass_seconds) {
  return {data.description, data.checksum(),       data.row_shape,
          data.scaling,     data.train->rows(),    data.held_out ? data.held_out->rows() : 0,
          pass_seconds,     some_rows(*data.train)};
}

FitRun new_run(const Config& config, const Action& start, const DataSet& data,
               const Globals& globals) {
  FitRun run{.config = config,
             .provenance = make_provenance(globals.command, config.run.seed),
             .action = start,
             .freedom = config.action.freedom(),
             .theta_error = {},
             .data = describe(data, 0),
             .start = {},
             .history = {},
             .snapshots = {},
             .stop_reason = StopReason::running,
             .evaluation = {},
             .checkpoint = {}};
  const Parameters parameters = run.parameters();
  run.config.fit.optimiser = chosen_optimiser(config.fit, parameters);
  for (int k = 0; k < parameters.size(); ++k) run.history.parameters.push_back(parameters.label(k));
  run.history.expected = true_couplings(config, start, parameters);
  return run;
}

ErrorCode fit_run(FitRun& run, const DataSet& data, const std::filesystem::path& file, bool resumed,
                  double max_hours, const Globals& globals) {
  catch_signals();
  const bool narrow = run.config.sampler.precision == Precision::float32;
  const ErrorCode code = narrow ? Session<float>(run, data, file, max_hours, globals).go(resumed)
                                : Session<double>(run, data, file, max_hours, globals).go(resumed);
  if (code == ErrorCode::ok) print_summary(run, file, globals);
  return code;
}

}  // namespace quartic::app
