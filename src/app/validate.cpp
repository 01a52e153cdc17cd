// quartic validate CONFIG
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <thread>

#include "app/learning.hpp"
#include "app/number.hpp"
#include "app/report.hpp"

namespace quartic::app {
namespace {

struct Options {
  std::string input;
  bool effective = false, reference = false;
};

/// What a run would need, roughly.
struct Needs {
  double samples, memory, seconds;
};

Needs estimate(const Config& config, const Problem& problem) {
  const auto& o = config.learn;
  const double chains = config.sampler.options.chains, sites = problem.graph->sites();
  const double edges = problem.graph->edge_count(), parameters = problem.parameters.size();
  const double width = config.sampler.precision == Precision::float32 ? 4 : 8;
  const double threads = config.run.threads > 0 ? config.run.threads
                                                : std::max(1u, std::thread::hardware_concurrency());
  const double gram = parameters <= o.dense_limit ? 2 * 8 * parameters * parameters : 0;
  const double kept =
      config.certificate.enabled ? 4 * chains * config.certificate.options.draws * sites : 0;
  Needs needs{};
  needs.samples = chains * o.draws;
  needs.memory = width * chains * sites * (2 + o.draws) + gram + kept;
  // A sweep is about 5 ns a site and chain and 0.3 ns an edge; a regression n p^2 at 10 Gflop/s.
  const double sweep = chains * (5e-9 * sites + 0.3e-9 * edges);
  const bool dense = o.optimiser == Optimiser::natural && parameters <= o.dense_limit;
  const double regression = dense ? needs.samples * parameters * parameters * 1e-10 : 0;
  needs.seconds =
      (sweep * (o.warm_up + double(o.epochs) * o.draws * o.sweeps) + o.epochs * regression) /
      threads;
  return needs;
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
  fmt::print("parameters  {}:", problem.parameters.size());
  for (const auto kind : {CouplingKind::w, CouplingKind::r, CouplingKind::a, CouplingKind::b})
    fmt::print(" {} {}", name(kind), name(problem.parameters.freedom(kind)));
  fmt::print("\nsampling    {} chains, {}, {:.0f} samples an epoch\n",
             config.sampler.options.chains, name(config.sampler.precision), needs.samples);
  fmt::print("learning    {}, at most {} epochs\n", name(config.learn.optimiser),
             config.learn.epochs);
  fmt::print("memory      about {}\ntime        about {} if all epochs are needed\n",
             bytes(needs.memory), duration(needs.seconds));
  fmt::print("output      {}\n", file);
}

ErrorCode validate(const Options& options, const Globals& globals) {
  if (options.reference) {
    fmt::print("{}", config_reference());
    return ErrorCode::ok;
  }
  if (options.input.empty())
    throw Error(ErrorCode::usage, "validate needs a config", "quartic validate CONFIG.toml");
  const Loaded loaded = load(options.input, globals);
  const Problem problem = make_problem(loaded.config, loaded.graph);
  check_learner(loaded.config, problem);
  if (options.effective)
    fmt::print("{}", to_toml(loaded.config));
  else if (!globals.quiet)
    print(loaded.config, problem, output_file(loaded, options.input, globals).string(), globals);
  return ErrorCode::ok;
}

void add(CLI::App& app, Globals& globals) {
  auto options = std::make_shared<Options>();
  auto* verb = app.add_subcommand("validate", "check a config and say what it would run");
  verb->add_option("config", options->input, "CONFIG.toml or RUN.h5");
  verb->add_flag("--effective", options->effective, "print the config with all defaults filled in");
  verb->add_flag("--reference", options->reference, "print all sections and keys as Markdown");
  verb->callback([options, &globals] {
    globals.action = [options, &globals] { return validate(*options, globals); };
  });
}

const Registration registration(30, add);

}  // namespace
}  // namespace quartic::app
