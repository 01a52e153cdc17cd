#include "app/program.hpp"

#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <exception>
#include <new>
#include <optional>
#include <stdexcept>

#include "app/verb.hpp"
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
};

int fail(const Copies& copies, ErrorCode code, const std::string& message,
         const std::string& hint = {}) {
  const bool of_all = !copies.ranks || copies.ranks->meet();
  const int rank = copies.ranks ? copies.ranks->rank() : copies.launch ? copies.launch->rank : 0;
  if (!message.empty() && (rank == 0 || !of_all)) {
    to_error("quartic: {}{}\n", of_all ? "" : fmt::format("rank {}: ", rank), message);
    if (!hint.empty()) to_error("  hint: {}\n", hint);
  }
  if (!of_all) copies.ranks->abort(static_cast<int>(code));
  return static_cast<int>(code);
}

/// Fewer chains, or float32 fields: what no estimate has foreseen.
int out_of_memory(const Copies& copies) {
  return fail(
      copies, ErrorCode::internal, "out of memory",
      "fewer chains, rows or hidden units, float32 fields, or more by --max-memory; quartic "
      "validate CONFIG estimates the memory");
}

/// What f() comes to: its exit code, or that of the error that it ended in, which is told.
template <class F>
int told(const Copies& copies, F&& f) {
  try {
    return f();
  } catch (const Interrupted& stop) {
    return fail(copies, stop.code(), "stopped before anything was saved");
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

/// Beyond it memory is refused rather than the process killed: what the estimates of
/// require_memory() go by, and a net under them. Children inherit it.
void limit_memory(double gigabytes) {
  const double most = gigabytes > 0 ? gigabytes * 1e9 : memory_limit();
  rlimit limit{};
  if (getrlimit(RLIMIT_DATA, &limit) != 0 || !(most < 9e18)) return;
  limit.rlim_cur = std::min(static_cast<rlim_t>(most), limit.rlim_max);
  setrlimit(RLIMIT_DATA, &limit);
}

std::string version() {
  const auto p = program_provenance();
  return fmt::format("quartic {} ({}), {}, {}", p.version, p.git_hash, p.compiler, p.simd_target);
}

std::string quoted(const std::string& word) {
  return word.find_first_of(" '\"$*?;&|<>()[]{}") == std::string::npos ? word : "'" + word + "'";
}

void add_globals(CLI::App& app, Globals& globals) {
  app.set_version_flag("--version", version());
  app.add_option("--seed", globals.seed, "seed of all random streams (run.seed)")
      ->check(integer(0, max_seed));
  app.add_option("--threads", globals.threads, "threads; never changes the results (run.threads)")
      ->check(integer(1, max_threads));
  app.add_option("--max-memory", globals.max_memory,
                 "GB that may be taken; all that the machine or its container has")
      ->check(positive());
  app.add_option("-o,--output", globals.output, "output file or directory")->check(named());
  app.add_option("--set", globals.settings, "section.key=value: overrides a key of the config")
      ->allow_extra_args(false);
  app.add_flag("--force", globals.force, "overwrite an existing output file");
  app.add_flag("--quiet", globals.quiet, "no progress, no summary");
  app.add_flag("--json", globals.json, "machine-readable output, one JSON object a line");
}

/// The verb that was meant, where the first word is none.
std::string usage_hint(CLI::App& app, int argc, char** argv) {
  std::vector<std::string> verbs;
  for (const auto* verb : app.get_subcommands({})) verbs.push_back(verb->get_name());
  const std::vector<std::string_view> names(verbs.begin(), verbs.end());
  const std::string_view first = argc > 1 ? argv[1] : "";
  const bool none = std::find(names.begin(), names.end(), first) == names.end();
  if (none && !first.empty() && first[0] != '-') return suggestion(first, names);
  return "quartic --help, quartic VERB --help";
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

int run(int argc, char** argv, Copies& copies) {
  Globals globals;
  std::error_code error;
  globals.program = std::filesystem::read_symlink("/proc/self/exe", error);
  for (int k = 0; k < argc; ++k)
    globals.command += (k ? " " : "") + (k ? quoted(argv[k]) : std::string("quartic"));
  CLI::App app("Machine learning with phi^4 lattice field theories", "quartic");
  app.require_subcommand(1);
  app.footer("docs/exit-codes.md lists the exit codes; `quartic VERB --help` a verb's options");
  add_globals(app, globals);
  add_verbs(app, globals);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& parse) {
    if (parse.get_exit_code() == 0)
      return copies.launch && copies.launch->rank > 0 ? 0 : app.exit(parse);
    return fail(copies, ErrorCode::usage, parse.what(), usage_hint(app, argc, argv));
  }
  limit_memory(globals.max_memory);
  join(copies, globals);
  return static_cast<int>(globals.action());
}

}  // namespace

int program(int argc, char** argv) {
  std::set_terminate(end_at_once);
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
