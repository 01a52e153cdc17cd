#include "quartic/run/forecast.hpp"

#include <algorithm>
#include <cmath>
#include <thread>

#include "learn/likelihood_start.hpp"
#include "learn/local_solver.hpp"
#include "learn/patches.hpp"
#include "quartic/learn/likelihood.hpp"
#include "quartic/network/training_watch.hpp"
#include "quartic/run/data.hpp"
#include "quartic/run/density_learner.hpp"
#include "quartic/run/fit.hpp"
#include "quartic/run/learn.hpp"
#include "quartic/run/problem.hpp"
#include "quartic/run/sample.hpp"
#include "quartic/run/train.hpp"
#include "quartic/runfile/stack_run.hpp"

namespace quartic {
namespace {

constexpr double site_seconds = 5e-9, edge_seconds = 0.3e-9;  // of a sweep, a chain
constexpr double pass_seconds = 6e-9;      // of moments and score matching, a site or edge of a row
constexpr double regression_flops = 1e10;  // of a Gram matrix, n p^2 flops
constexpr double program_bytes = 25e6;
constexpr double product_flops = 80e9;  // of matrix products

double threads(const Config& config) {
  if (config.run.threads > 0) return config.run.threads;
  return std::max(1u, std::thread::hardware_concurrency());
}

/// Of all chains together.
double sweep_seconds(const Config& config, const Graph& graph) {
  return config.sampler.options.chains *
         (site_seconds * graph.sites() + edge_seconds * graph.edge_count());
}

double field_bytes(const Config& config, const Graph& graph) {
  const double width = config.sampler.precision == Precision::float64 ? 8 : 4;
  return width * config.sampler.options.chains * graph.sites();
}

/// Of the configurations that a certificate or an evaluation keeps.
double kept_bytes(const Config& config, const Graph& graph, int draws) {
  return 4.0 * config.sampler.options.chains * draws * graph.sites();
}

/// Of an epoch: flops of its regressions, and bytes that they take.
struct RegressionCost {
  double flops = 0, bytes = 0;
};
RegressionCost regression_cost(const Config& config, const Problem& problem) {
  const auto& o = config.learn;
  const int chains = config.sampler.options.chains;
  const double parameters = problem.parameters.size(), samples = double(chains) * o.draws;
  const double groups = std::min(chains, 64);
  const bool natural = o.optimiser == Optimiser::natural;
  const Solver solver = chosen_solver(o, problem.target, problem.parameters, samples);
  // Scores by chain and by group, the noise of steps and of couplings.
  RegressionCost cost{0, 8 * parameters * (2 * chains + 6 * groups)};
  if (natural && solver == Solver::local) {
    const int radius = first_radius(o, problem.target, problem.parameters);
    const auto patches = make_patches(problem.parameters, radius);
    for (const Patch& patch : patches.all)
      cost.flops += samples * double(patch.couplings.size()) * double(patch.couplings.size());
    cost.bytes += 4 * samples * problem.graph->sites() +
                  8 * samples * patches.most_couplings * threads(config);
  } else if (natural && solver == Solver::matrix_free) {
    constexpr double iterations = 100;  // of conjugate gradients, two passes over the features each
    cost.flops = 4 * iterations * samples * parameters;
  } else if (parameters <= o.dense_limit) {
    cost.flops = natural ? 2 * samples * parameters * parameters : 0;
    cost.bytes += 16 * parameters * parameters;
  }
  return cost;
}

Forecast of_learning(const Config& config, const Problem& problem) {
  const auto& o = config.learn;
  const Graph& graph = *problem.graph;
  Forecast f;
  f.kind = Forecast::Kind::learn;
  f.graph = problem.graph;
  f.parameters = problem.parameters, f.epochs = o.epochs, f.optimiser = name(o.optimiser);
  f.samples = double(config.sampler.options.chains) * o.draws;
  const RegressionCost regression = regression_cost(config, problem);
  f.bytes =
      program_bytes + field_bytes(config, graph) * (2 + 2 * o.draws) + regression.bytes +
      (config.certificate.enabled ? kept_bytes(config, graph, config.certificate.options.draws)
                                  : 0);
  const double sweep = sweep_seconds(config, graph);
  const auto seconds = [&](int epochs) {
    return (sweep * (o.warm_up + double(epochs) * o.draws * o.sweeps) +
            epochs * regression.flops / regression_flops) /
           threads(config);
  };
  f.seconds = seconds(o.epochs), f.ten_epochs = seconds(std::min(o.epochs, 10));
  return f;
}

Forecast of_sampling(const Config& config, std::shared_ptr<const Graph> graph) {
  const auto& o = config.sample;
  const double draws = o.draws.value_or(1000);
  const int chains = config.sampler.options.chains;
  const bool open = !o.draws && !o.until.empty();  // it may fill what it may take
  const Action action = make_start(config, graph);
  begin_sampling(config, action, {});  // or it throws
  const SampleSize size = size_of_sample(config, action, open ? 1e9 : draws);
  Forecast f;
  f.kind = Forecast::Kind::sample;
  f.samples = chains * draws;
  f.bytes = size.memory_bytes, f.file_bytes = size.file_bytes;
  f.seconds = sweep_seconds(config, *graph) * (o.warm_up.value_or(300) + draws * o.sweeps) /
              threads(config);
  f.graph = std::move(graph);
  return f;
}

void describe_data(Forecast& f, const DataSet& data) {
  f.data = data.description;
  f.rows = data.train->rows(), f.held_out = data.held_out ? data.held_out->rows() : 0;
}

Forecast of_fitting(const Config& config, std::shared_ptr<const Graph> graph, const DataSet& data) {
  const auto& o = config.fit;
  Forecast f;
  f.kind = Forecast::Kind::fit;
  describe_data(f, data);
  f.parameters.emplace(graph, config.action.freedom());
  require_valid(o, *f.parameters);
  require_variation(config, *f.parameters, data);
  const double parameters = f.parameters->size();
  f.epochs = o.epochs, f.optimiser = name(chosen_optimiser(o, *f.parameters));
  f.samples = double(config.sampler.options.chains) * o.draws;
  f.bytes = field_bytes(config, *graph) * (2 + o.draws) +
            (parameters <= o.dense_limit ? 16 * parameters * parameters : 0) +
            double(o.pass.batch_bytes) + kept_bytes(config, *graph, config.evaluation.draws);
  const double pass = pass_seconds * double(f.rows) * (graph->sites() + 2.0 * graph->edge_count());
  f.seconds = (sweep_seconds(config, *graph) * (o.warm_up + 10.0 * o.draws * o.sweeps) + pass) /
              threads(config);
  f.graph = std::move(graph);
  return f;
}

LayerForecast of_layer(const Config& config, double rows, int visible) {
  const auto& o = config.training;
  const int hidden = config.model.units(0, static_cast<std::size_t>(rows));
  const double batch = batch_rows(o, static_cast<std::size_t>(rows));
  const int epochs = o.epochs > 0 ? o.epochs : TrainingWatch::most_epochs;
  const double updates = std::min(std::ceil(rows / batch) * epochs,
                                  o.epochs > 0 ? 1e18 : double(TrainingWatch::most_updates));
  // 2k + 3 products of rows x visible x hidden.
  const double products = 3 + 2.0 * o.steps * std::max(o.rungs, 1);
  return {visible,
          hidden,
          config.model.visible,
          config.model.hidden_unit(0),
          epochs,
          updates,
          updates * products * 2 * batch * visible * hidden / product_flops / threads(config)};
}

/// Of a race and what it chooses: rounds are seldom more than 60, of 10 iterations for every split
/// and scaling, and as many again.
constexpr double density_trials = 8;
double density_seconds(const Config& config, double rows, int visible, int units) {
  constexpr double rounds = 60, evaluations = 12;
  constexpr double conditional_seconds = 60e-9, value_seconds = 2e-9;
  const bool gaussian = !Layer(config.model.hidden_unit(0), 1).discrete();
  const double states = gaussian ? visible : std::exp2(std::min(units, 14));
  const double once =
      states * visible * conditional_seconds + rows * visible * units * value_seconds;
  return rounds * evaluations * density_trials * once / threads(config);
}

/// Of a network that is learned exactly.
Forecast of_density(const Config& config, const DataSet& data) {
  Forecast f;
  f.kind = Forecast::Kind::train;
  describe_data(f, data);
  const auto visible = static_cast<int>(data.train->columns());
  const auto& model = config.model;
  const int units = model.hidden_units.front() > 0
                        ? model.hidden_units.front()
                        : density_units(model.hidden_unit(0), visible, f.rows);
  f.seconds = density_seconds(config, static_cast<double>(f.rows), visible, units);
  f.layers.push_back({visible, units, model.visible, model.hidden_unit(0), 0, 0, f.seconds});
  f.bytes = 4.0 * static_cast<double>(f.rows) * visible * (2 + density_trials);
  return f;
}

/// Of the race that chains begin with.
double start_seconds(const Config& config, const DataSet& data) {
  const Unit hidden = config.model.hidden_unit(0);
  const std::size_t rows = data.train->rows(), columns = data.train->columns();
  if (!Layer(hidden, 1).discrete()) return 0;
  const std::size_t some = std::min(rows, start_rows(columns));
  const auto visible = static_cast<int>(columns);
  return density_seconds(config, static_cast<double>(some), visible,
                         density_units(hidden, visible, some));
}

/// Of a network, which is a stack of one layer, or of a deep stack. Its bytes are those of the
/// hidden units of all rows, those below and those above a layer.
Forecast of_training(const Config& config, const DataSet& data) {
  Forecast f;
  f.kind = Forecast::Kind::train;
  describe_data(f, data);
  const int layers = config.model.layers();
  auto visible = static_cast<int>(data.train->columns());
  for (int l = 0; l < layers; ++l) {
    const auto layer = of_layer(layer_config(config, l), static_cast<double>(f.rows), visible);
    f.samples += layer.updates, f.seconds += layer.seconds;
    const int units = (l > 0 ? visible : 0) + (l + 1 < layers ? layer.hidden : 0);
    f.bytes = std::max(f.bytes, 4.0 * units * static_cast<double>(f.rows + f.held_out));
    visible = layer.hidden;
    f.layers.push_back(layer);
  }
  return f;
}

/// Of a config with a target that says how to sample, and nothing of learning: the target is one
/// to reweight to.
bool is_for_reweighting(const Config& config) {
  return says_something_of("sample", config) && !says_something_of("learn", config) &&
         !says_something_of("certificate", config);
}

}  // namespace

Forecast forecast(const Config& config, std::shared_ptr<const Graph> graph,
                  const std::string& where) {
  if (!config.data.path.empty()) {
    const DataSet data = open_data(config, where);
    const LearningWay way = way_of(config, data.train->rows(), data.train->columns());
    if (way == LearningWay::exactly) return of_density(config, data);
    if (config.model.kind != ModelKind::field) {
      Forecast f = of_training(config, data);
      if (way == LearningWay::chains_from_exact) {
        f.layers.front().from_exact = true;
        f.seconds += start_seconds(config, data);
      }
      return f;
    }
    if (!graph) graph = make_graph(config.graph);
    require_sites(data, *graph, where);
    return of_fitting(config, with_hidden_units(config, Action(std::move(graph))).graph, data);
  }
  const Problem problem = make_problem(config, std::move(graph));
  if (config.target.empty() || is_for_reweighting(config))
    return of_sampling(config, problem.graph);
  begin_learning(config, problem, {});
  return of_learning(config, problem);
}

}  // namespace quartic
