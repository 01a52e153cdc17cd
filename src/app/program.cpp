#include "app/program.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <exception>
#include <new>

#include "app/verb.hpp"
#include "quartic/core/simd.hpp"

namespace quartic::app {
namespace {

int fail(ErrorCode code, const std::string& message, const std::string& hint = {}) {
  fmt::print(stderr, "quartic: {}\n", message);
  if (!hint.empty()) fmt::print(stderr, "  hint: {}\n", hint);
  return static_cast<int>(code);
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
      ->check(CLI::NonNegativeNumber);
  app.add_option("--threads", globals.threads, "threads; never changes the results (run.threads)")
      ->check(CLI::PositiveNumber);
  app.add_option("-o,--output", globals.output, "output file or directory");
  app.add_option("--set", globals.settings, "section.key=value: overrides a key of the config")
      ->allow_extra_args(false);
  app.add_flag("--force", globals.force, "overwrite an existing output file");
  app.add_flag("--quiet", globals.quiet, "no progress, no summary");
  app.add_flag("--json", globals.json, "machine-readable output, one JSON object a line");
}

int run(int argc, char** argv) {
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
    if (parse.get_exit_code() == 0) return app.exit(parse);
    return fail(ErrorCode::usage, parse.what(), "quartic --help, quartic VERB --help");
  }
  return static_cast<int>(globals.action());
}

}  // namespace

int program(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const Error& error) {
    return fail(error.code(), error.what(), error.hint());
  } catch (const std::bad_alloc&) {
    return fail(ErrorCode::internal, "out of memory",
                "fewer chains, or float32 fields; quartic validate CONFIG estimates the memory");
  } catch (const std::exception& error) {
    return fail(ErrorCode::internal, fmt::format("internal error: {}", error.what()),
                "this is a defect in quartic: please report it with the command line");
  }
}

}  // namespace quartic::app
