// quartic judge FIELDS --action CONFIG|RUN: whether configurations from anywhere follow exp(-S)
#include "quartic/run/judge.hpp"

#include <fmt/format.h>

#include "app/session.hpp"
#include "quartic/run/free_energy.hpp"
#include "quartic/run/problem.hpp"
#include "quartic/run/report.hpp"
#include "run/report_json.hpp"

namespace quartic::app {
namespace {

struct JudgeArguments {
  FieldsSource source;
  std::string action;
  JudgeOptions options;
  bool to_target = false;
};

Action judged_action(const JudgeArguments& arguments, const Loaded& loaded) {
  const auto graph = loaded.graph ? loaded.graph : make_graph(loaded.config.graph);
  if (arguments.to_target) return target_action(loaded.config, graph);
  return loaded.action ? *loaded.action : make_start(loaded.config, graph);
}

ErrorCode judge(const JudgeArguments& arguments, const Globals& globals) {
  const Loaded loaded = load(arguments.action, globals);
  const Action action = judged_action(arguments, loaded);
  require_same_run(globals, loaded.config, arguments.source.file);
  const JudgedFields fields = read_fields(arguments.source, *action.graph);
  require_judgeable(fields, *action.graph);
  Attended attended(globals);
  Referee referee(loaded.config, action, arguments.options);
  const Judgement judgement = referee.judge(fields, attended.session);
  attended.progress.clear();
  if (globals.json) {
    auto json = reports::json(judgement);
    json["event"] = "judgement";
    json["graph"] = action.graph->description();
    print_json(json);
  } else if (!globals.quiet) {
    put_report(
        fmt::format("{} on {}: {}", fields.place, action.graph->description(), report(judgement)));
  }
  return judgement.ok() ? ErrorCode::ok : ErrorCode::diagnostics_failed;
}

const Verb judge_verb(
    316, "judge", judge,
    [](CLI::App& verb, JudgeArguments& options) {
      verb.description(
          "whether configurations from anywhere follow exp(-S)\n"
          "A flow's, a diffusion model's, another code's. Exit code 5 where they do not."
          "\n$ quartic judge fields.npy --action run.toml");
      auto& source = options.source;
      verb.add_option(
              "FIELDS", source.file,
              "npy, npz, HDF5 or run file: (row, site) of independent rows, or (chain, draw, "
              "site); the lattice's extents may stand for site")
          ->required()
          ->type_name(value::data);
      verb.add_option("--action", options.action, "a config or run file whose action S it is")
          ->required()
          ->type_name(value::config);
      verb.add_flag("--to-target", options.to_target, "against the target A of the config instead");
      verb.add_option("--dataset", source.dataset, "of an HDF5 file, member of an npz");
      verb.add_option("--logq", source.log_q,
                      "file of ln density of each row under what made it: weights are judged, too")
          ->type_name(value::data);
      verb.add_option("--logq-dataset", source.log_q_dataset, "of that file");
      verb.add_flag("--one-chain", source.one_chain,
                    "rows are draws of one Markov chain, in their order");
      verb.add_option("--level", options.options.level,
                      "fields are called wrong where the p-value of all together is below")
          ->check(between(1e-12, 0.5))
          ->capture_default_str();
    },
    Work::shared, Gives::text);

}  // namespace
}  // namespace quartic::app
