// quartic validate CONFIG: checks it and says what `fit`, `learn` or `sample` would run
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <thread>

#include "app/fitting.hpp"
#include "app/learning.hpp"
#include "app/number.hpp"
#include "app/report.hpp"
#include "quartic/runfile/stack_run.hpp"

namespace quartic::app {
namespace {

struct ValidateArguments {
  std::string input;
  bool effective = false, reference = false;
};

/// What a run would need, roughly.
struct Needs {
  double samples, memory, seconds;
};

double threads(const Config& config) {
  if (config.run.threads > 0) return config.run.threads;
  return std::max(1u, std::thread::hardware_concurrency());
}

/// Of all chains together, in seconds: about 5 ns a site and 0.3 ns an edge.
double sweep_time(const Config& config, const Graph& graph) {
  return config.sampler.options.chains * (5e-9 * graph.sites() + 0.3e-9 * graph.edge_count());
}

double field_bytes(const Config& config, const Graph& graph) {
  const double width = config.sampler.precision == Precision::float32 ? 4 : 8;
  return width * config.sampler.options.chains * graph.sites();
}

/// Of learning.
Needs estimate(const Config& config, const Problem& problem) {
  const auto& o = config.learn;
  const auto& graph = *problem.graph;
  const double parameters = problem.parameters.size();
  const double gram = parameters <= o.dense_limit ? 2 * 8 * parameters * parameters : 0;
  const double kept =
      config.certificate.enabled
          ? 4.0 * config.sampler.options.chains * config.certificate.options.draws * graph.sites()
          : 0;
  Needs needs{};
  needs.samples = double(config.sampler.options.chains) * o.draws;
  needs.memory = field_bytes(config, graph) * (2 + o.draws) + gram + kept;
  const bool dense = o.optimiser == Optimiser::natural && parameters <= o.dense_limit;
  // n p^2 at 10 Gflop/s.
  const double regression = dense ? needs.samples * parameters * parameters * 1e-10 : 0;
  needs.seconds = (sweep_time(config, graph) * (o.warm_up + double(o.epochs) * o.draws * o.sweeps) +
                   o.epochs * regression) /
                  threads(config);
  return needs;
}

/// Of sampling.
Needs estimate(const Config& config, const Graph& graph) {
  const auto& o = config.sample;
  const double draws = o.draws.value_or(1000);
  const int chains = config.sampler.options.chains;
  const double kept =
      std::min(draws / o.thin, double(config.output.max_draws(chains, graph.sites())));
  return {.samples = chains * draws,
          .memory = field_bytes(config, graph) * 3 + 4 * kept * chains * graph.sites(),
          .seconds = sweep_time(config, graph) * (o.warm_up.value_or(300) + draws * o.sweeps) /
                     threads(config)};
}

void print(const Config& config, const Graph& graph, const std::string& file,
           const Globals& globals) {
  const Needs needs = estimate(config, graph);
  const auto& o = config.sample;
  if (globals.json) {
    const nlohmann::json out = {{"graph", graph.description()},
                                {"sites", graph.sites()},
                                {"edges", graph.edge_count()},
                                {"samples", needs.samples},
                                {"memory_bytes", needs.memory},
                                {"seconds", needs.seconds},
                                {"output", file}};
    fmt::print("{}\n", out.dump());
    return;
  }
  fmt::print("graph       {}: {} sites, {} edges\n", graph.description(), graph.sites(),
             graph.edge_count());
  fmt::print("target      none: this can be sampled, not learned\n");
  fmt::print("sampling    {} chains, {}, {} draws each\n", config.sampler.options.chains,
             name(config.sampler.precision),
             o.draws           ? fmt::format("{}", *o.draws)
             : o.until.empty() ? "1000"
                               : "as many as " + o.until + " needs");
  fmt::print("memory      about {}\ntime        about {}{}\noutput      {}\n", bytes(needs.memory),
             duration(needs.seconds), o.draws || o.until.empty() ? "" : " for each 1000 draws",
             file);
}

void print_parameters(const Parameters& parameters) {
  fmt::print("parameters  {}:", parameters.size());
  for (const auto kind : all_coupling_kinds)
    fmt::print(" {} {}", name(kind), name(parameters.freedom(kind)));
}

void print(const Config& config, const Problem& problem, const std::string& file,
           const Globals& globals) {
  const Needs needs = estimate(config, problem);
  const auto& graph = *problem.graph;
  if (globals.json) {
    const nlohmann::json out = {{"graph", graph.description()},
                                {"sites", graph.sites()},
                                {"edges", graph.edge_count()},
                                {"target", target_text(config.target)},
                                {"parameters", problem.parameters.size()},
                                {"epochs", config.learn.epochs},
                                {"samples_per_epoch", needs.samples},
                                {"memory_bytes", needs.memory},
                                {"seconds_at_most", needs.seconds},
                                {"output", file}};
    fmt::print("{}\n", out.dump());
    return;
  }
  fmt::print("graph       {}: {} sites, {} edges\n", graph.description(), graph.sites(),
             graph.edge_count());
  fmt::print("target      {}\n", target_text(config.target));
  print_parameters(problem.parameters);
  fmt::print("\nsampling    {} chains, {}, {:.0f} samples an epoch\n",
             config.sampler.options.chains, name(config.sampler.precision), needs.samples);
  fmt::print("learning    {}, at most {} epochs\n", name(config.learn.optimiser),
             config.learn.epochs);
  fmt::print("memory      about {}\ntime        about {} if all epochs are needed\n",
             bytes(needs.memory), duration(needs.seconds));
  fmt::print("output      {}\n", file);
}

/// Of fitting: sampling, and passes over the data.
Needs estimate(const Config& config, const Graph& graph, const DataSet& data, double parameters) {
  const auto& o = config.fit;
  const bool dense = parameters <= o.dense_limit;
  const double chains = config.sampler.options.chains;
  Needs needs{};
  needs.samples = chains * o.draws;
  needs.memory = field_bytes(config, graph) * (2 + o.draws) +
                 (dense ? 16 * parameters * parameters : 0) + double(o.pass.batch_bytes) +
                 4.0 * chains * config.evaluation.draws * graph.sites();
  // Moments and score matching, about 3 ns a site and edge.
  const double pass =
      6e-9 * double(data.train->rows()) * (graph.sites() + 2.0 * graph.edge_count());
  needs.seconds = (sweep_time(config, graph) * (o.warm_up + 10.0 * o.draws * o.sweeps) + pass) /
                  threads(config);
  return needs;
}

void print_fit(const Config& config, const Graph& graph, const DataSet& data,
               const std::string& file, const Globals& globals) {
  const Parameters parameters(std::make_shared<Graph>(graph), config.action.freedom());
  const Needs needs = estimate(config, graph, data, parameters.size());
  const std::size_t held_out = data.held_out ? data.held_out->rows() : 0;
  if (globals.json) {
    const nlohmann::json out = {{"graph", graph.description()},
                                {"sites", graph.sites()},
                                {"edges", graph.edge_count()},
                                {"data", data.description},
                                {"rows", data.train->rows()},
                                {"held_out", held_out},
                                {"parameters", parameters.size()},
                                {"epochs", config.fit.epochs},
                                {"samples_per_epoch", needs.samples},
                                {"memory_bytes", needs.memory},
                                {"seconds_for_ten_epochs", needs.seconds},
                                {"output", file}};
    fmt::print("{}\n", out.dump());
    return;
  }
  fmt::print("graph       {}: {} sites, {} edges\n", graph.description(), graph.sites(),
             graph.edge_count());
  fmt::print("data        {}\nrows        {} to learn from, {} held out\n", data.description,
             data.train->rows(), held_out);
  print_parameters(parameters);
  fmt::print("\nsampling    {} chains, {}, {:.0f} samples an epoch\n",
             config.sampler.options.chains, name(config.sampler.precision), needs.samples);
  fmt::print("fitting     {}, at most {} epochs\n", name(chosen_optimiser(config.fit, parameters)),
             config.fit.epochs);
  fmt::print("memory      about {}\ntime        about {} for ten epochs\noutput      {}\n",
             bytes(needs.memory), duration(needs.seconds), file);
}

/// Of one network: updates and seconds.
struct TrainingNeeds {
  double updates, seconds;
};

TrainingNeeds estimate(const Config& config, double rows, double visible) {
  const auto& o = config.training;
  const double batch = std::min<double>(o.batch, rows);
  const double updates = std::ceil(rows / batch) * o.epochs;
  // 2k + 3 products of rows x visible x hidden, at 80 Gflop/s.
  const double products = 3 + 2.0 * o.steps * std::max(o.rungs, 1);
  const double hidden = config.model.hidden_units.front();
  return {updates, updates * products * 2 * batch * visible * hidden / 80e9 / threads(config)};
}

/// Of a network, which is a stack of one layer, or of a deep stack.
void print_network(const Config& config, const DataSet& data, const std::string& file,
                   const Globals& globals) {
  const auto rows = data.train->rows(), held_out = data.held_out ? data.held_out->rows() : 0;
  auto layers = nlohmann::json::array();
  auto visible = static_cast<int>(data.train->columns());
  TrainingNeeds all{0, 0};
  // Bytes of the hidden units of all rows, those below and those above a layer.
  double kept = 0;
  std::string text;
  for (int l = 0; l < config.model.layers(); ++l) {
    const Config layer = layer_config(config, l);
    const TrainingNeeds needs = estimate(layer, static_cast<double>(rows), visible);
    const int hidden = layer.model.hidden_units.front();
    layers.push_back({{"visible", visible},
                      {"visible_unit", name(layer.model.visible)},
                      {"hidden", hidden},
                      {"hidden_unit", name(layer.model.hidden_unit(0))},
                      {"epochs", layer.training.epochs},
                      {"updates", needs.updates},
                      {"seconds", needs.seconds}});
    text += fmt::format("network     {} {} units, {} {} hidden ones; {} epochs, {:.0f} updates\n",
                        visible, name(layer.model.visible), hidden,
                        name(layer.model.hidden_unit(0)), layer.training.epochs, needs.updates);
    all.updates += needs.updates, all.seconds += needs.seconds;
    const int units = (l > 0 ? visible : 0) + (l + 1 < config.model.layers() ? hidden : 0);
    kept = std::max(kept, 4.0 * units * static_cast<double>(rows + held_out));
    visible = hidden;
  }
  if (globals.json) {
    const nlohmann::json out = {{"layers", layers},       {"data", data.description},
                                {"rows", rows},           {"held_out", held_out},
                                {"memory_bytes", kept},   {"updates", all.updates},
                                {"seconds", all.seconds}, {"output", file}};
    fmt::print("{}\n", out.dump());
    return;
  }
  fmt::print("{}data        {}\nrows        {} to learn from, {} held out\n", text,
             data.description, rows, held_out);
  if (kept > 0) fmt::print("memory      about {} of hidden units\n", bytes(kept));
  fmt::print("time        about {} and evaluation\noutput      {}\n", duration(all.seconds), file);
}

ErrorCode validate(const ValidateArguments& options, const Globals& globals) {
  if (options.reference) {
    fmt::print("{}", config_reference());
    return ErrorCode::ok;
  }
  if (options.input.empty())
    throw Error(ErrorCode::usage, "validate needs a config", "quartic validate CONFIG.toml");
  const Loaded loaded = load(options.input, globals, true);
  const Config& config = loaded.config;
  const auto file = output_file(loaded, options.input, globals).string();
  if (!config.data.path.empty()) {
    const DataSet data = open_data(config, options.input);
    if (config.model.kind != ModelKind::field) {
      if (options.effective)
        fmt::print("{}", to_toml(config));
      else if (!globals.quiet)
        print_network(config, data, file, globals);
      return ErrorCode::ok;
    }
    const auto graph = loaded.graph ? loaded.graph : make_graph(config.graph);
    require_sites(data, *graph, options.input);
    if (options.effective)
      fmt::print("{}", to_toml(config));
    else if (!globals.quiet)
      print_fit(config, *graph, data, file, globals);
    return ErrorCode::ok;
  }
  const Problem problem = make_problem(config, loaded.graph);
  if (!config.target.empty()) require_learnable(config, problem);
  if (options.effective)
    fmt::print("{}", to_toml(config));
  else if (!globals.quiet && config.target.empty())
    print(config, *problem.graph, file, globals);
  else if (!globals.quiet)
    print(config, problem, file, globals);
  return ErrorCode::ok;
}

void add_validate(CLI::App& app, Globals& globals) {
  auto options = std::make_shared<ValidateArguments>();
  auto* verb = app.add_subcommand("validate", "check a config and say what it would run");
  verb->add_option("config", options->input, "CONFIG.toml or RUN.h5");
  verb->add_flag("--effective", options->effective, "print the config with all defaults filled in");
  verb->add_flag("--reference", options->reference, "print all sections and keys as Markdown");
  verb->callback([options, &globals] {
    globals.action = [options, &globals] { return validate(*options, globals); };
  });
}

const Registration validate_verb(30, add_validate);

}  // namespace
}  // namespace quartic::app
