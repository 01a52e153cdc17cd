// quartic free-energy CONFIG|RUN
#include "quartic/run/free_energy.hpp"

#include <fmt/format.h>

#include <cmath>
#include <optional>

#include "app/session.hpp"
#include "quartic/run/number.hpp"
#include "quartic/run/problem.hpp"
#include "run/report_json.hpp"

namespace quartic::app {
namespace {

struct FreeEnergyArguments {
  std::string input;
  bool to_target = false, strict = false;
  double error = 0.01;
};

/// The action in question, and what it is.
struct NamedAction {
  Action action;
  std::string what;
};

NamedAction make_subject(const FreeEnergyArguments& options, const Loaded& loaded) {
  const auto& config = loaded.config;
  const auto graph = loaded.graph ? loaded.graph : make_graph(config.graph);
  if (options.to_target) return {target_action(config, graph), "target A"};
  if (loaded.action) return {*loaded.action, "action of the run"};
  return {make_start(config, graph), config.target.empty() ? "action" : "start of S"};
}

/// The learn run that the input is, if it is one.
std::optional<LearnRun> learned_run(const std::string& input) {
  if (!is_run_file(input) || run_kind(input) != RunKind::learn) return std::nullopt;
  return read_learn_run(input);
}

std::string verdict(bool ok, const std::string& reason) {
  return ok ? "ok" : "NOT TO BE TRUSTED: " + reason;
}

void print(const NamedAction& subject, const FreeEnergies& r) {
  const auto line = [](std::string_view route, const Estimate& f, const std::string& meaning) {
    to_output("  {:<14} {:<18} {}\n", route, with_error(f), meaning);
  };
  const WorkEstimate& w = r.work.work;
  to_output("F = -ln Z of the {} on {}, {} sites; path from {}\n", subject.what,
            subject.action.graph->description(), subject.action.graph->sites(),
            r.work.mean_field ? "the mean field" : "w = 0");
  line("work", w.difference,
       fmt::format("acceptance ratio, {} steps, overlap {}; {}", r.work.steps,
                   with_error(w.overlap), verdict(r.work.ok, r.work.reason)));
  line("  forward", w.forward, "weight ESS " + with_error(w.forward_ess));
  line("  reverse", w.reverse, "weight ESS " + with_error(w.reverse_ess));
  line("  upper bound", w.upper, "from the mean forward work");
  line("  lower bound", w.lower, "from the mean reverse work");
  line("integration", r.integration.difference,
       fmt::format("{} nodes, quadrature {}, up - down {}; {}", r.integration.nodes,
                   rounded(r.integration.quadrature_error, 1), with_error(r.integration.hysteresis),
                   verdict(r.integration.ok, r.integration.reason)));
  line("combined", r.combined.value,
       fmt::format("the routes differ by {} standard errors; {}", fixed(std::abs(r.combined.z), 1),
                   verdict(r.combined.ok, r.combined.reason)));
  if (!r.learned) return;
  const auto& sample = r.learned->sample;
  line("from S", r.learned->free_energy,
       fmt::format("learned configurations annealed to A: {} steps, weight ESS {}, at once {}; {}",
                   sample.steps, with_error(sample.weight_ess), with_error(r.learned->direct_ess),
                   verdict(sample.ok, sample.reason)));
}

/// What the routes give, and of what.
nlohmann::json results_json(const NamedAction& subject, const FreeEnergies& results) {
  auto json = reports::json(results);
  json["event"] = "free_energy";
  json["action"] = subject.what;
  json["graph"] = subject.action.graph->description();
  json["sites"] = subject.action.graph->sites();
  return json;
}

ErrorCode free_energy(const FreeEnergyArguments& options, const Globals& globals) {
  const Loaded loaded = load(options.input, globals);
  const NamedAction subject = make_subject(options, loaded);
  const auto learned = options.to_target ? learned_run(options.input) : std::nullopt;
  require_same_run(globals, loaded.config,
                   fmt::format("{} {} {}", subject.what, options.error, options.to_target));
  Attended attended(globals);
  const FreeEnergies results = free_energies(loaded.config, subject.action, options.error,
                                             learned ? &*learned : nullptr, attended.session);
  attended.progress.clear();
  if (globals.json)
    print_json(results_json(subject, results));
  else if (globals.team().root())
    print(subject, results);
  if (!options.strict || results.combined.ok) return ErrorCode::ok;
  throw Error(ErrorCode::diagnostics_failed,
              "the free energy is not to be trusted: " + results.combined.reason,
              "a smaller --error makes both routes longer");
}

const Verb free_energy_verb(
    218, "free-energy", free_energy,
    [](CLI::App& verb, FreeEnergyArguments& options) {
      verb.description(
          "F = -ln Z of an action by two independent routes, with errors"
          "\n$ quartic free-energy run.toml --error 0.002");
      verb.add_option("CONFIG", options.input,
                      "a run file: its learned action; a config: the action that it starts from")
          ->required()
          ->type_name(value::config);
      verb.add_flag("--to-target", options.to_target, "of the target A instead");
      verb.add_flag("--strict", options.strict, "exit 5 where it is not to be trusted");
      verb.add_option("--error", options.error, "wanted standard error of each route")
          ->check(positive())
          ->capture_default_str();
    },
    Work::shared, Gives::text);

}  // namespace
}  // namespace quartic::app
