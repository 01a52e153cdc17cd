// What the verbs share: global options, registration, loading of configs and runs.
//
// A verb is one file, which registers it at its end (Verb).
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <limits>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include "app/streams.hpp"
#include "quartic/config/config.hpp"
#include "quartic/core/error.hpp"
#include "quartic/runfile/run_file.hpp"

namespace quartic::app {

/// Options that every verb understands, and what the chosen verb will do.
struct Globals {
  std::optional<std::uint64_t> seed;
  std::optional<int> threads;
  double max_memory = 0;  ///< GB; 0: all there is
  std::string output;     ///< -o
  bool force = false, quiet = false, json = false;
  std::vector<std::string> settings;  ///< --set
  std::string command;                ///< the whole command line
  std::filesystem::path program;      ///< this executable
  std::function<ErrorCode()> action;

  /// --set, --seed and --threads as settings, in that order.
  std::vector<std::string> all_settings() const;
};

using Setup = std::function<void(CLI::App& app, Globals& globals)>;

/// Registers a verb: its place in the help, its name, what it does with its arguments once they are
/// parsed, and what describes it and adds the options that set them.
struct Verb {
  template <class Arguments>
  Verb(int order, const char* name, ErrorCode (*go)(const Arguments&, const Globals&),
       std::type_identity_t<std::function<void(CLI::App&, Arguments&)>> describe)
      : Verb(order, [=](CLI::App& app, Globals& globals) {
          auto* verb = app.add_subcommand(name);
          const auto arguments = std::make_shared<Arguments>();
          describe(*verb, *arguments);
          verb->callback([=, &globals] {
            globals.action = [=, &globals] { return go(*arguments, globals); };
          });
        }) {}
  Verb(int order, Setup setup);
};

inline constexpr std::int64_t max_int = std::numeric_limits<int>::max();
inline constexpr std::int64_t max_seed = std::numeric_limits<std::int64_t>::max();
inline constexpr std::int64_t max_threads = 4096;  // as of run.threads

/// What refuses the value of an option, in one sentence, that is no integer from low to high,
CLI::Validator integer(std::int64_t low, std::int64_t high = max_int);
/// no number above 0, or none that is 0 or above.
CLI::Validator positive();
CLI::Validator not_negative();
/// or nothing at all.
CLI::Validator named();

/// The option of every verb that saves on the way.
inline void add_max_hours(CLI::App& verb, double& hours) {
  verb.add_option("--max-hours", hours, "save and stop after this long")->check(positive());
}

/// A line of JSON.
void print_json(const nlohmann::json& json);

/// A line on standard error; none under --quiet.
void warn(const std::string& what, const Globals& globals);

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
