// quartic sample CONFIG|RUN
#include "quartic/run/sample.hpp"

#include <fmt/format.h>

#include "app/session.hpp"
#include "quartic/core/output_file.hpp"
#include "quartic/run/problem.hpp"

namespace quartic::app {
namespace {

/// The couplings of a run come from its file: settings that would say otherwise are refused.
void refuse_model_settings(const Globals& globals, const std::string& file) {
  for (const auto& setting : globals.settings) {
    if (!setting.starts_with("graph.") && !setting.starts_with("action.")) continue;
    throw Error(ErrorCode::usage,
                fmt::format("--set {}: graph and couplings are those of '{}'", setting, file),
                fmt::format("quartic show {} --config prints a config to begin with", file));
  }
}

ErrorCode sample(const BeginArguments& options, const Globals& globals) {
  const Loaded loaded = load(options.input, globals);
  if (loaded.from_run) refuse_model_settings(globals, options.input);
  const auto file = output_file(loaded, options.input, globals, "-sample");
  const Action action =
      loaded.action ? *loaded.action : make_start(loaded.config, make_graph(loaded.config.graph));
  require_same_run(globals, loaded.config, file);
  SampleRun run = begin_sampling(loaded.config, action, globals.command);
  on_root(globals.team(), [&] { require_output(file, globals, loaded.config); });
  Attended attended(globals, options.attendance, file, false, draw_json_interval);
  attended.progress.show_also(loaded.config.sample.until);
  return attend(std::move(run), file, attended, globals,
                [](SampleRun& begun, auto& store, const Session& session) {
                  return quartic::sample(begun, store, session);
                });
}

const Verb sample_verb =
    beginning(214, "sample",
              "sample an action or a learned model, measure with errors"
              "\n$ quartic sample run.toml --set sample.until=m2 --set sample.relative_error=0.01",
              "a config, or a run file whose model to sample", sample, Work::shared);

}  // namespace
}  // namespace quartic::app
