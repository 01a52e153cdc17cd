// quartic free-energy CONFIG|RUN
#include "quartic/stats/free_energy.hpp"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>

#include "app/number.hpp"
#include "app/progress.hpp"
#include "app/report.hpp"
#include "app/verb.hpp"
#include "quartic/field/projection.hpp"
#include "quartic/run/problem.hpp"
#include "quartic/runfile/learn_run.hpp"

namespace quartic::app {
namespace {

struct FreeEnergyArguments {
  std::string input;
  bool to_target = false, strict = false;
  double error = 0.01;
};

/// The action in question, and what it is.
struct Subject {
  Action action;
  std::string what;
};

Subject make_subject(const FreeEnergyArguments& options, const Loaded& loaded) {
  const auto& config = loaded.config;
  const auto graph = loaded.graph ? loaded.graph : make_graph(config.graph);
  if (options.to_target) {
    auto action = target_as_action(config.target, graph);
    if (!action) {
      throw BadInput(
          "this target is no action: a term of it is no product of two fields, phi, phi2 "
          "or phi4, or its coupling is complex",
          "without --to-target: the free energy of the action S; F_A then follows by "
          "reweighting");
    }
    return {std::move(*action), "target A"};
  }
  if (loaded.action) return {*loaded.action, "action of the run"};
  return {make_start(config.action, graph, config.run.seed), "start of S"};
}

/// F_A = F(theta) - ln Z_A / Z from the certificate and the learned configurations annealed to A.
struct FromLearned {
  Estimate free_energy;
  Estimate direct_ess;  ///< of the weights exp(-(A - S)), all at once
  AnnealedSample sample;
};

struct Results {
  std::optional<FromLearned> learned;
  WorkFreeEnergy work;
  IntegrationFreeEnergy integration;
  CombinedFreeEnergy combined;
};

/// The learn run that the input is, if it is one.
std::optional<LearnRun> learned_run(const std::string& input) {
  if (!is_run_file(input) || run_kind(input) != RunKind::learn) return std::nullopt;
  return read_learn_run(input);
}

/// One configuration a chain of the run's sample goes from S to A.
template <class T>
FromLearned anneal_from_learned(const LearnRun& run, const Action& target, const Config& config,
                                const ProgressCallback& progress) {
  const Certificate& c = *run.certificate;
  const Draws& all = c.draws;
  std::vector<float> phi;
  for (int chain = 1; chain <= all.chains; ++chain) {
    const auto end = all.phi.begin() + static_cast<std::ptrdiff_t>(chain) * all.draws * all.sites;
    phi.insert(phi.end(), end - all.sites, end);
  }
  AnnealingOptions options;
  options.sampler = config.sampler.options, options.sampler.threads = config.run.threads;
  options.progress = progress;
  FromLearned out{{}, c.weight_ess, {}};
  out.sample = anneal_sample<T>({extend(run.action, target.graph), target}, phi, all.chains,
                                options, config.run.seed);
  const Estimate& ratio = out.sample.log_ratio;
  const Estimate& learned = c.free_energy.work.difference;
  out.free_energy = {learned.value - ratio.value, std::hypot(learned.error, ratio.error)};
  return out;
}

template <class T>
Results measure(const Subject& subject, const Loaded& loaded, const FreeEnergyArguments& options,
                const Globals& globals) {
  const Action& action = subject.action;
  const Config& config = loaded.config;
  Progress progress(globals);
  FreeEnergyOptions wanted;
  wanted.sampler = config.sampler.options, wanted.sampler.threads = config.run.threads;
  wanted.error = options.error;
  progress.note("pilot");
  const auto plan = plan_from_uncoupled<T>(action, wanted.sampler, config.run.seed);
  wanted.progress = [&](double done) { progress.part("annealing in both directions", done); };
  auto work = free_energy_by_work<T>(plan, wanted, config.run.seed);
  wanted.progress = [&](double done) { progress.part("thermodynamic integration", done); };
  auto integration = free_energy_by_integration<T>(plan, wanted, config.run.seed);
  std::optional<FromLearned> learned;
  const auto run = options.to_target ? learned_run(options.input) : std::nullopt;
  if (run && run->certificate) {
    learned = anneal_from_learned<T>(
        *run, action, config, [&](double done) { progress.part("annealing from S to A", done); });
  }
  auto combined = combine(work, integration);
  return {std::move(learned), std::move(work), std::move(integration), std::move(combined)};
}

std::string verdict(bool ok, const std::string& reason) {
  return ok ? "ok" : "NOT TO BE TRUSTED: " + reason;
}

void print(const Subject& subject, const Results& r) {
  const auto line = [](std::string_view route, const Estimate& f, const std::string& meaning) {
    fmt::print("  {:<14} {:<18} {}\n", route, with_error(f.value, f.error), meaning);
  };
  const WorkEstimate& w = r.work.work;
  fmt::print("F = -ln Z of the {} on {}, {} sites; path from {}\n", subject.what,
             subject.action.graph->description(), subject.action.graph->sites(),
             r.work.mean_field ? "the mean field" : "w = 0");
  line(
      "work", w.difference,
      fmt::format("acceptance ratio, {} steps, overlap {}; {}", r.work.steps,
                  with_error(w.overlap.value, w.overlap.error), verdict(r.work.ok, r.work.reason)));
  line("  forward", w.forward,
       "weight ESS " + with_error(w.forward_ess.value, w.forward_ess.error));
  line("  reverse", w.reverse,
       "weight ESS " + with_error(w.reverse_ess.value, w.reverse_ess.error));
  line("  upper bound", w.upper, "from the mean forward work");
  line("  lower bound", w.lower, "from the mean reverse work");
  line("integration", r.integration.difference,
       fmt::format("{} nodes, quadrature {:.1g}, up - down {}; {}", r.integration.nodes,
                   r.integration.quadrature_error,
                   with_error(r.integration.hysteresis.value, r.integration.hysteresis.error),
                   verdict(r.integration.ok, r.integration.reason)));
  line("combined", r.combined.value,
       fmt::format("the routes differ by {:.1f} standard errors; {}", std::abs(r.combined.z),
                   verdict(r.combined.ok, r.combined.reason)));
  if (!r.learned) return;
  const auto& sample = r.learned->sample;
  line("from S", r.learned->free_energy,
       fmt::format("learned configurations annealed to A: {} steps, weight ESS {}, at once {}; {}",
                   sample.steps, with_error(sample.weight_ess.value, sample.weight_ess.error),
                   with_error(r.learned->direct_ess.value, r.learned->direct_ess.error),
                   verdict(sample.ok, sample.reason)));
}

nlohmann::json learned_json(const FromLearned& learned) {
  return {{"free_energy", to_json(learned.free_energy)},
          {"weight_ess", to_json(learned.sample.weight_ess)},
          {"direct_ess", to_json(learned.direct_ess)},
          {"steps", learned.sample.steps},
          {"ok", learned.sample.ok},
          {"reason", learned.sample.reason}};
}

nlohmann::json results_json(const Subject& subject, const Results& r) {
  const WorkEstimate& w = r.work.work;
  const auto& i = r.integration;
  return {{"event", "free_energy"},
          {"action", subject.what},
          {"graph", subject.action.graph->description()},
          {"sites", subject.action.graph->sites()},
          {"free_energy", to_json(r.combined.value)},
          {"z", r.combined.z},
          {"ok", r.combined.ok},
          {"reason", r.combined.reason},
          {"work",
           {{"free_energy", to_json(w.difference)},
            {"forward", to_json(w.forward)},
            {"reverse", to_json(w.reverse)},
            {"upper", to_json(w.upper)},
            {"lower", to_json(w.lower)},
            {"forward_ess", to_json(w.forward_ess)},
            {"reverse_ess", to_json(w.reverse_ess)},
            {"overlap", to_json(w.overlap)},
            {"steps", r.work.steps},
            {"start", r.work.mean_field ? "mean field" : "w = 0"},
            {"ok", r.work.ok},
            {"reason", r.work.reason}}},
          {"from_learned", r.learned ? learned_json(*r.learned) : nlohmann::json()},
          {"integration",
           {{"free_energy", to_json(i.difference)},
            {"statistical_error", i.statistical_error},
            {"quadrature_error", i.quadrature_error},
            {"hysteresis", to_json(i.hysteresis)},
            {"nodes", i.nodes},
            {"sweeps", i.sweeps},
            {"ok", i.ok},
            {"reason", i.reason}}}};
}

ErrorCode free_energy(const FreeEnergyArguments& options, const Globals& globals) {
  const Loaded loaded = load(options.input, globals);
  const Subject subject = make_subject(options, loaded);
  require_normalisable(subject.action);
  const Results results = loaded.config.sampler.precision == Precision::float32
                              ? measure<float>(subject, loaded, options, globals)
                              : measure<double>(subject, loaded, options, globals);
  if (globals.json)
    fmt::print("{}\n", results_json(subject, results).dump());
  else
    print(subject, results);
  if (!options.strict || results.combined.ok) return ErrorCode::ok;
  throw Error(ErrorCode::diagnostics_failed,
              "the free energy is not to be trusted: " + results.combined.reason,
              "a smaller --error makes both routes longer");
}

void add_free_energy(CLI::App& app, Globals& globals) {
  auto options = std::make_shared<FreeEnergyArguments>();
  auto* verb = app.add_subcommand("free-energy",
                                  "F = -ln Z of an action by two independent routes, with errors");
  verb->add_option("config", options->input,
                   "RUN.h5: its learned action; CONFIG.toml: the action that it starts from")
      ->required();
  verb->add_flag("--to-target", options->to_target, "of the target A instead");
  verb->add_flag("--strict", options->strict, "exit 5 where it is not to be trusted");
  verb->add_option("--error", options->error, "wanted standard error of each route")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  verb->callback([options, &globals] {
    globals.action = [options, &globals] { return free_energy(*options, globals); };
  });
}

const Registration free_energy_verb(25, add_free_energy);

}  // namespace
}  // namespace quartic::app
