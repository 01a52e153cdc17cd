// quartic reweight RUN [RUN ...] [--to ...] [--scan ...]
#include <fmt/format.h>

#include <algorithm>

#include "app/coupling.hpp"
#include "app/progress.hpp"
#include "app/report.hpp"
#include "app/reweight_annealing.hpp"
#include "app/session.hpp"
#include "app/verb.hpp"
#include "quartic/core/output_file.hpp"
#include "quartic/core/suggest.hpp"
#include "quartic/field/stored_fields.hpp"
#include "quartic/graph/lattice.hpp"
#include "quartic/runfile/sample_file.hpp"
#include "quartic/stats/mbar.hpp"

namespace quartic::app {
namespace {

struct ReweightArguments {
  std::vector<std::string> runs;
  std::string to, scan, observables = "abs_m,m2,phi2,phi4,action_density";
  bool anneal = false, strict = false;
};

/// B at every point, as terms with couplings.
struct Targets {
  std::vector<TermSpec> specs;  ///< with the couplings of the first point
  std::string scanned;
  std::vector<std::vector<std::complex<double>>> points;
};

void require_term(const std::string& name) {
  const auto known = term_names();
  if (std::find(known.begin(), known.end(), name) == known.end())
    throw BadInput(fmt::format("unknown term '{}'", name), suggestion(name, known));
}

std::vector<TermSpec> target_of(const ReweightArguments& options, const Config& config) {
  if (options.to.empty()) {
    if (config.target.empty())
      throw Error(ErrorCode::usage, fmt::format("'{}' has no target of its own", options.runs[0]),
                  "say where to: --to nn=-1,phi2=1.52425,phi4=0.175");
    return config.target;
  }
  if (options.to.find('=') == std::string::npos) {
    const Config other = read_config(options.to);
    require_target(other, options.to);
    return other.target;
  }
  auto target = parse_target(options.to);
  for (const auto& spec : target) require_term(spec.name);
  return target;
}

Targets make_targets(const ReweightArguments& options, const StoredSample& sample) {
  Targets targets{target_of(options, sample.config), {}, {}};
  std::vector<std::complex<double>> couplings;
  if (!options.scan.empty()) {
    const auto scan = parse_scan(options.scan);
    require_term(scan.term);
    auto& specs = targets.specs;
    auto at = std::find_if(specs.begin(), specs.end(),
                           [&](const TermSpec& spec) { return spec.name == scan.term; });
    if (at == specs.end()) {
      specs.emplace_back().name = scan.term;
      at = specs.end() - 1;
    }
    for (const auto g : scan.couplings) {
      at->coupling = g;
      couplings.clear();
      for (const auto& spec : specs) couplings.push_back(spec.coupling);
      targets.points.push_back(couplings);
      require_normalisable(specs, sample.action.graph);
    }
    at->coupling = scan.couplings.front();
    targets.scanned = scan.term;
    return targets;
  }
  require_normalisable(targets.specs, sample.action.graph);
  for (const auto& spec : targets.specs) couplings.push_back(spec.coupling);
  targets.points = {couplings};
  return targets;
}

/// Sites that mean the same in both: lattices of the same extents, or equally many sites.
bool same_sites(const Graph& one, const Graph& other) {
  if (one.sites() != other.sites()) return false;
  const Lattice *x = one.lattice(), *y = other.lattice();
  return !x || !y || x->extent == y->extent;
}

/// All configurations as one sample.
struct Pool {
  StoredSample first;
  std::vector<Action> actions;
  std::vector<ChainSet> sets;
  std::vector<float> phi;
  StoredFields fields() const { return {phi, first.sites}; }
};

Pool read_pool(const std::vector<std::string>& files) {
  Pool pool{read_sample(files.front()), {}, {}, {}};
  pool.phi = std::move(pool.first.phi);
  pool.actions = {pool.first.action};
  pool.sets = {{pool.first.chains, pool.first.draws}};
  for (std::size_t k = 1; k < files.size(); ++k) {
    const auto next = read_sample(files[k]);
    if (!same_sites(*pool.first.action.graph, *next.action.graph))
      throw BadInput(
          fmt::format("'{}' and '{}' are not runs on the same sites", files[0], files[k]));
    if (!next.log_weight.empty() || !pool.first.log_weight.empty())
      throw BadInput("several runs can be combined only where none holds annealed configurations",
                     "reweight the annealed run alone");
    pool.actions.push_back(next.action);
    pool.sets.push_back({next.chains, next.draws});
    pool.phi.insert(pool.phi.end(), next.phi.begin(), next.phi.end());
  }
  return pool;
}

/// What is annealed to: B, or where a coupling is scanned the middle of the grid.
std::vector<TermSpec> annealing_target(const Targets& targets) {
  auto specs = targets.specs;
  const auto& middle = targets.points[targets.points.size() / 2];
  for (std::size_t k = 0; k < specs.size(); ++k) specs[k].coupling = middle[k];
  return specs;
}

/// The pool's configurations make way for annealed ones.
AnnealedSample anneal_pool(Pool& pool, const Targets& targets, int threads, Progress& progress) {
  if (pool.actions.size() > 1) {
    throw Error(ErrorCode::usage, "--anneal begins from one run, not several",
                "several runs already bridge what annealing would: leave --anneal out");
  }
  pool.first.phi = std::move(pool.phi);
  auto annealing = anneal(pool.first, annealing_target(targets), threads, progress);
  pool.phi = annealing.sample.phi;
  pool.first.log_weight = annealing.sample.log_weight;
  pool.first.action_value = std::move(annealing.action);
  return std::move(annealing.sample);
}

/// Everything that reweighting needs of the samples; MBAR where there are several runs.
ReweightingSample make_sample(const Pool& pool, const Targets& targets,
                              const std::vector<std::string>& observables, int threads,
                              std::vector<Estimate>& free_energy) {
  const Graph& graph = *pool.first.action.graph;
  ReweightingSample sample;
  sample.sets = pool.sets;
  sample.terms = evaluate_terms(Target(targets.specs, graph), pool.fields(), threads);
  sample.observables = evaluate_observables(observables, graph, pool.fields(), threads);
  std::vector<std::vector<double>> actions;
  for (const auto& action : pool.actions)
    actions.push_back(evaluate_action(action, pool.fields(), threads));
  free_energy.assign(1, {0, 0});
  if (actions.size() > 1) {
    auto mbar = solve_mbar(actions, pool.sets);
    sample.log_weight = std::move(mbar.log_weight);
    free_energy = std::move(mbar.free_energy);
  }
  sample.action = std::move(actions.front());
  for (std::size_t n = 0; n < pool.first.log_weight.size(); ++n)
    sample.action[n] += pool.first.log_weight[n];  // weights are exp(-(B - S)) times their own
  return sample;
}

std::vector<ReweightedPoint> scan(const Reweighting& reweighting, const Targets& targets,
                                  Clock::time_point start, Progress& progress) {
  constexpr std::size_t chunk = 16;
  constexpr double patience = 2;  // seconds without a sign of progress
  std::vector<ReweightedPoint> points;
  while (points.size() < targets.points.size()) {
    const auto begin = targets.points.begin() + std::ssize(points);
    const auto count = std::min(chunk, targets.points.size() - points.size());
    auto next = reweighting.scan({begin, begin + static_cast<std::ptrdiff_t>(count)});
    std::move(next.begin(), next.end(), std::back_inserter(points));
    if (since(start) < patience) continue;
    progress.update([&] {
      Status status;
      status.unit = "point";
      status.done = std::ssize(points);
      status.total = std::ssize(targets.points);
      status.event = {{"event", "points"}, {"done", points.size()}};
      return status;
    });
  }
  return points;
}

/// <B> / V of each point beside the observables.
void add_action_density(ReweightRun& run) {
  const double volume = run.action.graph->sites();
  run.observables.emplace_back("action_density");
  for (auto& point : run.points)
    point.observables.push_back({point.action.value / volume, point.action.real_error / volume,
                                 point.action.imag_error / volume});
}

ReweightRun compute(const ReweightArguments& options, const Globals& globals) {
  const auto start = Clock::now();
  Progress progress(globals);
  Pool pool = read_pool(options.runs);
  const Targets targets = make_targets(options, pool.first);
  auto names = split(options.observables, ',');
  const auto density = std::find(names.begin(), names.end(), "action_density");
  const bool wants_density = density != names.end();
  if (wants_density) names.erase(density);

  const int threads = globals.threads.value_or(0);
  std::optional<AnnealedSample> annealed;
  if (options.anneal) annealed = anneal_pool(pool, targets, threads, progress);

  ReweightRun run{.config = pool.first.config,
                  .provenance = make_provenance(globals.command, pool.first.config.run.seed),
                  .action = pool.first.action,
                  .sources = options.runs,
                  .free_energy = {},
                  .samples = pool.fields().samples(),
                  .annealed = std::move(annealed),
                  .annealed_action = {},
                  .terms = {},
                  .scanned = targets.scanned,
                  .observables = names,
                  .points = {}};
  run.config.target = targets.specs;
  for (const auto& spec : targets.specs) run.terms.push_back(spec.name);
  if (run.annealed) run.annealed_action = pool.first.action_value;
  const Reweighting reweighting(make_sample(pool, targets, names, threads, run.free_energy),
                                threads);
  run.points = scan(reweighting, targets, start, progress);
  if (wants_density) add_action_density(run);
  run.provenance.seconds = since(start);
  return run;
}

ErrorCode reweight(const ReweightArguments& options, const Globals& globals) {
  if (!globals.output.empty()) require_writable(globals.output, globals.force);
  const ReweightRun run = compute(options, globals);
  if (!globals.output.empty()) write_run(globals.output, run);
  if (globals.json)
    fmt::print("{}\n", report_json(run).dump());
  else if (!globals.quiet)
    fmt::print("{}", report(run));
  const auto failed = std::count_if(run.points.begin(), run.points.end(),
                                    [](const ReweightedPoint& point) { return !point.ok; });
  if (!options.strict || failed == 0) return ErrorCode::ok;
  throw Error(ErrorCode::diagnostics_failed,
              fmt::format("{} of {} points are not to be trusted", failed, run.points.size()),
              options.anneal ? "store more configurations, or put runs between"
                             : "--anneal, store more configurations, or put runs between");
}

void add_reweight(CLI::App& app, Globals& globals) {
  auto options = std::make_shared<ReweightArguments>();
  auto* verb = app.add_subcommand(
      "reweight", "reweight configurations to other, also complex, actions; scan a coupling");
  verb->add_option("runs", options->runs,
                   "RUN.h5 with configurations; several are combined by MBAR")
      ->required();
  verb->add_option("--to", options->to,
                   "the action B: nn=-1,phi2=1.5+0.15i,..., or the [[target]] of a config; "
                   "default: the run's own target");
  verb->add_option("--scan", options->scan, "one coupling over a grid: nnn=-1:0:21");
  verb->add_option("--observables", options->observables,
                   "m, abs_m, m2, m4, action_density, or terms per site (phi2, nn, ...)")
      ->capture_default_str();
  verb->add_flag(
      "--anneal", options->anneal,
      "anneal the configurations from S to the real part of B in steps first (of a scan: "
      "to its middle), where weights at once have died");
  verb->add_flag("--strict", options->strict, "exit 5 where a point is not to be trusted");
  verb->callback([options, &globals] {
    globals.action = [options, &globals] { return reweight(*options, globals); };
  });
}

const Registration reweight_verb(17, add_reweight);

}  // namespace
}  // namespace quartic::app
