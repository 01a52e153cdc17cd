#include "app/program.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <malloc.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <exception>
#include <new>
#include <optional>
#include <stdexcept>
#include <thread>

#include "app/verb.hpp"
#include "config/table.hpp"
#include "core/parallel.hpp"
#include "quartic/core/memory.hpp"
#include "quartic/core/progress.hpp"
#include "quartic/core/simd.hpp"
#include "quartic/core/suggest.hpp"
#include "quartic/data/at_exit.hpp"

namespace quartic::app {
namespace {

/// This process among the copies that a launcher started.
struct Copies {
  std::optional<Launch> launch = launched();
  std::optional<Ranks> ranks = std::nullopt;  ///< once they have met

  /// Whether MPI brings all of them together: where it does not, each is told to be rank 0.
  bool together() {
    if (!launch) return false;
    try {
      if (!ranks) ranks.emplace();
    } catch (const Error&) {  // it is not there
    }
    return ranks && ranks->size() == launch->ranks;
  }
};

/// What one copy alone fails in, were it a word of its command line, is told by it with its rank.
int fail(Copies& copies, ErrorCode code, const std::string& message, const std::string& hint = {}) {
  const bool of_all = !copies.together() || copies.ranks->meet();
  const int rank = copies.launch ? copies.launch->rank : 0;
  if (!message.empty() && (rank == 0 || !of_all)) {
    put_error(painted("quartic:", Colour::red, STDERR_FILENO));
    to_error(" {}{}\n", of_all ? "" : fmt::format("rank {}: ", rank), message);
    if (!hint.empty()) to_error("  hint: {}\n", hint);
  }
  if (!of_all) {
    // The launcher ends all at once, and with them what it has not yet read of their words.
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    copies.ranks->abort(static_cast<int>(code));
  }
  return static_cast<int>(code);
}

/// Fewer chains, or float32 fields: what no estimate has foreseen.
int out_of_memory(Copies& copies) {
  return fail(
      copies, ErrorCode::internal, "out of memory",
      "fewer chains, rows or hidden units, float32 fields, or more by --max-memory; quartic "
      "validate CONFIG estimates the memory");
}

/// What f() comes to: its exit code, or that of the error that it ended in, which is told.
template <class F>
int told(Copies& copies, F&& f) {
  try {
    return f();
  } catch (const Interrupted& stop) {
    return fail(copies, stop.code(), "stopped before anything new was saved");
  } catch (const Error& error) {
    return fail(copies, error.code(), error.what(), error.hint());
  } catch (const std::bad_alloc&) {
    return out_of_memory(copies);
  } catch (const std::length_error&) {  // more than there could ever be
    return out_of_memory(copies);
  } catch (const std::exception& error) {
    return fail(copies, ErrorCode::internal, fmt::format("internal error: {}", error.what()),
                "this is a defect in quartic: please report it with the command line");
  }
}

/// For what no error could be caught of: a thread's, or one of memory while another is told.
[[noreturn]] void end_at_once() {
  put_error("quartic: internal error, or out of memory\n");
  _exit(static_cast<int>(ErrorCode::internal));
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool sanitized = true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
constexpr bool sanitized = true;
#else
constexpr bool sanitized = false;
#endif
#else
constexpr bool sanitized = false;
#endif

/// Beyond it memory is refused rather than the process killed: what the estimates of
/// require_memory() go by, and a net under them. Children inherit it.
void limit_memory(double gigabytes) {
  const double most = gigabytes > 0 ? gigabytes * 1e9 : memory_limit();
  rlimit limit{};
  if (sanitized) return;  // whose shadow of all addresses is beyond any limit
  if (getrlimit(RLIMIT_DATA, &limit) != 0 || !(most < 9e18)) return;
  limit.rlim_cur = std::min(static_cast<rlim_t>(most), limit.rlim_max);
  setrlimit(RLIMIT_DATA, &limit);
}

std::string version() {
  const auto p = program_provenance();
  return fmt::format("quartic {} ({}), {}, {}", p.version, p.git_hash, p.compiler, p.simd_target);
}

void add_globals(CLI::App& app, Globals& globals) {
  app.set_help_flag("-h,--help", "this help");
  app.set_version_flag("--version", version(), "version, compiler, vector instructions");
  app.add_option("--seed", globals.seed, "seed of all random streams (run.seed)")
      ->check(integer(0, max_seed));
  app.add_option("--threads", globals.threads, "threads; never changes the results (run.threads)")
      ->check(integer(1, max_threads));
  app.add_option("--max-memory", globals.max_memory,
                 "GB that may be taken; all that the machine or its container has")
      ->check(positive());
  app.add_option("-o,--output", globals.output, "output file or directory")
      ->check(named())
      ->type_name(value::file);
  app.add_option("--set", globals.settings, "overrides a key of the config; as often as needed")
      ->allow_extra_args(false)
      ->type_name(value::setting);
  app.add_flag("--force", globals.force, "overwrite an existing output file");
  app.add_flag("--quiet", globals.quiet, "no progress, no summary");
  app.add_flag("--json", globals.json, "machine-readable output, one JSON object a line");
}

/// The key of the config that an option was taken for, preferably of the verb's own section, or one
/// of nearly that name: --set section.key; nothing where there is none.
std::string key_hint(std::string key, const std::string& verb) {
  std::replace(key.begin(), key.end(), '-', '_');
  std::vector<std::string_view> names;
  Config config;
  const auto all = binder::sections(config);
  for (const auto& section : all)
    for (const auto& known : section.keys) names.push_back(known.name);
  const std::string nearest = nearest_name(key, names);
  std::string found;
  for (const auto& section : all)
    for (const auto& known : section.keys)
      if (known.name == nearest && (found.empty() || section.name == verb))
        found = fmt::format("a key of the config is set by --set {}.{}=...", section.name, nearest);
  return found;
}

/// The first word that has the form of an option and is none; empty where there is none.
std::string unknown_option(const std::vector<std::string_view>& names,
                           const std::vector<std::string>& words) {
  for (const auto& word : words) {
    const std::string name = word.substr(0, word.find('='));
    const bool known = std::find(names.begin(), names.end(), name) != names.end();
    if (name.starts_with("--") && name.size() > 2 && !known) return name;
  }
  return {};
}

/// What was wrong with a command line, and what was meant.
std::pair<std::string, std::string> usage_error(const CLI::App& app, const CLI::ParseError& error,
                                                const std::vector<std::string>& words) {
  const auto verbs = words_of_verbs(app);
  const auto verb = std::find_if(verbs.begin(), verbs.end(), [&](const VerbWords& one) {
    return std::find(words.begin(), words.end(), one.name) != words.end();
  });
  const std::string name = verb == verbs.end() ? std::string() : verb->name;
  const std::string help = name.empty() ? "quartic --help" : fmt::format("quartic {} --help", name);
  if (name.empty() && !words.empty() && !words.front().starts_with('-')) {
    std::vector<std::string_view> names;
    for (const auto& one : verbs) names.push_back(one.name);
    return {fmt::format("there is no verb '{}'", words.front()), suggestion(words.front(), names)};
  }
  auto options = words_of_verb(app).options;
  if (!name.empty()) options.insert(options.end(), verb->options.begin(), verb->options.end());
  std::vector<std::string_view> names;
  for (const auto& option : options)
    names.insert(names.end(), option.names.begin(), option.names.end());
  if (const auto unknown = unknown_option(names, words); !unknown.empty()) {
    const std::string key = key_hint(unknown.substr(2), name);
    return {fmt::format("there is no option {}{}", unknown, name.empty() ? "" : " of " + name),
            !nearest_name(unknown, names).empty() ? suggestion(unknown, names)
            : key.empty()                         ? help
                                                  : key};
  }
  if (name.empty()) return {"a verb is missing", help};
  std::string hint = help;
  for (const auto& argument : verb->arguments)
    if (error.what() == argument.value + " is required" && !argument.choices.empty())
      hint = fmt::format("one of: {}", fmt::join(argument.choices, ", "));
  return {error.what(), hint};
}

/// quartic help [VERB] as quartic [VERB] --help.
std::vector<std::string> arguments_of(int argc, char** argv) {
  std::vector<std::string> words(argv + std::min(argc, 1), argv + argc);
  if (words.empty() || words.front() != "help") return words;
  words.erase(words.begin());
  words.emplace_back("--help");
  return words;
}

/// Every verb does its work alone, or its copies share it.
void join(Copies& copies, Globals& globals) {
  if (!copies.launch) return;
  const auto& [launcher, rank, count] = *copies.launch;
  if (!globals.shared)
    throw Error(
        ErrorCode::usage,
        fmt::format("{} started {} copies of `quartic {}`, which is for one", launcher, count,
                    globals.verb),
        fmt::format("run it without {}; for runs of their own set QUARTIC_MPI=off", launcher));
  copies.ranks.emplace();
  if (copies.ranks->size() != count)
    throw Error(ErrorCode::usage,
                fmt::format("{} started {} copies, of which MPI has brought {} together", launcher,
                            count, copies.ranks->size()),
                "start them with the launcher of the MPI that quartic was built with; with Slurm "
                "srun --mpi=pmix");
  globals.ranks = &*copies.ranks;
  if (rank > 0) globals.quiet = true, globals.json = false;
}

/// All words but those behind -o.
std::vector<std::string> inputs_of(const std::vector<std::string>& words) {
  std::vector<std::string> out;
  for (std::size_t k = 0; k < words.size(); ++k)
    if (k == 0 || (words[k - 1] != "-o" && words[k - 1] != "--output")) out.push_back(words[k]);
  return out;
}

int run(int argc, char** argv, Copies& copies) {
  Globals globals;
  std::error_code error;
  globals.program = std::filesystem::read_symlink("/proc/self/exe", error);
  // Of a wheel, whose program is a function of Python's: that Python, as its environment names it.
  const std::filesystem::path called = argc > 0 ? argv[0] : "";
  if (called.filename().string().starts_with("python")) globals.program = called;
  for (int k = 0; k < argc; ++k)
    globals.command += (k ? " " : "") + (k ? shell_word(argv[k]) : std::string("quartic"));
  CLI::App app("Machine learning with phi^4 lattice field theories", "quartic");
  app.require_subcommand(1);
  app.formatter(make_help());
  add_globals(app, globals);
  add_verbs(app, globals);
  const auto words = arguments_of(argc, argv);
  globals.inputs = inputs_of(words);
  try {
    app.parse(std::vector<std::string>(words.rbegin(), words.rend()));  // the last first
  } catch (const CLI::ParseError& parse) {
    if (parse.get_exit_code() == 0)
      return copies.launch && copies.launch->rank > 0 ? 0 : app.exit(parse);
    const auto [what, meant] = usage_error(app, parse, words);
    return fail(copies, ErrorCode::usage, what, meant);
  }
  if (globals.prints && !globals.output.empty())
    return fail(copies, ErrorCode::usage,
                fmt::format("{} prints, and has no file for -o to name", globals.verb),
                fmt::format("quartic {} ... > FILE", globals.verb));
  limit_memory(globals.max_memory);
  join(copies, globals);
  return static_cast<int>(globals.action());
}

/// What an epoch frees the next one takes: given back in between, the kernel clears it anew, for a
/// twentieth of the time of learn.
void keep_freed_memory() {
#ifdef __GLIBC__
  mallopt(M_MMAP_THRESHOLD, 32 << 20);
  mallopt(M_TRIM_THRESHOLD, 256 << 20);
#endif
}

}  // namespace

int program(int argc, char** argv) {
  std::set_terminate(end_at_once);
  keep_freed_memory();
  secure_streams();
  end_without_hdf5();
  Copies copies;
  const int code = told(copies, [&] { return run(argc, argv, copies); });
  const int written = told(copies, [] {
    finish_output();
    return 0;
  });
  return code != 0 ? code : written;
}

}  // namespace quartic::app
