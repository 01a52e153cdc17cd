// What the verbs share: global options, registration, loading of configs and runs.
//
// A verb is one file: it adds its subcommand and says what that does (on_call). Registering it is
// one line at the end of that file:
//
//     const Registration bench_verb(60, add_bench);   // 60: its place in the help
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "quartic/config/config.hpp"
#include "quartic/core/error.hpp"
#include "quartic/runfile/run_file.hpp"

namespace quartic::app {

/// Options that every verb understands, and what the chosen verb will do.
struct Globals {
  std::optional<std::uint64_t> seed;
  std::optional<int> threads;
  std::string output;  ///< -o
  bool force = false, quiet = false, json = false;
  std::vector<std::string> settings;  ///< --set
  std::string command;                ///< the whole command line
  std::filesystem::path program;      ///< this executable
  std::function<ErrorCode()> action;

  /// --set, --seed and --threads as settings, in that order.
  std::vector<std::string> all_settings() const;
};

using Setup = void (*)(CLI::App& app, Globals& globals);

struct Registration {
  Registration(int order, Setup setup);
};

/// What a verb does with its arguments, once they are parsed.
template <class Arguments, class Go>
void on_call(CLI::App* verb, const std::shared_ptr<Arguments>& arguments, Globals& globals, Go go) {
  verb->callback([arguments, &globals, go] {
    globals.action = [arguments, &globals, go] { return go(*arguments, globals); };
  });
}

/// The option of every verb that saves on the way.
inline void add_max_hours(CLI::App* verb, double& hours) {
  verb->add_option("--max-hours", hours, "save and stop after this long")
      ->check(CLI::PositiveNumber);
}

/// A line of JSON.
void print_json(const nlohmann::json& json);

/// Calls every registered verb's setup, in order.
void add_verbs(CLI::App& app, Globals& globals);

/// A config from CONFIG or RUN with the command line's settings applied, and the model of a RUN.
struct Loaded {
  Config config;
  std::shared_ptr<const Graph> graph;  ///< null where the config makes it
  std::optional<Action> action;        ///< the couplings of a RUN; nothing where graph is null
  bool from_run = false;
};
/// Refuses runs of networks unless `networks`.
Loaded load(const std::filesystem::path& file, const Globals& globals, bool networks = false);

/// f(), with the file that it is about in front of what it refuses.
template <class F>
auto about(const std::filesystem::path& file, F&& f) {
  try {
    return f();
  } catch (const BadInput& error) {
    throw BadInput("'" + file.string() + "': " + error.what(), error.hint());
  }
}

/// The run file to write: -o, else the config's, else NAME.h5 here. `suffix` is added to the name
/// of a RUN.
std::filesystem::path output_file(const Loaded& loaded, const std::filesystem::path& input,
                                  const Globals& globals, const std::string& suffix = {});

}  // namespace quartic::app
