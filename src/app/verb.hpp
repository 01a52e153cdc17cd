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
#include "app/words.hpp"
#include "quartic/config/config.hpp"
#include "quartic/core/error.hpp"
#include "quartic/mpi/ranks.hpp"
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
  std::vector<std::string> inputs;    ///< its words but what -o names: whatever is a file is read
  std::filesystem::path program;      ///< this executable
  std::function<ErrorCode()> action;
  std::string verb;              ///< that was chosen
  bool shared = false;           ///< whether ranks can share its work
  bool prints = false;           ///< whether text is all that it gives
  const Ranks* ranks = nullptr;  ///< null: the process is alone

  /// --set, --seed and --threads as settings, in that order.
  std::vector<std::string> all_settings() const;

  const Team& team() const { return ranks ? static_cast<const Team&>(*ranks) : alone(); }
};

/// Whether the ranks of an MPI job can share a verb's work; where not, it refuses to be one of
/// many.
enum class Work { of_one, shared };

/// What a verb gives: a file, which -o can name, or text alone, for which there is no -o.
enum class Gives { file, text };

using Setup = std::function<void(CLI::App& app, Globals& globals)>;

/// Registers a verb: its place in the help, whose hundreds are its chapter, its name, what it does
/// with its arguments once they are parsed, and what describes it and adds the options that set
/// them.
struct Verb {
  template <class Arguments>
  Verb(int order, const char* name, ErrorCode (*go)(const Arguments&, const Globals&),
       std::type_identity_t<std::function<void(CLI::App&, Arguments&)>> describe,
       Work work = Work::of_one, Gives gives = Gives::file)
      : Verb(order, [=](CLI::App& app, Globals& globals) {
          auto* verb = app.add_subcommand(name);
          const auto arguments = std::make_shared<Arguments>();
          describe(*verb, *arguments);
          verb->callback([=, &globals] {
            globals.action = [=, &globals] { return go(*arguments, globals); };
            globals.verb = name, globals.shared = work == Work::shared;
            globals.prints = gives == Gives::text;
          });
        }) {}
  Verb(int order, Setup setup);
};

inline constexpr std::int64_t max_int = std::numeric_limits<int>::max();
inline constexpr std::int64_t max_seed = std::numeric_limits<std::int64_t>::max();

/// What refuses the value of an option, in one sentence, that is no integer from low to high,
CLI::Validator integer(std::int64_t low, std::int64_t high = max_int);
/// no number above 0, or none that is 0 or above.
CLI::Validator positive();
CLI::Validator not_negative();
CLI::Validator between(double low, double high);
/// or nothing at all.
CLI::Validator named();
/// What refuses the value of an option that is none of these words, or names them alone.
CLI::Validator one_of(std::vector<std::string> words);
CLI::Validator offers(const std::vector<std::string>& words);
template <Worded E>
std::vector<std::string> all_words() {
  return {words_of<E>.begin(), words_of<E>.end()};
}

/// How a run is attended: for how long, when it is saved on the way, and whether its curves are
/// shown.
struct Attendance {
  double max_hours = 1e9;
  double save_minutes = 0.5;
  bool live = false;
};
inline void add_attendance(CLI::App& verb, Attendance& attendance) {
  verb.add_option("--max-hours", attendance.max_hours, "save and stop after this long")
      ->check(positive());
  verb.add_option("--save-minutes", attendance.save_minutes,
                  "time between two states that are saved on the way, at least")
      ->check(not_negative())
      ->capture_default_str();
  verb.add_flag("--live", attendance.live, "curves of its numbers on the terminal while it runs");
}

/// Onto standard output, or into the file -o, which is not overwritten without --force.
void write_text(const std::string& text, const Globals& globals);

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

/// Throws where `file` cannot be written, or is one of those that the command reads: a word of its
/// line, or what `config` names.
void require_output(const std::filesystem::path& file, const Globals& globals,
                    const Config& config = {});

/// Where what was made goes, once it is made: `file`, which require_output has found free, or
/// beside it, with a warning, where another program has taken the name since.
std::filesystem::path still_free(const std::filesystem::path& file, const Globals& globals);

/// The run file to write: -o, else the config's, else NAME.h5 here. `suffix` is added to the name
/// of a RUN.
std::filesystem::path output_file(const Loaded& loaded, const std::filesystem::path& input,
                                  const Globals& globals, const std::string& suffix = {});

}  // namespace quartic::app
