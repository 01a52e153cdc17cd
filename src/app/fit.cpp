// quartic fit CONFIG|RUN
#include "quartic/run/fit.hpp"

#include <fmt/format.h>

#include <charconv>

#include "app/session.hpp"
#include "quartic/core/output_file.hpp"
#include "quartic/run/data.hpp"
#include "quartic/run/problem.hpp"
#include "quartic/run/train.hpp"

namespace quartic::app {
namespace {

/// f(); what it refuses of "column 3" is said of "column 3 (width)", where columns have names.
template <class F>
auto naming_columns(const std::vector<std::string>& names, F&& f) {
  try {
    return f();
  } catch (const BadInput& error) {
    const std::string what = error.what(), word = "column ";
    const auto at = what.find(word);
    if (at == std::string::npos) throw;
    std::size_t column = 0;
    const auto number =
        std::from_chars(what.data() + at + word.size(), what.data() + what.size(), column);
    if (number.ec != std::errc{} || column >= names.size()) throw;
    throw BadInput(what.substr(0, at) + word + column_text(column, names) + number.ptr,
                   error.hint());
  }
}

ErrorCode learn_from(const Loaded& loaded, const DataSet& data, const std::filesystem::path& file,
                     const BeginArguments& options, const Globals& globals) {
  const Config& config = loaded.config;
  const auto as = [&](auto begin, auto go) {
    Attended attended(globals, options.attendance, file, false);
    return attend(begin(attended.session), file, attended, globals, go);
  };
  if (config.model.kind == ModelKind::network) {
    const NetworkData learned = network_data(config, rows_of(data), data.scaling);
    return as(
        [&](const Session&) {
          return begin_training(config, learned, describe(data, 0), globals.command);
        },
        [&](NetworkRun& run, auto& store, const Session& session) {
          return train(run, learned, store, session);
        });
  }
  if (config.model.kind == ModelKind::stack) {
    return as([&](const Session&) { return begin_stack(config, globals.command); },
              [&](StackRun& run, auto& store, const Session& session) {
                return train(run, data, store, session);
              });
  }
  const auto graph = loaded.graph ? loaded.graph : make_graph(config.graph);
  require_sites(data, *graph, options.input);
  return as(
      [&](const Session& session) {
        return begin_fit(config, make_start(config, graph), data, options.input, globals.command,
                         session.progress("placing hidden units"));
      },
      [&](FitRun& run, auto& store, const Session& session) {
        return quartic::fit(run, data, store, session);
      });
}

ErrorCode fit(const BeginArguments& options, const Globals& globals) {
  const Loaded loaded = load(options.input, globals, true);
  const Config& config = loaded.config;
  require_data(config, options.input);
  const auto file = output_file(loaded, options.input, globals, "-fit");
  require_same_run(globals, config, file);
  on_root(globals.team(), [&] { require_output(file, globals, config); });
  const DataSet data = open_data(config, options.input);
  for (const auto& warning : data.warnings)
    warn(fmt::format("'{}': {}", config.data.path, warning), globals);
  // Columns of a stack's upper layers are hidden units.
  const auto names = config.model.kind == ModelKind::stack ? decltype(data.names){} : data.names;
  return naming_columns(names, [&] { return learn_from(loaded, data, file, options, globals); });
}

const Verb fit_verb = beginning(212, "fit",
                                "learn a field, a network or a deep stack from data, KL(q||p)"
                                "\n$ quartic fit run.toml -o run.h5"
                                "\n$ quartic fit run.toml --set data.path=table.csv",
                                "a config with a [data] section, or a run file whose config to use",
                                fit, Work::shared);

}  // namespace
}  // namespace quartic::app
